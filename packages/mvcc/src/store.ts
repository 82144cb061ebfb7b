import type { Clock, Logger, Timers } from "@quorate/platform";
import { noopLogger } from "@quorate/platform";
import { assert } from "./assert.ts";
import { metaKeys, type Backend } from "./backend/backend.ts";
import { Compactor } from "./compactor.ts";
import { CompactedError, FutureRevisionError } from "./errors.ts";
import { hashVersions, type HashSource } from "./hash-kv.ts";
import type { KeyIndex } from "./key-index/key-index.ts";
import { rangeEndNone, type Key } from "./key.ts";
import { PinnedCursor, type CursorSource } from "./range-cursor.ts";
import { SlicedRange } from "./range-job.ts";
import { newest, RangeReader } from "./range-reader.ts";
import type { KeyVersion, RangeCursor, RangeJob, RangeQuery, RangeResult } from "./range.ts";
import { rebuild, writeRevision, type RebuiltState } from "./rebuild.ts";
import { toRevision, type Revision } from "./revision.ts";
import type { StoreInstruments, StoreStats } from "./store-stats.ts";
import { StoreTxn, type OperationCounters, type TxnHost } from "./store-txn.ts";
import type { LogSource } from "./watch/log-sweep.ts";
import { WatchHub } from "./watch/watch-hub.ts";
import type { WatchSink, WatchStream } from "./watch/watch-stream.ts";
import type { WriteTxn } from "./write-txn.ts";

/** Tuning of a store; every field has a default. */
export interface StoreOptions {
  /** Stored versions removed in one slice of a compaction, 1 to 10^6. @default 1000 */
  readonly compactionBatchLimit: number;
  /** Pause between slices in milliseconds. @default 10 */
  readonly compactionPauseMillis: number;
  /** Most distinct revisions in one catch-up batch. @default 1000 */
  readonly watchBatchRevisionsMax: number;
  /** Most bytes of events in one catch-up batch before it is cut at a revision. @default 1 MiB */
  readonly watchBatchBytesMax: number;
  /** Most watchers that one slice of catch-up feeds. @default 512 */
  readonly watchSliceWatchersMax: number;
  /** Most watchers that are handed new events in one turn; the others follow. @default 1000 */
  readonly watchFanOutWatchersMax: number;
  /**
   * Hash the history up to a compaction before its removal, and answer `hashKv` at the last ten
   * compacted revisions from there, as etcd does. Reads every row up to the bound. @default false
   */
  readonly isHashingCompactions: boolean;
}

/** Defaults of {@link StoreOptions}. */
export const defaultStoreOptions: StoreOptions = {
  compactionBatchLimit: 1000,
  compactionPauseMillis: 10,
  watchBatchRevisionsMax: 1000,
  watchBatchBytesMax: 1024 * 1024,
  watchSliceWatchersMax: 512,
  watchFanOutWatchersMax: 1000,
  isHashingCompactions: false,
};

/** What a store needs from outside. */
export interface StoreDependencies {
  readonly backend: Backend;
  /** Pauses between slices of long work. */
  readonly timers: Timers;
  /** Durations for instruments only. */
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly instruments?: StoreInstruments;
}

/** Answer of {@link MvccStore.hashKv}. */
export interface HashKvResult {
  /** CRC-32C, unsigned. */
  readonly hash: number;
  /** Revision that was hashed. */
  readonly hashRevision: number;
  /** -1 if never compacted. */
  readonly compactRevision: number;
  /** Current revision when the call began. */
  readonly revision: Revision;
}

/**
 * The multi-version store: every write makes a new revision, every revision stays readable until
 * compaction passes it.
 *
 * Single-threaded: all synchronous methods act at once; long work (physical compaction, hashing,
 * catch-up of watchers) runs in slices between turns of the event loop.
 */
export class MvccStore implements TxnHost, CursorSource, LogSource, HashSource {
  readonly backend: Backend;
  readonly timers: Timers;
  /** @internal */
  readonly counters: OperationCounters = {
    rangeTotal: 0,
    putTotal: 0,
    deleteTotal: 0,
    txnTotal: 0,
    putSizeBytes: 0,
  };
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #instruments: StoreInstruments;
  readonly #hub: WatchHub;
  readonly #compactor: Compactor;
  #index: KeyIndex;
  #reader: RangeReader;
  #currentRevision: Revision;
  #compactRevision: number;
  #leases: Map<Key, bigint>;
  readonly #txn: StoreTxn;
  /** Compaction that was removed last; -1 for none. */
  #removedRevision: number;
  #resumedRevision = -1;
  readonly #compactionHashes: CompactionHash[] = [];

  private constructor(options: StoreOptions, dependencies: StoreDependencies, state: RebuiltState) {
    this.backend = dependencies.backend;
    this.timers = dependencies.timers;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger ?? noopLogger;
    this.#instruments = dependencies.instruments ?? {};
    this.#index = state.index;
    this.#reader = new RangeReader(state.index, this.backend);
    this.#currentRevision = toRevision(state.currentRevision);
    this.#compactRevision = state.compactRevision;
    this.#leases = state.leases;
    this.#removedRevision = state.removedRevision;
    this.#hub = new WatchHub(this, this.timers, {
      revisionsMax: options.watchBatchRevisionsMax,
      bytesMax: options.watchBatchBytesMax,
      watchersMax: options.watchSliceWatchersMax,
      fanOut: {
        watchersMax: options.watchFanOutWatchersMax,
        pendingBytesMax: 4 * options.watchBatchBytesMax,
      },
    });
    this.#compactor = new Compactor(
      { batchLimit: options.compactionBatchLimit, pauseMillis: options.compactionPauseMillis },
      {
        backend: this.backend,
        timers: this.timers,
        clock: this.#clock,
        instruments: this.#instruments,
        index: () => this.#index,
        beforeRemoval: (bound) =>
          options.isHashingCompactions ? this.#hashCompaction(bound) : undefined,
      },
    );
    this.#txn = new StoreTxn(this);
    if (state.isCompactionDue) this.#resumeCompaction();
  }

  /**
   * Opens the store of a backend: rebuilds the index and takes up an unfinished compaction.
   *
   * @throws StoreCorruptError if a row does not have the form that this program writes (B7).
   */
  static async open(
    options: Partial<StoreOptions>,
    dependencies: StoreDependencies,
  ): Promise<MvccStore> {
    const state = await rebuild(dependencies.backend, dependencies.timers);
    return new MvccStore({ ...defaultStoreOptions, ...options }, dependencies, state);
  }

  /** 1 when never written. */
  get currentRevision(): Revision {
    return this.#currentRevision;
  }

  /** Oldest readable revision; -1 before any compaction. */
  get compactRevision(): number {
    return this.#compactRevision;
  }

  /** @internal */
  get index(): KeyIndex {
    return this.#index;
  }

  /** @internal */
  get hasListeners(): boolean {
    return this.#hub.hasSynced;
  }

  /** Stored bytes (`mvccpb.KeyValue`) of a live key. */
  get(key: Key): Uint8Array | undefined {
    this.counters.rangeTotal++;
    const history = this.#index.findLive(key);
    return history === undefined ? undefined : this.#reader.row(history.main, history.sub);
  }

  /** Revisions and version of a live key, without reading its value. */
  versionOf(key: Key): KeyVersion | undefined {
    const history = this.#index.findLive(key);
    if (history === undefined) return undefined;
    const { create, main, version } = history;
    return { createRevision: create, modRevision: main, version };
  }

  /**
   * Reads everything applied so far.
   *
   * @throws CompactedError below the compact revision; FutureRevisionError above the current one.
   * @remarks O(log keys + pairs); a count at the current revision is O(log keys), at an older one
   *   O(keys in range).
   */
  range(query: RangeQuery): RangeResult {
    this.counters.rangeTotal++;
    return this.#reader.read(query, this.#revisionToRead(query), this.#currentRevision);
  }

  /** Pins a revision for paged reading. Only key order, no filters. @throws as `range` */
  openRange(query: RangeQuery): RangeCursor {
    this.counters.rangeTotal++;
    const wanted = query.revision ?? 0;
    if (wanted > 0) this.checkReadable(wanted);
    const at = wanted > 0 ? wanted : this.#currentRevision;
    return new PinnedCursor(this, query, at, this.#currentRevision);
  }

  /** Pins a revision for reading any range in slices. @throws as `range` */
  startRange(query: RangeQuery): RangeJob {
    this.counters.rangeTotal++;
    const wanted = query.revision ?? 0;
    if (wanted > 0) this.checkReadable(wanted);
    const at = wanted > 0 ? wanted : this.#currentRevision;
    const isNewest = at === this.#currentRevision;
    const rangeEnd = query.rangeEnd ?? rangeEndNone;
    const count = isNewest ? this.#reader.count(query.key, rangeEnd, newest) : undefined;
    return new SlicedRange(this, query, at, this.#currentRevision, count);
  }

  /**
   * Begins the one write transaction. What it returns serves until its `end`.
   *
   * @throws RevisionExhaustedError at 2^53 - 1 (P7).
   */
  beginWrite(): WriteTxn {
    this.#txn.begin(toRevision(this.#currentRevision + 1));
    return this.#txn;
  }

  /**
   * Makes history before `revision` unreadable and starts its removal.
   *
   * @returns Promise of the removal's end; also resolved when the store closes or is replaced.
   * @remarks Stages the scheduled revision in the backend; the caller ends the unit.
   * @throws CompactedError at or below the last compaction; FutureRevisionError above the newest.
   */
  scheduleCompaction(revision: number): Promise<void> {
    if (revision <= this.#compactRevision) {
      throw new CompactedError(revision, this.#compactRevision);
    }
    if (revision > this.#currentRevision) {
      throw new FutureRevisionError(revision, this.#currentRevision);
    }
    this.#compactRevision = revision;
    writeRevision(this.backend, metaKeys.scheduledCompactRevision, revision);
    this.#hub.compacted();
    return this.#compactor.schedule(revision);
  }

  /** Resolves when no physical removal is under way. */
  compactionFinished(): Promise<void> {
    return this.#compactor.finished();
  }

  /**
   * Hashes all versions up to a revision (0: current), equal on all members.
   *
   * @throws CompactedError, FutureRevisionError (rejections).
   * @remarks O(stored versions), in slices of some milliseconds.
   */
  async hashKv(revision: number): Promise<HashKvResult> {
    const current = this.#currentRevision;
    const startMillis = this.#clock.monotonicMillis();
    const hashRevision = revision <= 0 ? current : revision;
    for (;;) {
      const cached = this.#compactionHashes.find((entry) => entry.hashRevision === hashRevision);
      if (cached !== undefined) return { ...cached, revision: current };
      this.checkReadable(hashRevision);
      const compactRevision = this.#compactRevision;
      const isValid = (): boolean => this.#compactRevision === compactRevision;
      const bounds = { revision: hashRevision, compactRevision, isValid };
      const hash = await hashVersions(this, bounds);
      if (hash === undefined) continue;
      this.#instruments.hashSeconds?.observe((this.#clock.monotonicMillis() - startMillis) / 1000);
      return { hash, hashRevision, compactRevision, revision: current };
    }
  }

  /**
   * Lets events gather until {@link MvccStore.deliverEvents}, which the caller calls in this turn:
   * watchers then get one batch for many revisions.
   */
  gatherEvents(): void {
    this.#hub.gather();
  }

  /** Hands out events that have gathered; from then on each revision's at its end. */
  deliverEvents(): void {
    this.#hub.deliver();
  }

  /** Opens a watch connection. */
  openWatchStream(sink: WatchSink): WatchStream {
    return this.#hub.openStream(sink);
  }

  /**
   * Replaces all content by a database file (snapshot install); watchers go on where they were
   * (C38).
   *
   * No other method may be called until it resolves.
   */
  async restoreFrom(path: string): Promise<void> {
    assert(this.#txn.isEnded, "no transaction is open while the store is replaced");
    const revisionBefore = this.#currentRevision;
    this.#hub.pause();
    this.#compactor.stop();
    await this.backend.replaceWith(path);
    const state = await rebuild(this.backend, this.timers);
    this.#index = state.index;
    this.#reader = new RangeReader(state.index, this.backend);
    this.#currentRevision = toRevision(state.currentRevision);
    this.#compactRevision = state.compactRevision;
    this.#leases = state.leases;
    this.#removedRevision = state.removedRevision;
    this.#compactionHashes.length = 0;
    this.#hub.restored(revisionBefore);
    if (state.isCompactionDue) this.#resumeCompaction();
  }

  /**
   * Live keys with a lease as found by the last `open` or `restoreFrom`; handed over once, then
   * empty.
   */
  takeAttachedLeases(): ReadonlyMap<Key, bigint> {
    const leases = this.#leases;
    this.#leases = new Map();
    return leases;
  }

  /** Counts and sizes; O(unsynced watchers). */
  stats(): StoreStats {
    const { counters } = this;
    return {
      currentRevision: this.#currentRevision,
      compactRevision: this.#compactRevision,
      keysTotal: this.#index.liveSize,
      rangeTotal: counters.rangeTotal,
      putTotal: counters.putTotal,
      deleteTotal: counters.deleteTotal,
      txnTotal: counters.txnTotal,
      totalPutSizeBytes: counters.putSizeBytes,
      compactionKeysTotal: this.#compactor.removedTotal,
      ...this.#hub.stats(),
    };
  }

  /** Stops slices and watch streams; the backend stays open. Idempotent. */
  close(): void {
    this.#hub.close();
    this.#compactor.stop();
  }

  /** @internal */
  get reader(): RangeReader {
    return this.#reader;
  }

  /** @internal */
  checkReadable(revision: number): void {
    if (revision > this.#currentRevision) {
      throw new FutureRevisionError(revision, this.#currentRevision);
    }
    if (revision < this.#compactRevision) {
      throw new CompactedError(revision, this.#compactRevision);
    }
  }

  /** @internal */
  finish(txn: StoreTxn): void {
    if (txn.operations > 1) this.counters.txnTotal++;
    if (!txn.hasChanges) return;
    this.#currentRevision = txn.revision;
    if (txn.events.length > 0) this.#hub.notify(txn.events);
  }

  /** @internal */
  readonly previousOf = (key: Key, main: number): Uint8Array | undefined =>
    main - 1 < this.#compactRevision ? undefined : this.#reader.rowAt(key, main - 1);

  /** @internal */
  brand(revision: number): Revision {
    return toRevision(revision);
  }

  /** Hashes what a compaction is about to thin out, as it was for the compaction before. */
  async #hashCompaction(bound: number): Promise<void> {
    const compactRevision = this.#removedRevision;
    this.#removedRevision = bound;
    // A removal that a crash cut short has taken away part of what would be hashed.
    if (bound === this.#resumedRevision) return;
    const bounds = { revision: bound, compactRevision, isValid: () => true };
    const hash = await hashVersions(this, bounds);
    if (hash === undefined) return;
    this.#compactionHashes.push({ hash, hashRevision: bound, compactRevision });
    if (this.#compactionHashes.length > compactionHashesMax) this.#compactionHashes.shift();
  }

  #revisionToRead(query: RangeQuery): number {
    const wanted = query.revision ?? 0;
    if (wanted <= 0) return newest;
    this.checkReadable(wanted);
    return wanted === this.#currentRevision ? newest : wanted;
  }

  #resumeCompaction(): void {
    this.#resumedRevision = this.#compactRevision;
    this.#logger.info("resuming compaction", { revision: this.#compactRevision });
    void this.#compactor.schedule(this.#compactRevision);
  }
}

/** A hash that outlives the versions it covers. */
type CompactionHash = Omit<HashKvResult, "revision">;

/** As many as etcd keeps. */
const compactionHashesMax = 10;
