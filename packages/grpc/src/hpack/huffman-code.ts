/**
 * The Huffman code of RFC 7541, appendix B.
 *
 * The code is canonical: codes of one length are consecutive numbers in the order of their symbols,
 * and the first code of a length follows from the last one of the length before. So the lengths say
 * all, and the 257 codes are computed from them. As in the appendix, symbol by symbol:
 *
 * ```
 *   '0' 5 bits 00000   '1' 5 bits 00001  …  't' 5 bits 01001   ' ' 6 bits 010100  …  EOS 30 ones
 * ```
 */

/** The symbol that ends a string and must never be sent; its beginning is the padding. */
export const endOfString = 256;

/** Longest code. */
export const codeBitsMax = 30;

/** Bits of the code of each symbol 0..255 and of {@link endOfString}. */
export const codeBits: Uint8Array = Uint8Array.of(
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28], // 0x00
  ...[28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  ...[6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6], // 0x20 space
  ...[5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10], // 0x30 0
  ...[13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], // 0x40 @
  ...[7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6], // 0x50 P
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5], // 0x60 `
  ...[6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28], // 0x70 p
  ...[20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23], // 0x80
  ...[24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  ...[22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23], // 0xa0
  ...[21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  ...[26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25], // 0xc0
  ...[19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  ...[20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23], // 0xe0
  ...[26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
  30, // end of string
);

/** The code of each symbol, in the low bits. */
export const codes: Uint32Array = new Uint32Array(endOfString + 1);
/** Symbols by length of their code, then by code: the order of the canonical code. */
export const symbolsInOrder: Uint16Array = new Uint16Array(endOfString + 1);
/** For each length its first code; codes of this length that are no code have larger numbers. */
export const firstCodes: Uint32Array = new Uint32Array(codeBitsMax + 1);
/** For each length how many codes it has. */
export const codeCounts: Uint16Array = new Uint16Array(codeBitsMax + 1);
/** For each length the place of its first symbol in {@link symbolsInOrder}. */
export const firstPlaces: Uint16Array = new Uint16Array(codeBitsMax + 1);

let place = 0;
let nextCode = 0;
for (let bits = 1; bits <= codeBitsMax; bits += 1) {
  nextCode *= 2;
  firstCodes[bits] = nextCode;
  firstPlaces[bits] = place;
  for (let symbol = 0; symbol <= endOfString; symbol += 1) {
    if (codeBits[symbol] !== bits) continue;
    codes[symbol] = nextCode;
    symbolsInOrder[place] = symbol;
    nextCode += 1;
    place += 1;
  }
  codeCounts[bits] = nextCode - (firstCodes[bits] ?? 0);
}
