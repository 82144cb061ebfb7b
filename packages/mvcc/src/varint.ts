/**
 * Protobuf varints for the few messages this package composes.
 *
 * Numbers are non-negative safe integers; leases are signed 64-bit and take ten bytes when negative.
 */

/** Bytes that a varint takes, 1 to 8. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let size = 5;
  for (let rest = Math.floor(value / 0x800000000); rest > 0; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Writes a varint and returns the position behind it. */
export function writeVarint(target: Uint8Array, position: number, value: number): number {
  let rest = value;
  let at = position;
  while (rest >= 0x10000000) {
    target[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** Bytes that a signed 64-bit varint takes, 1 to 10. */
export function varint64Size(value: bigint): number {
  let size = 1;
  for (let rest = BigInt.asUintN(64, value) >> 7n; rest > 0n; rest >>= 7n) size++;
  return size;
}

/** Writes a signed 64-bit varint and returns the position behind it. */
export function writeVarint64(target: Uint8Array, position: number, value: bigint): number {
  let rest = BigInt.asUintN(64, value);
  let at = position;
  while (rest >= 0x80n) {
    target[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  target[at++] = Number(rest);
  return at;
}

/**
 * Reads protobuf fields one after the other; a malformed message makes {@link ProtoReader.failed}
 * true and ends the reading, nothing throws.
 */
export class ProtoReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  #failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get isAtEnd(): boolean {
    return this.#failed || this.#position >= this.#bytes.length;
  }

  /** Reads a varint below 2^53; greater ones fail. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.#next();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) this.#failed = true;
        return value;
      }
      scale *= 0x80;
    }
    this.#failed = true;
    return 0;
  }

  /** Reads a signed 64-bit varint. */
  varint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#next();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    this.#failed = true;
    return 0n;
  }

  /** Reads a length-delimited field as a view. */
  view(): Uint8Array {
    const length = this.varint();
    const begin = this.#position;
    if (this.#failed || begin + length > this.#bytes.length) {
      this.#failed = true;
      return this.#bytes.subarray(0, 0);
    }
    this.#position = begin + length;
    return this.#bytes.subarray(begin, begin + length);
  }

  /** Passes over a field of the given wire type. */
  skip(wireType: number): void {
    if (wireType === 0) this.varint64();
    else if (wireType === 2) this.view();
    else if (wireType === 1) this.#position += 8;
    else if (wireType === 5) this.#position += 4;
    else this.#failed = true;
    if (this.#position > this.#bytes.length) this.#failed = true;
  }

  #next(): number {
    const byte = this.#bytes[this.#position++];
    if (byte !== undefined) return byte;
    this.#failed = true;
    return 0;
  }
}
