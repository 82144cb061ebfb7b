/**
 * CRC-32C (Castagnoli polynomial, reflected), as in RFC 3720 appendix B.4.
 *
 * Slicing-by-8 (Kounavis and Berry 2005): eight table look-ups take in eight bytes at once, so that
 * the loop does not wait for one look-up a byte.
 */

/**
 * Continues a checksum.
 *
 * @param crc - What an earlier call returned; 0 or a salt to begin with.
 * @returns Unsigned 32 bits; of `"123456789"` from 0 it is `0xe3069283`.
 * @remarks Hot: about 1.8 GB/s, see DESIGN.md.
 */
export function crc32c(bytes: Uint8Array, crc: number = 0): number {
  const t = tables;
  const end = bytes.length;
  const endOfWords = end - 7;
  let c = ~crc;
  let i = 0;
  for (; i < endOfWords; i += 8) {
    c ^=
      at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
    c =
      word(t, 0x700 + (c & 0xff)) ^
      word(t, 0x600 + ((c >>> 8) & 0xff)) ^
      word(t, 0x500 + ((c >>> 16) & 0xff)) ^
      word(t, 0x400 + (c >>> 24)) ^
      word(t, 0x300 + at(bytes, i + 4)) ^
      word(t, 0x200 + at(bytes, i + 5)) ^
      word(t, 0x100 + at(bytes, i + 6)) ^
      word(t, at(bytes, i + 7));
  }
  for (; i < end; i++) c = (c >>> 8) ^ word(t, (c ^ at(bytes, i)) & 0xff);
  return ~c >>> 0;
}

/** Eight tables of 256 words: table `k` holds the effect of a byte followed by `k` zero bytes. */
const tables = createTables();

function createTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let c = byte;
    for (let bit = 0; bit < 8; bit++) c = (c & 1) === 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    made[byte] = c;
  }
  for (let i = 256; i < made.length; i++) {
    const previous = made[i - 256] ?? 0;
    made[i] = (previous >>> 8) ^ (made[previous & 0xff] ?? 0);
  }
  return made;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function word(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}
