import type { HeaderList } from "./header-field.ts";

/** Blocks kept for one connection. A client has one for each method and each set of metadata. */
const entriesMax = 8;
/** Longer blocks are not kept: with {@link entriesMax} this bounds the memory of a connection. */
const blockBytesMax = 512;
const bufferBytesLeast = 64;

interface CachedBlock {
  /** Owned here; the block is its first `length` bytes. */
  bytes: Uint8Array;
  length: number;
  list: HeaderList;
}

/**
 * The lists of blocks that a client sends again and again.
 *
 * A block means the same list for as long as the dynamic table stays as it is and the block itself
 * leaves it alone, which is how clients' blocks are once their fields are in the table. So all
 * entries belong to one version of the table and are forgotten with it.
 */
export class BlockCache {
  readonly #entries: CachedBlock[] = [];
  #count = 0;
  #nextVictim = 0;
  #lastHit = 0;
  #version = -1;

  /**
   * The list of an equal block kept at this version of the table; undefined if there is none.
   *
   * Hot: for most connections this is all the decoding there is. No allocation.
   */
  find(block: Uint8Array, version: number): HeaderList | undefined {
    if (version !== this.#version) return undefined;
    const last = this.#entries[this.#lastHit];
    if (last !== undefined && this.#lastHit < this.#count && isBlock(last, block)) return last.list;
    for (let index = 0; index < this.#count; index += 1) {
      const entry = this.#entries[index];
      if (entry !== undefined && isBlock(entry, block)) {
        this.#lastHit = index;
        return entry.list;
      }
    }
    return undefined;
  }

  /** Keeps a copy of a block; `version` is the table's before and after it. */
  add(block: Uint8Array, version: number, list: HeaderList): void {
    const { length } = block;
    if (length > blockBytesMax) return;
    if (version !== this.#version) {
      this.#version = version;
      this.#count = 0;
      this.#nextVictim = 0;
    }
    const index = this.#count < entriesMax ? this.#count : this.#nextVictim;
    if (this.#count < entriesMax) this.#count += 1;
    else this.#nextVictim = (this.#nextVictim + 1) % entriesMax;
    let entry = this.#entries[index];
    if (entry === undefined) {
      entry = { bytes: bufferFor(length), length, list };
      this.#entries[index] = entry;
    }
    if (entry.bytes.length < length) entry.bytes = bufferFor(length);
    entry.bytes.set(block);
    entry.length = length;
    entry.list = list;
  }
}

function isBlock(entry: CachedBlock, block: Uint8Array): boolean {
  const { bytes, length } = entry;
  if (block.length !== length) return false;
  // From the end: equal blocks are equal everywhere, others mostly differ in their last field.
  for (let index = length - 1; index >= 0; index -= 1) {
    if (bytes[index] !== block[index]) return false;
  }
  return true;
}

/**
 * Sizes are few, so that the buffer of an entry is soon large enough for good; the least is the
 * largest that V8 makes within its heap.
 */
function bufferFor(length: number): Uint8Array {
  let bytes = bufferBytesLeast;
  while (bytes < length) bytes *= 2;
  return new Uint8Array(bytes);
}
