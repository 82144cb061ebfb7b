/**
 * Applies committed entries in order, in slices short enough that heartbeats and other work are
 * never kept waiting (V3), and pauses while a snapshot replaces the state.
 */
import type { Clock, Counter, Histogram, Logger, Timers } from "@quorate/platform";
import { decodeConfigurationEntry, type Entry, type SnapshotMark } from "@quorate/raft";
import type {
  AppliedEntry,
  CommittedEntry,
  HeldBatches,
  StateMachine,
} from "@quorate/state-machine";
import type { MemberBatch } from "./outcome.ts";

/** What the applier tells its member. */
export interface ApplierEvents {
  /** Before the first entry of a term is applied. */
  onTerm(term: number): void;
  /** An entry was applied. */
  onApplied(entry: Entry, applied: AppliedEntry<MemberBatch>): void;
  /** Some entries were applied and the turn ends. */
  onProgress(appliedIndex: number): void;
  /** A snapshot replaced the state. */
  onRestored(mark: SnapshotMark): void;
  /** Applying or restoring broke: the process must end (C29). */
  onFailure(error: unknown): void;
}

/** What the applier needs from its surroundings. */
export interface ApplierDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly applySeconds: Histogram;
  readonly slowApplies: Counter;
  /** Puts the file of an installed snapshot in place. */
  readonly restore: (mark: SnapshotMark) => Promise<void>;
}

/** Settings in milliseconds. */
export interface ApplierOptions {
  /** Longest time spent on entries in one turn. @default 10 */
  readonly sliceMillis: number;
  /** An entry that takes longer is logged. */
  readonly warningMillis: number;
  /** While the store holds more bytes that are not on its disk yet, nothing more is applied. */
  readonly stagedBytesMax: number;
}

/** How often a full store is looked at. */
const heldBackMillis = 10;

type Work =
  | { readonly kind: "entries"; readonly entries: readonly Entry[]; next: number }
  | { readonly kind: "snapshot"; readonly mark: SnapshotMark; readonly durable: Promise<void> };

/** See the head of the file. */
export class Applier {
  readonly #options: ApplierOptions;
  readonly #state: StateMachine;
  readonly #held: HeldBatches<MemberBatch>;
  readonly #events: ApplierEvents;
  readonly #dependencies: ApplierDependencies;
  readonly #queue: Work[] = [];
  #term = 0;
  #isScheduled = false;
  #isRestoring = false;
  #isStopped = false;
  #isHeldBack = false;
  #installing: Promise<void> | undefined;

  constructor(
    options: ApplierOptions,
    state: StateMachine,
    held: HeldBatches<MemberBatch>,
    events: ApplierEvents,
    dependencies: ApplierDependencies,
  ) {
    this.#options = options;
    this.#state = state;
    this.#held = held;
    this.#events = events;
    this.#dependencies = dependencies;
  }

  /** Whether entries wait because a slice was over or a snapshot is being installed. */
  get isBehind(): boolean {
    return this.#queue.length > 0;
  }

  /** Whether a snapshot is being installed or waits for that. */
  get hasSnapshot(): boolean {
    return this.#queue.some(({ kind }) => kind === "snapshot");
  }

  /** Whether the state is being replaced: nothing may be read. */
  get isRestoring(): boolean {
    return this.#isRestoring;
  }

  /** Takes committed entries. */
  push(entries: readonly Entry[]): void {
    this.#queue.push({ kind: "entries", entries, next: 0 });
  }

  /** Takes a snapshot that replaces the state once `durable` has resolved. */
  pushSnapshot(mark: SnapshotMark, durable: Promise<void>): void {
    this.#queue.push({ kind: "snapshot", mark, durable });
  }

  /** Applies what waits, for one slice; the rest follows in later turns. */
  run(): void {
    if (this.#isStopped || this.#isRestoring || this.#isScheduled) return;
    const { clock } = this.#dependencies;
    const end = clock.monotonicMillis() + this.#options.sliceMillis;
    let hasApplied = false;
    // Watchers get one response for all revisions of a slice.
    this.#state.store.gatherEvents();
    while (this.#queue.length > 0) {
      const work = this.#queue[0];
      if (work === undefined) break;
      if (work.kind === "snapshot") {
        this.#install(work.mark, work.durable);
        break;
      }
      const entry = work.entries[work.next];
      if (entry === undefined) {
        this.#queue.shift();
        continue;
      }
      if (this.#mustHoldBack()) break;
      if (!this.#apply(entry)) return;
      work.next += 1;
      hasApplied = true;
      if (clock.monotonicMillis() >= end) break;
    }
    this.#state.store.deliverEvents();
    if (hasApplied) this.#events.onProgress(this.#state.appliedIndex);
    if (this.#queue.length > 0) this.#continueLater();
  }

  /** Applies nothing more. Resolves when no snapshot is being installed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#installing?.catch(() => undefined);
  }

  #hasStopped(): boolean {
    return this.#isStopped;
  }

  /** The store's disk does not keep up: what it has not written must not fill the memory. */
  #mustHoldBack(): boolean {
    const { stagedBytes } = this.#state.store.backend;
    const isFull = stagedBytes > this.#options.stagedBytesMax;
    if (isFull && !this.#isHeldBack) {
      this.#dependencies.logger.warn("applying waits for the database's disk", { stagedBytes });
    }
    this.#isHeldBack = isFull;
    return isFull;
  }

  #apply(entry: Entry): boolean {
    const { clock, logger, applySeconds, slowApplies } = this.#dependencies;
    const begin = clock.monotonicMillis();
    try {
      if (entry.term > this.#term) {
        this.#term = entry.term;
        this.#events.onTerm(entry.term);
      }
      this.#events.onApplied(entry, this.#state.apply(toCommitted(entry), this.#held));
    } catch (error) {
      this.#isStopped = true;
      this.#events.onFailure(error);
      return false;
    }
    const millis = clock.monotonicMillis() - begin;
    applySeconds.observe(millis / 1000);
    if (millis > this.#options.warningMillis) {
      slowApplies.add();
      logger.warn("apply request took too long", {
        took: `${millis.toFixed(3)}ms`,
        "expected-duration": `${this.#options.warningMillis}ms`,
        index: entry.index,
        bytes: entry.data.length,
      });
    }
    return true;
  }

  #install(mark: SnapshotMark, durable: Promise<void>): void {
    this.#isRestoring = true;
    const restore = async (): Promise<void> => {
      if (this.#hasStopped()) return;
      // Closing waits for this, not for the log: a log that has failed never calls back.
      this.#installing = this.#dependencies.restore(mark);
      await this.#installing;
      this.#installing = undefined;
      if (this.#hasStopped()) return;
      this.#isRestoring = false;
      this.#queue.shift();
      this.#term = mark.term;
      this.#events.onRestored(mark);
      this.run();
    };
    durable.then(restore).catch((error: unknown) => {
      this.#isStopped = true;
      this.#events.onFailure(error);
    });
  }

  #continueLater(): void {
    if (this.#isRestoring || this.#isStopped) return;
    this.#isScheduled = true;
    const goOn = (): void => {
      this.#isScheduled = false;
      this.run();
    };
    const { timers } = this.#dependencies;
    if (this.#isHeldBack) timers.setTimer(heldBackMillis, goOn);
    else timers.setImmediate(goOn);
  }
}

function toCommitted(entry: Entry): CommittedEntry {
  const { index, term, data } = entry;
  if (entry.kind === "normal") return { kind: "normal", index, term, data };
  const { configuration, context } = decodeConfigurationEntry(data);
  return { kind: "configuration", index, term, configuration, context };
}
