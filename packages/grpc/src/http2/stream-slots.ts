import type { Http2Stream } from "./http2-stream.ts";

const slotsAtFirst = 16;
const slotsMax = 65_536;
/** A connection that has become idle keeps no more. */
const slotsIdleMax = 4_096;

/**
 * The open streams of a connection by their ids.
 *
 * Hot: each call is added, found and removed once. A `Map` would do but for the garbage collector:
 * it rehashes every few hundred calls, and its outgrown tables, linked to each other in the old
 * generation, keep nearly every call alive until a full collection (half of all time went there).
 *
 * Ids ascend in steps of two, so streams lie in a ring of slots. One that lives on while the ring
 * comes round, a watch for instance, moves aside into a map when its slot is needed:
 *
 * ```
 * id 3 ends late        slots: [ 17 | 19 | 5→21 | 23 | 9 … ]     aside: { 3 }
 * ```
 */
export class StreamSlots {
  #slots: (Http2Stream | undefined)[] = emptySlots(slotsAtFirst);
  readonly #aside = new Map<number, Http2Stream>();
  #size = 0;

  /** Number of open streams. */
  get size(): number {
    return this.#size;
  }

  get(id: number): Http2Stream | undefined {
    const stream = this.#slots[(id >>> 1) & (this.#slots.length - 1)];
    if (stream !== undefined && stream.id === id) return stream;
    return this.#aside.size === 0 ? undefined : this.#aside.get(id);
  }

  /** Adds a stream whose id is above all others. */
  add(stream: Http2Stream): void {
    this.#size += 1;
    if (this.#size * 2 > this.#slots.length && this.#slots.length < slotsMax) this.#grow();
    this.#place(stream);
  }

  /** Removes an open stream. */
  remove(id: number): void {
    const index = (id >>> 1) & (this.#slots.length - 1);
    if (this.#slots[index]?.id === id) this.#slots[index] = undefined;
    else if (!this.#aside.delete(id)) return;
    this.#size -= 1;
    if (this.#size === 0 && this.#slots.length > slotsIdleMax) {
      this.#slots = emptySlots(slotsAtFirst);
    }
  }

  /** All open streams; a snapshot. */
  values(): Http2Stream[] {
    const streams = [...this.#aside.values()];
    for (const stream of this.#slots) if (stream !== undefined) streams.push(stream);
    return streams;
  }

  #place(stream: Http2Stream): void {
    const index = (stream.id >>> 1) & (this.#slots.length - 1);
    const older = this.#slots[index];
    if (older !== undefined) this.#aside.set(older.id, older);
    this.#slots[index] = stream;
  }

  #grow(): void {
    const streams = this.values().sort((a, b) => a.id - b.id);
    this.#slots = emptySlots(this.#slots.length * 2);
    this.#aside.clear();
    for (const stream of streams) this.#place(stream);
  }
}

function emptySlots(length: number): (Http2Stream | undefined)[] {
  return new Array<Http2Stream | undefined>(length).fill(undefined);
}
