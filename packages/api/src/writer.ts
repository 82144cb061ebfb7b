import { utf8Size, writeUtf8 } from "./utf8.ts";

const longView = new DataView(new ArrayBuffer(8));
const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
const uint64Max = 2n ** 64n - 1n;
const pieceSize = 0x10000000;

/** V8 keeps arrays of up to this size in its own heap, where they are cheap. */
const onHeapSizeMax = 64;
/** Size of a slab, as of Node's pool of buffers. */
const slabSize = 8192;
/** Larger arrays are not cut from a slab: they would waste its rest. */
const slabbedSizeMax = 2048;
let slab = new ArrayBuffer(0);
/** Of the first free byte of `slab`; "full" at first, so that nothing is allocated at import. */
let slabOffset = slabSize;

/**
 * Fills one array of exactly the size that was computed before. The array may be a view into a
 * larger buffer that it shares with others: never transfer its `buffer`.
 *
 * Numbers must be in the range of their type: a mistake of the program otherwise, and a RangeError
 * from the functions below, which measure. The writer itself trusts what was measured.
 *
 * @example
 * ```ts
 * const writer = new Writer(1 + bytesSize(stored.length));
 * writer.byte(18);
 * writer.view(stored);
 * return writer.finish();
 * ```
 */
// Hot: every answer and every peer message passes here.
export class Writer {
  readonly bytes: Uint8Array;
  /** Of the next byte to write. */
  offset = 0;
  readonly #lengths: readonly number[];
  #nextLength = 0;

  /**
   * @param size - Bytes that will be written.
   * @param lengths - Sizes of the nested messages in the order of {@link Writer.nestedLength}.
   */
  constructor(size: number, lengths: readonly number[] = []) {
    this.bytes = allocate(size);
    this.#lengths = lengths;
  }

  /** Writes one byte: a tag below 128, or a bool. */
  byte(value: number): void {
    this.bytes[this.offset++] = value;
  }

  /** Writes an integer in [0, 2^32): a longer tag, a length, `uint32`. */
  uint32(value: number): void {
    const bytes = this.bytes;
    let offset = this.offset;
    while (value > 0x7f) {
      bytes[offset++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    bytes[offset++] = value;
    this.offset = offset;
  }

  /** Writes `int32`, `int64`, `uint64` or an enum; a negative number takes ten bytes. */
  varint(value: number): void {
    if (value >= 0 && value <= 0xffffffff) {
      this.uint32(value);
    } else if (value >= 0) {
      const high = Math.floor(value / pieceSize);
      this.#lowPiece(value - high * pieceSize);
      this.uint32(high);
    } else {
      this.#negative(value);
    }
  }

  /** Writes `int64` or `uint64`. */
  varintExact(value: bigint): void {
    longView.setBigInt64(0, value, true);
    const low = longView.getUint32(0, true);
    const high = longView.getUint32(4, true);
    if (high === 0) {
      this.uint32(low);
      return;
    }
    this.#lowPiece(low & 0xfffffff);
    const middle = (low >>> 28) | ((high & 0xffffff) << 4);
    const top = high >>> 24;
    if (top === 0) {
      this.uint32(middle);
    } else {
      this.#lowPiece(middle);
      this.uint32(top);
    }
  }

  /** Writes a length and `value`. */
  view(value: Uint8Array): void {
    this.uint32(value.length);
    this.raw(value);
  }

  /** Writes `value` as it is. */
  raw(value: Uint8Array): void {
    this.bytes.set(value, this.offset);
    this.offset += value.length;
  }

  /** Writes a length and `value` in UTF-8. */
  string(value: string): void {
    this.uint32(utf8Size(value));
    this.offset = writeUtf8(value, this.bytes, this.offset);
  }

  /** Writes the length of the next nested message. */
  nestedLength(): void {
    this.uint32(this.#lengths[this.#nextLength++] ?? 0);
  }

  /**
   * Hands out the array.
   *
   * @throws Error if it is not exactly full: the message changed between sizing and writing.
   */
  finish(): Uint8Array {
    if (this.offset !== this.bytes.length) {
      throw new Error(
        `Cannot encode message: wrote ${this.offset} bytes, expected ${this.bytes.length}`,
      );
    }
    return this.bytes;
  }

  /** Writes 28 bits as four bytes that are not the last ones. */
  #lowPiece(piece: number): void {
    const bytes = this.bytes;
    const offset = this.offset;
    bytes[offset] = (piece & 0x7f) | 0x80;
    bytes[offset + 1] = ((piece >>> 7) & 0x7f) | 0x80;
    bytes[offset + 2] = ((piece >>> 14) & 0x7f) | 0x80;
    bytes[offset + 3] = (piece >>> 21) | 0x80;
    this.offset = offset + 4;
  }

  #negative(value: number): void {
    // Two's complement in pieces of 28, 28 and 8 bits: the complement of -value - 1.
    const inverse = -value - 1;
    const middle = Math.floor(inverse / pieceSize);
    this.#lowPiece((inverse - middle * pieceSize) ^ 0xfffffff);
    this.#lowPiece(middle ^ 0xfffffff);
    this.uint32(0xff);
  }
}

/**
 * Hands out `size` bytes of zeros.
 *
 * An array of its own costs 0.4 µs once it is too large for V8's heap, five times what it takes to
 * fill it; a view into a slab costs 0.03 µs. The price is that the last view keeps its slab alive.
 */
function allocate(size: number): Uint8Array {
  if (size <= onHeapSizeMax || size > slabbedSizeMax) return new Uint8Array(size);
  if (slabOffset + size > slabSize) {
    slab = new ArrayBuffer(slabSize);
    slabOffset = 0;
  }
  const bytes = new Uint8Array(slab, slabOffset, size);
  // Multiples of eight, so that copies into the next view start at a word.
  slabOffset += (size + 7) & ~7;
  return bytes;
}

/** Counts the bytes of an integer in [0, 2^32) as a varint: a tag, a length, `uint32`. */
export function uint32Size(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/**
 * Counts the bytes of `int32` or an enum as a varint.
 *
 * @throws RangeError unless `value` is an integer of 32 bits with sign.
 */
export function int32Size(value: number): number {
  if (value !== (value | 0)) throw outOfRange(value, "an integer of 32 bits with sign");
  return value < 0 ? 10 : uint32Size(value);
}

/**
 * Counts the bytes of a `uint32` field as a varint.
 *
 * @throws RangeError unless `value` is an integer of 32 bits without sign.
 */
export function checkedUint32Size(value: number): number {
  if (value !== value >>> 0) throw outOfRange(value, "an integer of 32 bits without sign");
  return uint32Size(value);
}

/**
 * Counts the bytes of `int64` as a varint.
 *
 * @throws RangeError unless `value` is a safe integer.
 */
export function int64Size(value: number): number {
  if (!Number.isSafeInteger(value)) throw outOfRange(value, "a safe integer");
  if (value < 0) return 10;
  if (value < pieceSize) return uint32Size(value);
  return 4 + uint32Size(Math.floor(value / pieceSize));
}

/**
 * Counts the bytes of `uint64` as a varint.
 *
 * @throws RangeError unless `value` is a safe integer of at least 0.
 */
export function uint64Size(value: number): number {
  if (value < 0) throw outOfRange(value, "0 or more");
  return int64Size(value);
}

/**
 * Counts the bytes of an exact `int64` as a varint.
 *
 * @throws RangeError if `value` does not fit.
 */
export function int64ExactSize(value: bigint): number {
  if (value < int64Min || value > int64Max) throw outOfRange(value, "64 bits with sign");
  return longSize(value);
}

/**
 * Counts the bytes of an exact `uint64` as a varint.
 *
 * @throws RangeError if `value` does not fit.
 */
export function uint64ExactSize(value: bigint): number {
  if (value < 0n || value > uint64Max) throw outOfRange(value, "64 bits without sign");
  return longSize(value);
}

/** Counts the bytes of a length and as many bytes. */
export function bytesSize(length: number): number {
  return uint32Size(length) + length;
}

/** Counts the bytes of a length and `value` in UTF-8. */
export function stringSize(value: string): number {
  return bytesSize(utf8Size(value));
}

function longSize(value: bigint): number {
  longView.setBigInt64(0, value, true);
  const low = longView.getUint32(0, true);
  const high = longView.getUint32(4, true);
  if (high === 0) return uint32Size(low);
  if (high < 0x1000000) return 4 + uint32Size((low >>> 28) | (high << 4));
  return 8 + uint32Size(high >>> 24);
}

function outOfRange(value: number | bigint, wanted: string): RangeError {
  return new RangeError(`Cannot encode ${value}: expected ${wanted}`);
}
