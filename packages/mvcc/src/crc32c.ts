/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), eight bytes a step with eight tables.
 *
 * Source: Kounavis and Berry, "A Systematic Approach to Building High Performance Software-based
 * CRC
 * Generators" (slicing-by-8).
 */
const tables: readonly Uint32Array[] = makeTables();
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;

/**
 * Goes on with a checksum.
 *
 * @param crc - Checksum of what came before, 0 at the beginning.
 * @returns Unsigned 32-bit checksum. O(bytes), about 1 ns each.
 */
export function crc32c(crc: number, bytes: Uint8Array): number {
  let value = ~crc;
  let at = 0;
  const { length } = bytes;
  if (t0 && t1 && t2 && t3 && t4 && t5 && t6 && t7) {
    for (; at + 8 <= length; at += 8) {
      value ^= wordAt(bytes, at);
      const high = wordAt(bytes, at + 4);
      value =
        (t7[value & 0xff] ?? 0) ^
        (t6[(value >>> 8) & 0xff] ?? 0) ^
        (t5[(value >>> 16) & 0xff] ?? 0) ^
        (t4[value >>> 24] ?? 0) ^
        (t3[high & 0xff] ?? 0) ^
        (t2[(high >>> 8) & 0xff] ?? 0) ^
        (t1[(high >>> 16) & 0xff] ?? 0) ^
        (t0[high >>> 24] ?? 0);
    }
    for (; at < length; at++) {
      value = (value >>> 8) ^ (t0[(value ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
    }
  }
  return ~value >>> 0;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

function makeTables(): Uint32Array[] {
  const made: Uint32Array[] = [];
  for (let table = 0; table < 8; table++) {
    const before = made[table - 1];
    const first = made[0];
    const entries = new Uint32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      if (before === undefined || first === undefined) entries[byte] = stepBits(byte);
      else {
        const value = before[byte] ?? 0;
        entries[byte] = (value >>> 8) ^ (first[value & 0xff] ?? 0);
      }
    }
    made.push(entries);
  }
  return made;
}

function stepBits(byte: number): number {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
}
