/**
 * Serves confirmed reads for a bounded time a turn of the event loop (V3).
 *
 * Many things make reads servable: a round that is confirmed, a slice of entries that is applied, a
 * state that is restored. While a backlog is carried from turn to turn none of them serves
 * anything: each would take a slice of its own and begin another chain of turns, and chains never
 * end while reads arrive. One continuation is enough: it serves whatever may be served by then.
 */
import type { Clock, Timers } from "@quorate/platform";
import type { ReadQueue } from "./read-queue.ts";

/** Longest time spent on reads in one turn. */
const readSliceMillis = 10;

/** What the turns are made of. */
export interface ReadTurnsParts {
  readonly queue: Pick<ReadQueue, "release">;
  readonly clock: Clock;
  readonly timers: Pick<Timers, "setImmediate">;
  /** What has been applied; undefined while nothing can be read. */
  readonly appliedIndex: () => number | undefined;
}

/** See the head of the file. */
export class ReadTurns {
  readonly #parts: ReadTurnsParts;
  #endMillis = 0;
  #isCarriedOn = false;

  constructor(parts: ReadTurnsParts) {
    this.#parts = parts;
  }

  /** Serves what may be served: now, or in a later turn when a backlog is carried on. */
  serve(): void {
    if (this.#isCarriedOn) return;
    const { queue, clock, timers, appliedIndex } = this.#parts;
    const index = appliedIndex();
    if (index === undefined) return;
    this.#endMillis = clock.monotonicMillis() + readSliceMillis;
    if (!queue.release(index, this.#isOver)) return;
    this.#isCarriedOn = true;
    timers.setImmediate(() => {
      this.#isCarriedOn = false;
      this.serve();
    });
  }

  readonly #isOver = (): boolean => this.#parts.clock.monotonicMillis() >= this.#endMillis;
}
