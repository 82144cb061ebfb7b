/**
 * The ids that a client sees, any int64 of its choice, and the small numbers that the store uses.
 * Id 0 asks for the next free one: 0, 1, 2, …
 */
export class WatchIds {
  readonly #hubIds = new Map<bigint, number>();
  #next = 0n;

  /** The id for a wish; undefined when it is in use. */
  choose(wanted: bigint): bigint | undefined {
    if (wanted !== 0n) return this.#hubIds.has(wanted) ? undefined : wanted;
    while (this.#hubIds.has(this.#next)) this.#next += 1n;
    return this.#next;
  }

  /** Notes that an id is in use. */
  use(id: bigint, hubId: number): void {
    this.#hubIds.set(id, hubId);
    if (id === this.#next) this.#next += 1n;
  }

  /** Frees an id; undefined when it is not in use. */
  release(id: bigint): number | undefined {
    const hubId = this.#hubIds.get(id);
    this.#hubIds.delete(id);
    return hubId;
  }
}
