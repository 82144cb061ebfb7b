import type { Clock, Logger, Timers } from "@quorate/platform";
import type { Backend } from "./backend/backend.ts";
import type { Key } from "./key.ts";
import type { KeyVersion, RangeCursor, RangeQuery, RangeResult } from "./range.ts";
import type { Revision } from "./revision.ts";
import type { StoreInstruments, StoreStats } from "./store-stats.ts";
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
}

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
export declare class MvccStore {
  private constructor();
  /** Opens the store of a backend: rebuilds the index and takes up an unfinished compaction. */
  static open(options: Partial<StoreOptions>, dependencies: StoreDependencies): Promise<MvccStore>;
  /** 1 when never written. */
  get currentRevision(): Revision;
  /** Oldest readable revision; -1 before any compaction. */
  get compactRevision(): number;
  get backend(): Backend;
  /** Stored bytes (`mvccpb.KeyValue`) of a live key. */
  get(key: Key): Uint8Array | undefined;
  /** Revisions and version of a live key, without reading its value. */
  versionOf(key: Key): KeyVersion | undefined;
  /** Reads everything applied so far. @throws CompactedError, FutureRevisionError */
  range(query: RangeQuery): RangeResult;
  /** Pins a revision for paged reading. Only key order, no filters. @throws as `range` */
  openRange(query: RangeQuery): RangeCursor;
  /** Begins the one write transaction. @throws RevisionExhaustedError at 2^53 - 1 (P7). */
  beginWrite(): WriteTxn;
  /**
   * Makes history before `revision` unreadable and starts its removal.
   *
   * @returns Promise of the removal's end (`physical`), rejected only if the store closes first.
   * @remarks Stages the scheduled revision in the backend; the caller ends the unit.
   * @throws CompactedError at or below the last compaction; FutureRevisionError above the newest.
   */
  scheduleCompaction(revision: number): Promise<void>;
  /** Resolves when no physical removal is under way. */
  compactionFinished(): Promise<void>;
  /** Hashes all versions up to a revision (0: current), equal on all members. @throws as `range` */
  hashKv(revision: number): Promise<HashKvResult>;
  /** Opens a watch connection. */
  openWatchStream(sink: WatchSink): WatchStream;
  /** Replaces all content by a database file (snapshot install); watchers go on where they were. */
  restoreFrom(path: string): Promise<void>;
  /**
   * Live keys with a lease as found by the last `open` or `restoreFrom`; handed over once, then empty.
   */
  takeAttachedLeases(): ReadonlyMap<Key, bigint>;
  stats(): StoreStats;
  /** Stops slices and watch streams; the backend stays open. */
  close(): Promise<void>;
}
