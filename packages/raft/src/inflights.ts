/**
 * The append messages on the way to one follower, oldest first: flow control by count and bytes.
 *
 * A queue as a ring: acknowledgements arrive for an index and free everything at or below it.
 */
export class Inflights {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  /** Last index of each message. Invariant: ascending. */
  #indexes: number[] = [];
  #sizes: number[] = [];
  /** Messages at the front of the arrays that are already freed. */
  #freed = 0;
  #bytes = 0;

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
  }

  /** Messages on the way. */
  get count(): number {
    return this.#indexes.length - this.#freed;
  }

  /** Bytes of entries on the way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing more may be sent. One message may overshoot the byte bound: it is checked before. */
  get isFull(): boolean {
    return this.count >= this.#maxCount || this.#bytes >= this.#maxBytes;
  }

  /** Notes a message whose last entry has `lastIndex`. */
  add(lastIndex: number, bytes: number): void {
    this.#indexes.push(lastIndex);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** Frees every message that ends at or below `index`. Amortised O(1) a message. */
  freeThrough(index: number): void {
    while (this.#freed < this.#indexes.length) {
      const last = this.#indexes[this.#freed];
      if (last === undefined || last > index) break;
      this.#bytes -= this.#sizes[this.#freed] ?? 0;
      this.#freed += 1;
    }
    if (this.#freed === this.#indexes.length) this.clear();
    else if (this.#freed > this.#maxCount) this.#shrink();
  }

  /** Forgets everything: the follower is probed again. */
  clear(): void {
    this.#indexes = [];
    this.#sizes = [];
    this.#freed = 0;
    this.#bytes = 0;
  }

  #shrink(): void {
    this.#indexes = this.#indexes.slice(this.#freed);
    this.#sizes = this.#sizes.slice(this.#freed);
    this.#freed = 0;
  }
}
