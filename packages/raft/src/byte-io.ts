/**
 * Reading and writing of fixed-width little-endian fields.
 *
 * Numbers up to 2^53 - 1 travel as 64 bits in two halves; ids are full 64-bit values.
 */
import { RaftCodecError } from "./errors.ts";

/** Collects chunks; long byte strings become chunks of their own and are not copied. */
export class ByteWriter {
  readonly #chunks: Uint8Array[] = [];
  #buffer: Uint8Array;
  #view: DataView;
  #length = 0;

  /** `capacity` is a guess at the bytes that will be copied. */
  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity);
    this.#view = viewOf(this.#buffer);
  }

  /** One byte. */
  u8(value: number): void {
    const offset = this.#reserve(1);
    this.#view.setUint8(offset, value);
  }

  /** Two bytes. */
  u16(value: number): void {
    const offset = this.#reserve(2);
    this.#view.setUint16(offset, value, true);
  }

  /** Four bytes. */
  u32(value: number): void {
    const offset = this.#reserve(4);
    this.#view.setUint32(offset, value, true);
  }

  /** A non-negative safe integer in eight bytes. */
  safe(value: number): void {
    const offset = this.#reserve(8);
    this.#view.setUint32(offset, value % two32, true);
    this.#view.setUint32(offset + 4, Math.floor(value / two32), true);
  }

  /** An unsigned 64-bit id. */
  id(value: bigint): void {
    const offset = this.#reserve(8);
    this.#view.setBigUint64(offset, value, true);
  }

  /** Bytes without a length; copied when short. */
  bytes(value: Uint8Array): void {
    if (value.length >= ownChunkBytes) {
      this.#flush();
      this.#chunks.push(value);
      return;
    }
    const offset = this.#reserve(value.length);
    this.#buffer.set(value, offset);
  }

  /** Everything written, in order. */
  finish(): readonly Uint8Array[] {
    this.#flush();
    return this.#chunks;
  }

  #flush(): void {
    if (this.#length === 0) return;
    this.#chunks.push(this.#buffer.subarray(0, this.#length));
    this.#buffer = this.#buffer.subarray(this.#length);
    this.#view = viewOf(this.#buffer);
    this.#length = 0;
  }

  /** Call before touching `#view`: growing replaces it. */
  #reserve(count: number): number {
    const offset = this.#length;
    if (offset + count > this.#buffer.length) this.#grow(offset + count);
    this.#length = offset + count;
    return offset;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2, 64));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
    this.#view = viewOf(grown);
  }
}

/** Reads what {@link ByteWriter} wrote; every read checks that the bytes are there. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** One byte. */
  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** One byte that is 0 or 1. */
  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw new RaftCodecError(`Cannot decode flag: ${value}, expected 0 or 1`);
    return value === 1;
  }

  /** Two bytes. */
  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  /** Four bytes. */
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A non-negative safe integer. */
  safe(): number {
    const offset = this.#take(8);
    const high = this.#view.getUint32(offset + 4, true);
    if (high >= 2 ** 21) throw new RaftCodecError("Cannot decode integer: it is above 2^53 - 1");
    return high * two32 + this.#view.getUint32(offset, true);
  }

  /** An unsigned 64-bit value. */
  id(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const offset = this.#take(length);
    return this.#bytes.subarray(offset, offset + length);
  }

  /** Fails unless everything was read. */
  end(): void {
    if (this.remaining > 0) throw new RaftCodecError(`Cannot decode: ${this.remaining} bytes left`);
  }

  #take(count: number): number {
    const offset = this.#offset;
    if (count > this.remaining) {
      throw new RaftCodecError(`Cannot decode: ${this.remaining} bytes left, expected ${count}`);
    }
    this.#offset = offset + count;
    return offset;
  }
}

/** One array of all chunks; the chunk itself when there is only one. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const two32 = 2 ** 32;

/** Below this a copy is cheaper than one more chunk in a vectored write. */
const ownChunkBytes = 2048;
