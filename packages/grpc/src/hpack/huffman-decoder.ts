import {
  codeBits,
  codeBitsMax,
  codeCounts,
  codes,
  endOfString,
  firstCodes,
  firstPlaces,
  symbolsInOrder,
} from "./huffman-code.ts";
import { HpackError } from "./hpack-error.ts";

/** The lookup table is indexed by so many bits; codes of the characters of most headers fit. */
const shortBits = 8;

/**
 * For the next 8 bits: symbol * 16 + bits of its code, or 0 where the code is longer.
 */
const shortCodes = new Uint16Array(1 << shortBits);
for (let symbol = 0; symbol < endOfString; symbol += 1) {
  const bits = codeBits[symbol] ?? 0;
  if (bits > shortBits) continue;
  const first = (codes[symbol] ?? 0) << (shortBits - bits);
  shortCodes.fill(symbol * 16 + bits, first, first + (1 << (shortBits - bits)));
}

/**
 * Decodes a Huffman string (RFC 7541, 5.2).
 *
 * Hot: eight bits are looked up at a time, one symbol each; longer codes, of characters that are
 * rare in headers, go bit by bit through the canonical code.
 *
 * @param begin - Half-open byte interval of `block`.
 * @param target - Takes the decoded bytes from 0 on; what lies beyond its end is only counted.
 * @returns How many bytes the string has.
 * @throws {@link HpackError} for the end-of-string symbol and for padding that is longer than
 * 7 bits or not the beginning of that symbol.
 */
export function decodeHuffman(
  block: Uint8Array,
  begin: number,
  end: number,
  target: Uint8Array,
): number {
  const room = target.length;
  let length = 0;
  let position = begin;
  let held = 0; // The low `heldBits` bits are read and not yet decoded.
  let heldBits = 0;
  for (;;) {
    if (heldBits < shortBits && position < end) {
      held = ((held << 8) | (block[position] ?? 0)) & 0xffff;
      heldBits += 8;
      position += 1;
    }
    const next =
      heldBits >= shortBits
        ? (held >>> (heldBits - shortBits)) & 0xff
        : ((held << (shortBits - heldBits)) | (0xff >>> heldBits)) & 0xff;
    const short = shortCodes[next] ?? 0;
    const bits = short & 15;
    if (bits > heldBits) break;
    if (bits > 0) {
      heldBits -= bits;
      if (length < room) target[length] = short >>> 4;
      length += 1;
      continue;
    }
    if (heldBits < shortBits) break;
    let code = next;
    let codeLength = shortBits;
    heldBits -= shortBits;
    for (;;) {
      if (heldBits === 0) {
        if (position === end) throw brokenEnd(code, codeLength, position);
        held = block[position] ?? 0;
        heldBits = 8;
        position += 1;
      }
      heldBits -= 1;
      code = (code << 1) | ((held >>> heldBits) & 1);
      codeLength += 1;
      if (code - (firstCodes[codeLength] ?? 0) < (codeCounts[codeLength] ?? 0)) break;
    }
    const place = (firstPlaces[codeLength] ?? 0) + code - (firstCodes[codeLength] ?? 0);
    const symbol = symbolsInOrder[place] ?? endOfString;
    if (codeLength === codeBitsMax && symbol === endOfString) {
      throw new HpackError("a Huffman string contains its end-of-string symbol", position - 1);
    }
    if (length < room) target[length] = symbol;
    length += 1;
  }
  const padding = (1 << heldBits) - 1;
  if ((held & padding) !== padding) {
    throw new HpackError("the padding of a Huffman string is not all ones", end - 1);
  }
  return length;
}

function brokenEnd(code: number, codeLength: number, position: number): HpackError {
  const isOnes = code === 2 ** codeLength - 1;
  return new HpackError(
    isOnes
      ? "the padding of a Huffman string is longer than 7 bits"
      : "a Huffman string ends within a code",
    position - 1,
  );
}
