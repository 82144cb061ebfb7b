import { fieldBytes, type HeaderField } from "./header-field.ts";

/** A client of gRPC has about six fields that stay. */
const slotsAtFirst = 8;

/**
 * The dynamic table of RFC 7541, 2.3.2: first in, first out, bounded by bytes.
 *
 * A ring: index 1 is the newest entry and lies at `#newest`, older ones lie before it.
 *
 * ```
 *   slots   [ d  e  .  .  a  b  c ]     #newest = 1 (e), #count = 5
 *   index     2  1        5  4  3
 * ```
 *
 * Invariant: `bytes <= bytesMax`, so it has at most `bytesMax / 32` entries.
 */
export class DynamicTable {
  /** A power of two long; free slots are undefined, so that evicted fields can be collected. */
  #slots: (HeaderField | undefined)[] = emptySlots(slotsAtFirst);
  #newest = 0;
  #count = 0;
  #bytes = 0;
  #bytesMax: number;
  #version = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Entries now. */
  get count(): number {
    return this.#count;
  }

  /** Size of all entries as RFC 7541, 4.1 counts it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bound of {@link bytes}. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** Grows with each change: equal versions of one table have equal entries at all indexes. */
  get version(): number {
    return this.#version;
  }

  /** @param index - 1 is the newest entry; undefined beyond the oldest. */
  get(index: number): HeaderField | undefined {
    if (index < 1 || index > this.#count) return undefined;
    return this.#slots[(this.#newest - index + 1) & (this.#slots.length - 1)];
  }

  /**
   * Adds the newest entry and evicts old ones until it fits (4.4). One that is larger than the
   * whole table leaves it empty, which is no error.
   */
  add(field: HeaderField): void {
    this.#version += 1;
    const bytes = fieldBytes(field);
    if (bytes > this.#bytesMax) {
      this.#evictTo(0);
      return;
    }
    this.#evictTo(this.#bytesMax - bytes);
    if (this.#count === this.#slots.length) this.#grow();
    this.#newest = (this.#newest + 1) & (this.#slots.length - 1);
    this.#slots[this.#newest] = field;
    this.#count += 1;
    this.#bytes += bytes;
  }

  /** Removes all entries, as {@link add} does for a field larger than the table. */
  clear(): void {
    this.#version += 1;
    this.#evictTo(0);
  }

  /** Changes the bound and evicts what no longer fits (4.3). */
  resize(bytesMax: number): void {
    this.#version += 1;
    this.#bytesMax = bytesMax;
    this.#evictTo(bytesMax);
  }

  #evictTo(bytesMax: number): void {
    while (this.#bytes > bytesMax) {
      const oldest = (this.#newest - this.#count + 1) & (this.#slots.length - 1);
      const field = this.#slots[oldest];
      if (field === undefined) throw new Error("Cannot evict: the slot of the oldest is empty");
      this.#slots[oldest] = undefined;
      this.#count -= 1;
      this.#bytes -= fieldBytes(field);
    }
  }

  #grow(): void {
    const slots = emptySlots(this.#slots.length * 2);
    for (let index = this.#count; index > 0; index -= 1) {
      slots[this.#count - index] = this.get(index);
    }
    this.#slots = slots;
    this.#newest = this.#count - 1;
  }
}

function emptySlots(count: number): (HeaderField | undefined)[] {
  return new Array<HeaderField | undefined>(count).fill(undefined);
}
