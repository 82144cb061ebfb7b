import type { Counter, Histogram } from "@quorate/platform";

/** Counts and sizes of a store since it was opened. */
export interface StoreStats {
  readonly currentRevision: number;
  /** -1 before any compaction. */
  readonly compactRevision: number;
  /** Live keys. */
  readonly keysTotal: number;
  readonly rangeTotal: number;
  readonly putTotal: number;
  readonly deleteTotal: number;
  /** Write transactions with more than one operation. */
  readonly txnTotal: number;
  /** Bytes of keys and values put. */
  readonly totalPutSizeBytes: number;
  readonly watchStreamTotal: number;
  readonly watcherTotal: number;
  /** Watchers that are not caught up. */
  readonly slowWatcherTotal: number;
  /** Events handed to streams. */
  readonly eventsTotal: number;
  /** Watchers that had everything, fell behind and went back to reading the store. */
  readonly fallbacksTotal: number;
  /** Distance in revisions of the watcher that is furthest behind; 0 if none. */
  readonly pendingRevisions: number;
  /** Stored versions removed by compactions. */
  readonly compactionKeysTotal: number;
}

/** Instruments that the store feeds as things happen; all optional. */
export interface StoreInstruments {
  /** Milliseconds of one slice of a physical compaction. */
  readonly compactionPauseMillis?: Histogram;
  /** Milliseconds of a whole compaction. */
  readonly compactionTotalMillis?: Histogram;
  readonly compactionKeys?: Counter;
  /** Seconds of a HashKV call. */
  readonly hashSeconds?: Histogram;
}
