import { DecodeError } from "./decode-error.ts";
import { readUtf8 } from "./utf8.ts";

/** The wire types in use; groups (3 and 4) are refused. */
export const WireType = {
  VARINT: 0,
  FIXED64: 1,
  BYTES: 2,
  FIXED32: 5,
} as const;

/** One of the numbers of {@link WireType}. */
export type WireType = (typeof WireType)[keyof typeof WireType];

/** Messages nested deeper than this are refused, as by protobuf in C++ and Java. */
export const messageDepthMax = 100;

/** Shared by every empty bytes field; has no bytes that anybody could write to. */
export const emptyBytes: Uint8Array = new Uint8Array(0);

const longView = new DataView(new ArrayBuffer(8));
/** 2^28: one step of the arithmetic on 64-bit varints, which are read in pieces of 28 bits. */
const pieceSize = 0x10000000;
/** Pieces at or above this one, second of three, lie outside the safe integers: 2^(53-28). */
const unsafePiece = 0x2000000;

/**
 * A cursor over protobuf bytes that copies nothing.
 *
 * Every read is bounded by the message it happens in, before anything is allocated, and throws
 * {@link DecodeError} beyond that. Invariant: `0 <= offset <= end <= bytes.length`.
 *
 * @example
 * ```ts
 * const reader = new Reader(bytes);
 * while (reader.offset < reader.end) {
 *   const tag = reader.tag();
 *   if (tag === 10) key = reader.view();
 *   else reader.skip(tag);
 * }
 * ```
 */
// Hot: every request and every peer answer passes here.
export class Reader {
  readonly bytes: Uint8Array;
  /** Of the next byte to read. */
  offset: number;
  /** Behind the last byte of the message being read. */
  end: number;
  #depth = 1;
  /** The last 64-bit varint: bits 0-27, 28-55, 56-63. */
  #low = 0;
  #middle = 0;
  #high = 0;

  /**
   * @param bytes - Must not change while the reader or any view it gave out is in use.
   * @param begin - First byte; within `bytes`.
   * @param end - Behind the last byte; within `bytes`.
   */
  constructor(bytes: Uint8Array, begin = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.offset = begin;
    this.end = end;
  }

  /** Reads a field's tag, `number << 3 | wire type`; the number is in [1, 2^29). */
  tag(): number {
    const offset = this.offset;
    const first = this.bytes[offset] ?? 0x80;
    // 0x80 and above takes more bytes; below 8 the field number would be 0.
    if (first < 0x80 && first >= 8 && offset < this.end) {
      this.offset = offset + 1;
      return first;
    }
    this.#varint();
    if (this.#high !== 0 || this.#middle >= 16) throw this.#failure("field number is too large");
    const tag = (this.#middle * pieceSize + this.#low) >>> 0;
    if (tag < 8) throw this.#failure("field number is 0");
    return tag;
  }

  /** Reads `int32` or an enum: the low 32 bits, signed. */
  int32(): number {
    const first = this.#shortVarint();
    if (first >= 0) return first;
    this.#varint();
    return this.#low | (this.#middle << 28);
  }

  /** Reads `uint32`: the low 32 bits, unsigned. */
  uint32(): number {
    return this.int32() >>> 0;
  }

  /** Reads `bool`: any number but 0 is true. */
  bool(): boolean {
    const first = this.#shortVarint();
    if (first >= 0) return first !== 0;
    this.#varint();
    return this.#low !== 0 || this.#middle !== 0 || this.#high !== 0;
  }

  /** Reads `int64` as a number; values outside the safe integers become the nearest safe one. */
  int64(): number {
    const first = this.#shortVarint();
    if (first >= 0) return first;
    this.#varint();
    if (this.#high < 0x80) return this.#unsigned();
    // Two's complement: -x is the complement plus one.
    const high = this.#high ^ 0xff;
    const middle = this.#middle ^ 0xfffffff;
    const low = this.#low ^ 0xfffffff;
    if (high !== 0 || middle >= unsafePiece) return Number.MIN_SAFE_INTEGER;
    return Math.max(-(middle * pieceSize + low) - 1, Number.MIN_SAFE_INTEGER);
  }

  /** Reads `uint64` as a number; values beyond the safe integers become the largest safe one. */
  uint64(): number {
    const first = this.#shortVarint();
    if (first >= 0) return first;
    this.#varint();
    return this.#unsigned();
  }

  /** Reads `int64` exactly. */
  int64Exact(): bigint {
    const first = this.#shortVarint();
    if (first === 0) return 0n;
    if (first > 0) return BigInt(first);
    this.#storeLong();
    return longView.getBigInt64(0, true);
  }

  /** Reads `uint64` exactly. */
  uint64Exact(): bigint {
    const first = this.#shortVarint();
    if (first === 0) return 0n;
    if (first > 0) return BigInt(first);
    this.#storeLong();
    return longView.getBigUint64(0, true);
  }

  /** Reads a length and returns the bytes it covers as a view into the input. */
  view(): Uint8Array {
    const length = this.length();
    if (length === 0) return emptyBytes;
    const begin = this.offset;
    this.offset = begin + length;
    const bytes = this.bytes;
    // The constructor, not subarray: half the cost, and never a Buffer where the input is one.
    return new Uint8Array(bytes.buffer, bytes.byteOffset + begin, length);
  }

  /** Reads a length and as many bytes of UTF-8. */
  string(): string {
    const length = this.length();
    if (length === 0) return "";
    const begin = this.offset;
    this.offset = begin + length;
    return readUtf8(this.bytes, begin, begin + length);
  }

  /** Reads a length and checks that so many bytes are left in the message. */
  length(): number {
    const first = this.#shortVarint();
    if (first < 0) this.#varint();
    const length = first >= 0 ? first : this.#unsigned();
    if (length > this.end - this.offset) throw this.#failure("length runs over the end");
    return length;
  }

  /**
   * Reads a length and narrows the reader to the nested message of so many bytes.
   *
   * @returns The end of the outer message, for {@link Reader.leave}.
   */
  enter(): number {
    if (this.#depth >= messageDepthMax) throw this.#failure("messages are nested too deeply");
    return this.enterPacked();
  }

  /** Does the same for packed numbers, which are no message and have no depth limit. */
  enterPacked(): number {
    const length = this.length();
    this.#depth++;
    const outerEnd = this.end;
    this.end = this.offset + length;
    return outerEnd;
  }

  /** Widens the reader again to the message that {@link Reader.enter} left. */
  leave(outerEnd: number): void {
    this.offset = this.end;
    this.end = outerEnd;
    this.#depth--;
  }

  /**
   * Steps over the value of a field.
   *
   * @param tag - As {@link Reader.tag} returned it.
   */
  skip(tag: number): void {
    switch (tag & 7) {
      case WireType.VARINT:
        if (this.#shortVarint() < 0) this.#varint();
        return;
      case WireType.BYTES: {
        const length = this.length();
        this.offset += length;
        return;
      }
      case WireType.FIXED64:
        return this.#advance(8);
      case WireType.FIXED32:
        return this.#advance(4);
      default:
        throw this.#failure(`wire type ${tag & 7} is not supported`);
    }
  }

  /**
   * Steps over a field that the reader of a message did not take.
   *
   * @param isKnown - The message has a field of that number, so the wire type must be wrong.
   */
  skipUnknown(tag: number, isKnown: boolean): void {
    if (isKnown) throw this.#failure(`field ${tag >>> 3} has wrong wire type ${tag & 7}`);
    this.skip(tag);
  }

  #advance(length: number): void {
    if (length > this.end - this.offset) throw this.#failure("fixed number is truncated");
    this.offset += length;
  }

  /** Reads a varint of one byte; returns -1 and reads nothing if it is longer or missing. */
  #shortVarint(): number {
    const offset = this.offset;
    const first = this.bytes[offset] ?? 0x80;
    if (first >= 0x80 || offset >= this.end) return -1;
    this.offset = offset + 1;
    return first;
  }

  /** Reads a varint of up to ten bytes into the three pieces. */
  #varint(): void {
    const begin = this.offset;
    this.#high = 0;
    this.#middle = 0;
    this.#low = this.#piece(begin, begin + 4);
    if (this.offset < begin + 4 || this.#isLast()) return;
    this.#middle = this.#piece(begin + 4, begin + 8);
    if (this.offset < begin + 8 || this.#isLast()) return;
    this.#high = this.#piece(begin + 8, begin + 10);
    // Ten bytes hold 70 bits; the tenth may add but the 64th, and there is no eleventh.
    if (this.#high > 0xff || !this.#isLast()) throw this.#failure("varint is too long");
  }

  /** Reads bytes of a varint up to its last one or to `limit`, seven bits each. */
  #piece(begin: number, limit: number): number {
    let piece = 0;
    let shift = 0;
    let offset = begin;
    while (offset < limit) {
      if (offset >= this.end) throw this.#failure("varint is truncated");
      const byte = this.bytes[offset++] ?? 0;
      piece |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7;
    }
    this.offset = offset;
    return piece;
  }

  /** Whether the byte just read ends a varint. */
  #isLast(): boolean {
    return (this.bytes[this.offset - 1] ?? 0) < 0x80;
  }

  #unsigned(): number {
    if (this.#high !== 0 || this.#middle >= unsafePiece) return Number.MAX_SAFE_INTEGER;
    return this.#middle * pieceSize + this.#low;
  }

  #storeLong(): void {
    this.#varint();
    longView.setInt32(0, this.#low | (this.#middle << 28), true);
    longView.setInt32(4, (this.#middle >>> 4) | (this.#high << 24), true);
  }

  #failure(problem: string): DecodeError {
    return new DecodeError(problem, this.offset);
  }
}
