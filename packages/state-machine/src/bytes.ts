// The package's own records (batches, member changes, stored rows) are built from four shapes:
// a byte, a big-endian u64, a base-128 varint of a safe integer, and a varint length followed by
// bytes. Varints hold at most 53 bits, so numbers never leave the exact range.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Bytes of a varint of `value`, 1 to 8. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/**
 * Writes a safe integer that is not negative into bytes with room for it.
 *
 * @returns The offset behind it.
 */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let rest = value;
  let at = offset;
  while (rest >= 128) {
    bytes[at++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = rest;
  return at;
}

/** Writes 64 bits, big-endian, into bytes with room for them; negative as two's complement. */
export function writeU64(bytes: Uint8Array, offset: number, value: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 8);
  view.setBigUint64(0, BigInt.asUintN(64, value));
}

/** Appends the basic shapes to a buffer that grows by doubling. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param sizeHintBytes - Room to start with; exact when the caller knows the size. */
  constructor(sizeHintBytes = 64) {
    this.#bytes = new Uint8Array(sizeHintBytes);
  }

  /** Appends one byte. */
  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  /** Appends 64 bits, big-endian; negative values as two's complement. */
  u64(value: bigint): void {
    this.#reserve(8);
    writeU64(this.#bytes, this.#length, value);
    this.#length += 8;
  }

  /** Appends a safe integer that is not negative. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`Cannot encode varint: ${value} is not in [0, 2^53)`);
    }
    this.#reserve(8);
    this.#length = writeVarint(this.#bytes, this.#length, value);
  }

  /** Appends bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Appends a length and the bytes. */
  lengthPrefixed(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Appends a length and the UTF-8 of the text. */
  text(text: string): void {
    this.lengthPrefixed(encoder.encode(text));
  }

  /** Appends a count and each text. */
  texts(texts: readonly string[]): void {
    this.varint(texts.length);
    for (const text of texts) this.text(text);
  }

  /** What was written: a view, valid until the next write. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** The bytes end too early or hold a value out of bounds; wrapped by each record's own error. */
export class ByteReaderError extends Error {
  override readonly name = "ByteReaderError";
}

/** Reads what {@link ByteWriter} wrote; never past the end, never an unsafe number. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Offset of the next byte. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Reads one byte. */
  byte(): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw new ByteReaderError(`ended at offset ${this.#offset}`);
    this.#offset += 1;
    return value;
  }

  /** Reads 64 bits, big-endian, as an unsigned value. */
  u64(): bigint {
    const begin = this.#offset;
    this.skip(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + begin, 8).getBigUint64(0);
  }

  /** Reads a safe integer that is not negative. */
  varint(): number {
    const first = this.byte();
    if (first < 128) return first;
    let value = first - 128;
    let scale = 128;
    for (let count = 1; count < 8; count += 1) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER) break;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw new ByteReaderError(`varint before offset ${this.#offset} exceeds 2^53-1`);
  }

  /** Moves past `count` bytes. */
  skip(count: number): void {
    if (count > this.remaining) {
      throw new ByteReaderError(`${count} bytes wanted at offset ${this.#offset}`);
    }
    this.#offset += count;
  }

  /** Reads a length and that many bytes: a view. */
  lengthPrefixed(): Uint8Array {
    const length = this.varint();
    const begin = this.#offset;
    this.skip(length);
    return this.#bytes.subarray(begin, begin + length);
  }

  /** Reads a length and UTF-8 text. */
  text(): string {
    const bytes = this.lengthPrefixed();
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new ByteReaderError(`text before offset ${this.#offset} is not UTF-8`, { cause });
    }
  }

  /** Reads a count and that many texts. */
  texts(): string[] {
    const count = this.varint();
    // Each text takes a byte at least, so a forged count cannot make the loop long.
    if (count > this.remaining)
      throw new ByteReaderError(`${count} texts in ${this.remaining} bytes`);
    return Array.from({ length: count }, () => this.text());
  }

  /** Checks that nothing is left. */
  end(): void {
    if (this.remaining !== 0) throw new ByteReaderError(`${this.remaining} bytes after the end`);
  }
}
