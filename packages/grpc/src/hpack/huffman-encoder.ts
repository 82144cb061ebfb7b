import { codeBits, codes } from "./huffman-code.ts";

/** Bytes that the Huffman form of a latin1 text has (RFC 7541, 5.2). */
export function huffmanBytes(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index += 1) {
    bits += codeBits[text.charCodeAt(index)] ?? 0;
  }
  return Math.ceil(bits / 8);
}

/**
 * Writes the Huffman form of a latin1 text, padded with ones.
 *
 * @param target - Has {@link huffmanBytes} bytes free from `begin` on.
 * @returns Where the next byte goes.
 */
export function encodeHuffman(text: string, target: Uint8Array, begin: number): number {
  let position = begin;
  let held = 0; // The low `heldBits` bits wait for a whole byte; fewer than 8 between symbols.
  let heldBits = 0;
  for (let index = 0; index < text.length; index += 1) {
    const symbol = text.charCodeAt(index);
    const code = codes[symbol] ?? 0;
    let bits = codeBits[symbol] ?? 0;
    // In two parts, because 7 held bits and a code of 30 are more than a small integer has.
    while (bits > 0) {
      const part = Math.min(bits, 16);
      bits -= part;
      held = ((held << part) | ((code >>> bits) & ((1 << part) - 1))) & 0x7fffff;
      heldBits += part;
      while (heldBits >= 8) {
        heldBits -= 8;
        target[position] = held >>> heldBits;
        position += 1;
      }
    }
  }
  if (heldBits > 0) {
    target[position] = (held << (8 - heldBits)) | (0xff >>> heldBits);
    position += 1;
  }
  return position;
}
