import type { Key } from "../key.ts";
import type { WatchEvent } from "./watch-event.ts";
import type { WatchBatch } from "./watch-stream.ts";
import type { Watcher } from "./watcher.ts";

/**
 * A key or range that somebody watches. All watchers of the same one share it, so an event is
 * matched, gathered and put into batches once for all of them, whatever their number.
 */
export class Interest {
  readonly key: Key;
  readonly rangeEnd: Key;
  /** Watchers that are fed as the store writes. */
  readonly synced: Set<Watcher> = new Set();
  /** Watchers in any state; the interest ends with the last one. */
  watcherCount = 0;
  /** Of these, those that want the pair before a change. */
  previousCount = 0;
  /** Events that the store has written and nobody was handed yet, in order. */
  pending: WatchEvent[] = [];
  /** What is being handed to the synced watchers; undefined when all have it. */
  delivery: Delivery | undefined = undefined;
  /** What the round of catch-up under way has found; undefined outside of one. */
  swept: WatchEvent[] | undefined = undefined;
  /** Least revision that a watcher in the round under way needs. */
  sweptFrom = 0;

  constructor(key: Key, rangeEnd: Key) {
    this.key = key;
    this.rangeEnd = rangeEnd;
  }
}

/** Events of one interest on their way to its watchers, in as many forms as these ask for. */
export class Delivery {
  /** Revisions of the first and the last event. */
  readonly first: number;
  readonly last: number;
  readonly #events: readonly WatchEvent[];
  readonly #revision: WatchBatch["revision"];
  readonly #forms: (WatchBatch | undefined)[] = [];

  /**
   * @param events - In order, at least one; whole revisions (W4).
   * @param revision - For the header.
   */
  constructor(events: readonly WatchEvent[], revision: WatchBatch["revision"]) {
    this.#events = events;
    this.#revision = revision;
    this.first = events[0]?.main ?? 0;
    this.last = events[events.length - 1]?.main ?? 0;
  }

  /**
   * What a watcher gets: the events from its next revision on that its filters let pass. Watchers
   * with equal wishes share one batch.
   *
   * @returns No events if nothing passes.
   */
  batchFor(watcher: Watcher): WatchBatch {
    // Who came between two of the events gets a batch of its own.
    if (watcher.nextRevision > this.first) return this.#make(watcher);
    return (this.#forms[watcher.form] ??= this.#make(watcher));
  }

  #make(watcher: Watcher): WatchBatch {
    const events: Uint8Array[] = [];
    let sizeBytes = 0;
    for (const event of this.#events) {
      if (event.main < watcher.nextRevision || !watcher.accepts(event)) continue;
      const wire = watcher.wantsPrevious ? event.withPrevious() : event.plain();
      events.push(wire);
      sizeBytes += wire.length;
    }
    return { revision: this.#revision, events, sizeBytes };
  }
}
