import type { RowSpace } from "./backend.ts";

/** Memory of a slab. Rows of more than an eighth of it get memory of their own. */
export const slabBytes: number = 64 * 1024;
const ownSlabBytesMin = slabBytes / 8;

/**
 * Memory that many staged rows share: a row costs no object and no allocation of its own.
 *
 * As a value for lmdb-js a slab stands for its row between `start` and `end`: of what an encoder
 * returns, lmdb-js reads `buffer`, `address`, `start` and `end`, and it keeps the slab until the
 * row is written.
 */
export class Slab implements RowSpace {
  readonly bytes: Buffer;
  readonly buffer: ArrayBufferLike;
  /** The same memory, to read words from. */
  readonly memory: DataView;
  /** Set by lmdb-js on first use. */
  address = 0;
  start = 0;
  end = 0;
  /** Where the row begins that was added last. */
  begin = 0;
  /** First byte behind the last row. */
  used = 0;
  /** Whether anybody may still look at the memory. */
  hasViews = false;

  constructor(sizeBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes);
    this.buffer = this.bytes.buffer;
    this.memory = new DataView(this.buffer, this.bytes.byteOffset, sizeBytes);
  }

  view(begin: number, end: number): Uint8Array {
    this.hasViews = true;
    return this.bytes.subarray(begin, end);
  }

  /** Whether a row fits in; one must begin before `slabBytes`, however large the slab. */
  hasRoom(sizeBytes: number): boolean {
    return this.used < slabBytes && this.used + sizeBytes <= this.bytes.length;
  }

  /** Makes room for a row; the caller has seen that there is some. */
  add(sizeBytes: number): void {
    this.begin = this.used;
    this.used += sizeBytes;
  }
}

/** Slabs that are free again, up to a bound, so that a steady load allocates nothing. */
export class SlabPool {
  readonly #free: Slab[] = [];
  readonly #slabsMax: number;

  /** @param bytesMax - Most memory kept for later. */
  constructor(bytesMax: number) {
    this.#slabsMax = Math.floor(bytesMax / slabBytes);
  }

  /** A slab with room for a row; one of its own for a large row. */
  take(rowBytes: number): Slab {
    return rowBytes > ownSlabBytesMin
      ? new Slab(rowBytes)
      : (this.#free.pop() ?? new Slab(slabBytes));
  }

  /** Takes back a slab whose rows are not needed; one that was lent out goes its own way. */
  give(slab: Slab): void {
    if (slab.hasViews || slab.bytes.length !== slabBytes) return;
    if (this.#free.length >= this.#slabsMax) return;
    slab.used = 0;
    this.#free.push(slab);
  }
}
