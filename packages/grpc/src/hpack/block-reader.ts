import { Buffer } from "node:buffer";
import { HpackError } from "./hpack-error.ts";
import { decodeHuffman } from "./huffman-decoder.ts";
import { latin1Text } from "./latin1.ts";

/** Integers have to be smaller; RFC 7541, 5.1 leaves the bound to the implementation. */
const integerMax = 2 ** 31 - 1;
/** Bytes that may follow the prefix of an integer; five hold every number up to the bound. */
const continuationBytesMax = 5;
/** A code has 5 to 30 bits, so a Huffman string of n bytes has between n * 8/30 and n * 8/5. */
const bitsPerByteLeast = 5;
const bitsPerByteMost = 30;

const nothing = Buffer.alloc(0);
/** Decoded Huffman strings on their way to a text; shared, because nothing waits in between. */
let scratch = Buffer.alloc(4_096);

/** Reads the integers and strings of one header block after another (RFC 7541, 5). */
export class BlockReader {
  #bytes: Uint8Array = nothing;
  #position = 0;
  #end = 0;

  /** Offset of the next byte in its block. */
  get position(): number {
    return this.#position;
  }

  /** Whether the block has been read to its end. */
  get isAtEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** Begins another block; its bytes are looked at until the next call of this. */
  open(block: Uint8Array): void {
    this.#bytes = block;
    this.#position = 0;
    this.#end = block.length;
  }

  /** Lets go of the block. */
  close(): void {
    this.#bytes = nothing;
  }

  /** Goes back to a position it has been at. */
  seek(position: number): void {
    this.#position = position;
  }

  /** The next byte, without reading it; 0 at the end. */
  peek(): number {
    return this.#bytes[this.#position] ?? 0;
  }

  /**
   * Reads an integer (5.1).
   *
   * @param prefixMax - Largest number of the prefix, whose bits are the low ones: 127 for 7 bits.
   * @returns A number in `[0, 2^31)`.
   * @throws {@link HpackError} if it is larger or the block ends within it.
   */
  integer(prefixMax: number): number {
    const prefix = this.peek() & prefixMax;
    if (this.isAtEnd) throw new HpackError("the block ends before an integer", this.#position);
    this.#position += 1;
    return prefix < prefixMax ? prefix : this.#longInteger(prefix);
  }

  /**
   * Reads a string (5.2).
   *
   * @param lengthMax - What the caller can use.
   * @returns undefined, unread, if the string is certainly longer; it may still be a few times as
   * long as `lengthMax`.
   * @throws {@link HpackError} if it is malformed or the block ends within it.
   */
  string(lengthMax: number): string | undefined {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const begin = this.#position;
    const length = this.#stringLength();
    const end = this.#position + length;
    const lengthLeast = isHuffman ? (length * 8) / bitsPerByteMost : length;
    if (lengthLeast > lengthMax) {
      this.#position = begin;
      return undefined;
    }
    const from = this.#position;
    this.#position = end;
    if (!isHuffman) return latin1Text(this.#bytes, from, end);
    const room = Math.floor((length * 8) / bitsPerByteLeast);
    if (room > scratch.length) scratch = Buffer.alloc(room);
    return latin1Text(scratch, 0, decodeHuffman(this.#bytes, from, end, scratch));
  }

  /**
   * Reads and checks a string without making it.
   *
   * @returns How long it is.
   * @throws {@link HpackError} as {@link string} does.
   */
  skipString(): number {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const length = this.#stringLength();
    const begin = this.#position;
    this.#position += length;
    return isHuffman ? decodeHuffman(this.#bytes, begin, this.#position, nothing) : length;
  }

  #stringLength(): number {
    if (this.isAtEnd) throw new HpackError("the block ends before a string", this.#position);
    const length = this.integer(127);
    if (length > this.#end - this.#position) {
      const left = this.#end - this.#position;
      const what = `a string of ${length} bytes has only ${left} left in the block`;
      throw new HpackError(what, this.#position);
    }
    return length;
  }

  #longInteger(prefixMax: number): number {
    let value = prefixMax;
    let factor = 1;
    for (let count = 0; count < continuationBytesMax; count += 1) {
      if (this.isAtEnd) throw new HpackError("the block ends within an integer", this.#position);
      const byte = this.#bytes[this.#position] ?? 0;
      this.#position += 1;
      value += (byte & 0x7f) * factor;
      if (value > integerMax) break;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new HpackError("an integer is larger than 2^31-1", this.#position - 1);
  }
}
