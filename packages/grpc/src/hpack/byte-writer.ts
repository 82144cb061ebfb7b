import { Buffer } from "node:buffer";
import { encodeHuffman, huffmanBytes } from "./huffman-encoder.ts";

/** Writes the integers and strings of header blocks (RFC 7541, 5). */
export class ByteWriter {
  #bytes: Buffer = Buffer.alloc(256);
  #length = 0;

  /** Bytes written since the last {@link take}. */
  get length(): number {
    return this.#length;
  }

  /**
   * Writes an integer (5.1).
   *
   * @param pattern - The bits before the prefix.
   * @param prefixMax - Largest number of the prefix: 127 for 7 bits.
   */
  integer(pattern: number, prefixMax: number, value: number): void {
    this.#reserve(6);
    if (value < prefixMax) {
      this.#byte(pattern | value);
      return;
    }
    this.#byte(pattern | prefixMax);
    let rest = value - prefixMax;
    while (rest >= 128) {
      this.#byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.#byte(rest);
  }

  /**
   * Writes a latin1 text as a string (5.2), in Huffman code where that is shorter.
   */
  string(text: string): void {
    const coded = huffmanBytes(text);
    const isHuffman = coded < text.length;
    this.integer(isHuffman ? 0x80 : 0, 127, isHuffman ? coded : text.length);
    this.#reserve(Math.min(coded, text.length));
    if (isHuffman) this.#length = encodeHuffman(text, this.#bytes, this.#length);
    else this.#length += this.#bytes.write(text, this.#length, "latin1");
  }

  /** What was written, as a copy; the next byte begins another block. */
  take(): Uint8Array {
    // Small ones are made within the heap of V8, unlike those of Buffer.
    const block = new Uint8Array(this.#length);
    block.set(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return block;
  }

  #byte(value: number): void {
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length + bytes));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
