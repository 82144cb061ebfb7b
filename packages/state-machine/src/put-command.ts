import { decodePutRequest, type PutRequest } from "@quorate/api";
import { keyFromPart, type Key } from "@quorate/mvcc";

/**
 * A put as it lies in the bytes of its request: where its key and its value are, and what else it
 * says. Nothing is copied, and no view is made before somebody asks for one.
 */
// Hot: a put under way is this and its call.
export class PutCommand {
  /** Wire bytes of the `etcdserverpb.PutRequest`; never changed. */
  readonly bytes: Uint8Array;
  lease = 0n;
  prevKv = false;
  ignoreValue = false;
  ignoreLease = false;
  #keyBegin = 0;
  #keyEnd = 0;
  #valueBegin = 0;
  #valueEnd = 0;

  /**
   * Decodes a request.
   *
   * @throws DecodeError when the bytes are malformed.
   */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    if (!this.#readPlain(bytes)) this.#take(decodePutRequest(bytes));
  }

  get keyLength(): number {
    return this.#keyEnd - this.#keyBegin;
  }

  get valueLength(): number {
    return this.#valueEnd - this.#valueBegin;
  }

  /** A copy. O(length). */
  get key(): Key {
    return keyFromPart(this.bytes, this.#keyBegin, this.#keyEnd);
  }

  /** A view. */
  get value(): Uint8Array {
    const { buffer, byteOffset } = this.bytes;
    return new Uint8Array(buffer, byteOffset + this.#valueBegin, this.valueLength);
  }

  /**
   * Reads what nearly all puts are: key and value, at most once each.
   *
   * @returns false for everything else, which the codec reads.
   */
  #readPlain(bytes: Uint8Array): boolean {
    if (bytes[0] !== keyTag) return false;
    this.#keyBegin = lengthEnd(bytes, 1);
    if (this.#keyBegin === 0) return false;
    this.#keyEnd = this.#keyBegin + lengthAt(bytes, 1);
    if (this.#keyEnd >= bytes.length) return this.#keyEnd === bytes.length;
    if (bytes[this.#keyEnd] !== valueTag) return false;
    this.#valueBegin = lengthEnd(bytes, this.#keyEnd + 1);
    if (this.#valueBegin === 0) return false;
    this.#valueEnd = this.#valueBegin + lengthAt(bytes, this.#keyEnd + 1);
    return this.#valueEnd === bytes.length;
  }

  #take({ key, value, lease, prevKv, ignoreValue, ignoreLease }: PutRequest): void {
    // Its bytes are views into the request's, or empty.
    const { byteOffset } = this.bytes;
    this.#keyBegin = key.length === 0 ? 0 : key.byteOffset - byteOffset;
    this.#keyEnd = this.#keyBegin + key.length;
    this.#valueBegin = value.length === 0 ? 0 : value.byteOffset - byteOffset;
    this.#valueEnd = this.#valueBegin + value.length;
    this.lease = lease;
    this.prevKv = prevKv;
    this.ignoreValue = ignoreValue;
    this.ignoreLease = ignoreLease;
  }
}

const keyTag = 0x0a;
const valueTag = 0x12;

/** The length at an offset, a varint of up to three bytes. */
function lengthAt(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset] ?? 0;
  if (first < 0x80) return first;
  const second = bytes[offset + 1] ?? 0;
  if (second < 0x80) return (first & 0x7f) | (second << 7);
  return (first & 0x7f) | ((second & 0x7f) << 7) | ((bytes[offset + 2] ?? 0) << 14);
}

/** The offset behind that varint; 0 when it is longer or cut. */
function lengthEnd(bytes: Uint8Array, offset: number): number {
  for (let at = offset; at < offset + 3; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return 0;
    if (byte < 0x80) return at + 1;
  }
  return 0;
}
