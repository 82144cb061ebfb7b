import type { Clock, Timer, Timers } from "@quorate/platform";
import { metaKeys, type Backend } from "./backend/backend.ts";
import type { KeyIndex } from "./key-index/key-index.ts";
import type { Key } from "./key.ts";
import { writeRevision } from "./rebuild.ts";
import { revisionKey } from "./revision-key.ts";
import type { StoreInstruments } from "./store-stats.ts";

/** Tuning of physical compaction. */
export interface CompactorOptions {
  /** Stored versions removed in one slice. */
  readonly batchLimit: number;
  /** Pause behind a slice that removed that many, in milliseconds. */
  readonly pauseMillis: number;
}

/** What a compactor needs. */
export interface CompactorDependencies {
  readonly backend: Backend;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly instruments: StoreInstruments;
  /** The index in force. */
  readonly index: () => KeyIndex;
  /** Called before anything is removed; a promise holds the removal up. */
  readonly beforeRemoval: (bound: number) => Promise<void> | undefined;
}

/** Keys looked at in one slice: some milliseconds when nothing is to be removed. */
const sliceKeysMax = 10_000;

/**
 * Removes old versions in slices: walks the index, drops what nobody can read any more and deletes
 * the rows. Versions of a key go oldest first and each slice is one unit, so a crash leaves a state
 * from which the same walk finishes; the finished revision is recorded behind the last slice.
 */
export class Compactor {
  readonly #options: CompactorOptions;
  readonly #dependencies: CompactorDependencies;
  readonly #queue: Job[] = [];
  #next: Key = "\0";
  #timer: Timer | undefined;
  #startedMillis = 0;
  #removedTotal = 0;

  constructor(options: CompactorOptions, dependencies: CompactorDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Stored versions removed so far. */
  get removedTotal(): number {
    return this.#removedTotal;
  }

  /** Queues the removal up to a revision; bounds come in ascending order. */
  schedule(bound: number): Promise<void> {
    const promise = new Promise<void>((resolve) => {
      this.#queue.push({ bound, resolve });
    });
    if (this.#queue.length === 1) this.#begin();
    return promise;
  }

  /** Resolves when the queue is empty. */
  async finished(): Promise<void> {
    const last = this.#queue[this.#queue.length - 1];
    if (last === undefined) return;
    await new Promise<void>((resolve) => {
      const before = last.resolve;
      last.resolve = () => {
        before();
        resolve();
      };
    });
  }

  /** Gives up: the state was replaced or the store closes. What waits for an end is released. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const job of this.#queue.splice(0)) job.resolve();
  }

  #begin(): void {
    this.#next = "\0";
    this.#startedMillis = this.#dependencies.clock.monotonicMillis();
    const [job] = this.#queue;
    const held = job === undefined ? undefined : this.#dependencies.beforeRemoval(job.bound);
    if (held === undefined) this.#continue(0);
    else {
      void held.then(() => {
        if (this.#queue[0] === job) this.#continue(0);
      });
    }
  }

  #continue(delayMillis: number): void {
    const { timers } = this.#dependencies;
    const run = (): void => {
      this.#timer = undefined;
      this.#runSlice();
    };
    this.#timer = delayMillis === 0 ? timers.setImmediate(run) : timers.setTimer(delayMillis, run);
  }

  #runSlice(): void {
    const [job] = this.#queue;
    if (job === undefined) return;
    const { backend, clock, index, instruments } = this.#dependencies;
    const startMillis = clock.monotonicMillis();
    const limits = { keysMax: sliceKeysMax, versionsMax: this.#options.batchLimit };
    let removed = 0;
    const next = index().compactSlice(this.#next, job.bound, limits, (main, sub, isTombstone) => {
      removed++;
      backend.delete("key", revisionKey(main, sub, isTombstone));
    });
    this.#removedTotal += removed;
    instruments.compactionKeys?.add(removed);
    instruments.compactionPauseMillis?.observe(clock.monotonicMillis() - startMillis);
    if (next === undefined) this.#finish(job);
    backend.endUnit();
    if (next !== undefined) {
      this.#next = next;
      this.#continue(removed >= this.#options.batchLimit ? this.#options.pauseMillis : 0);
    }
  }

  #finish(job: Job): void {
    const { backend, clock, instruments } = this.#dependencies;
    writeRevision(backend, metaKeys.finishedCompactRevision, job.bound);
    instruments.compactionTotalMillis?.observe(clock.monotonicMillis() - this.#startedMillis);
    this.#queue.shift();
    job.resolve();
    if (this.#queue.length > 0) this.#begin();
  }
}

interface Job {
  readonly bound: number;
  resolve: () => void;
}
