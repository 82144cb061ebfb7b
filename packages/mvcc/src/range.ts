import type { Key } from "./key.ts";
import type { Revision } from "./revision.ts";

/** By what a range answer is sorted; as etcd's `RangeRequest.SortTarget`. */
export type SortTarget = "key" | "version" | "create" | "mod" | "value";

/** Order of a range answer; `none` is key order, with a quirk (see {@link RangeQuery.limit}). */
export type SortOrder = "none" | "ascend" | "descend";

/** What to read. Absent fields have the meaning of etcd's zero values. */
export interface RangeQuery {
  readonly key: Key;
  /** `""` or absent: the single key; `"\0"`: to the end; else exclusive end. */
  readonly rangeEnd?: Key;
  /** 0, absent or negative: current state. */
  readonly revision?: number;
  /**
   * Most pairs returned; 0, absent or negative: all.
   *
   * @remarks With order `none`, a target other than `key` and no filter, the first `limit + 1` keys
   * in key order are taken and only those are sorted, as etcd does.
   */
  readonly limit?: number;
  readonly countOnly?: boolean;
  /** Values are stripped; the lease too, unless the target is `value`. */
  readonly keysOnly?: boolean;
  readonly sortOrder?: SortOrder;
  readonly sortTarget?: SortTarget;
  /** Drop pairs outside these bounds, before sort and limit; 0 or absent: off. */
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}

/** What was read. */
export interface RangeResult {
  /** Current revision of the store at the read, for the answer's header. */
  readonly revision: Revision;
  /** Keys in the range at the revision read, whatever limit and filters say. */
  readonly count: number;
  /** Whether the limit cut pairs off. */
  readonly more: boolean;
  /** `mvccpb.KeyValue` wire bytes; must not be changed. */
  readonly kvs: readonly Uint8Array[];
}

/** Reads a large range piece by piece at one pinned revision. */
export interface RangeCursor {
  /** Current revision when the cursor was made; header of the last chunk. */
  readonly revision: Revision;
  /** Keys in the range at the pinned revision; the limit does not matter. */
  readonly count: number;
  /** Whether the limit cuts pairs off. */
  readonly more: boolean;
  /** Whether everything was handed out. */
  readonly isDone: boolean;
  /**
   * Reads the next pairs in key order.
   *
   * @param maxKeys - Most pairs, at least 1.
   * @param maxBytes - Stop after the pair that reaches this many bytes; no bound by default.
   * @throws CompactedError once compaction has passed the pinned revision.
   */
  next(maxKeys: number, maxBytes?: number): readonly Uint8Array[];
}

/** Revisions and version of one live key, from the index: no value is read. */
export interface KeyVersion {
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
}

/**
 * Reads a range of any order, with any filter, in slices at one pinned revision: `step` until it
 * says true, then `next` as of a {@link RangeCursor}.
 */
export interface RangeJob extends RangeCursor {
  /** Whether all keys were looked at. Only then `count`, `more` and `next` mean anything. */
  readonly isReady: boolean;
  /**
   * Looks at the next keys, and reads their values if these decide the order.
   *
   * @param maxKeys - Most keys, deleted ones included, at least 1.
   * @returns `isReady`.
   * @throws CompactedError once compaction has passed the pinned revision.
   */
  step(maxKeys: number): boolean;
}
