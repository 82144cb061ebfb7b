/** What a table holds: one stream of a connection. */
interface Numbered {
  /** Odd, and larger than that of every stream before. */
  readonly id: number;
}

const slotsAtFirst = 16;

/**
 * The open streams of a connection by their ids, as a ring: ids grow by two, so those open at one
 * time lie close together. The ring doubles when a long-lived stream is in the way.
 *
 * Invariant: the stream with an id is in slot `(id >> 1) % slots` or not in the table.
 */
export class StreamTable<S extends Numbered> {
  #slots: Array<S | undefined> = Array.from({ length: slotsAtFirst }, () => undefined);
  #mask = slotsAtFirst - 1;

  get(id: number): S | undefined {
    const stream = this.#slots[(id >>> 1) & this.#mask];
    return stream?.id === id ? stream : undefined;
  }

  add(stream: S): void {
    let slot = (stream.id >>> 1) & this.#mask;
    while (this.#slots[slot] !== undefined) {
      this.#grow();
      slot = (stream.id >>> 1) & this.#mask;
    }
    this.#slots[slot] = stream;
  }

  delete(id: number): void {
    const slot = (id >>> 1) & this.#mask;
    if (this.#slots[slot]?.id === id) this.#slots[slot] = undefined;
  }

  /** All streams, in no order. O(slots). */
  all(): readonly S[] {
    return this.#slots.flatMap((stream) => stream ?? []);
  }

  /** Streams that differ in their slot still differ in a ring of twice the size. */
  #grow(): void {
    const streams = this.all();
    const length = this.#slots.length * 2;
    this.#mask = length - 1;
    this.#slots = Array.from({ length }, () => undefined);
    for (const stream of streams) this.#slots[(stream.id >>> 1) & this.#mask] = stream;
  }
}
