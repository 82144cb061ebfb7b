import type { Key } from "./key.ts";
import type { KeyVersion, RangeQuery, RangeResult } from "./range.ts";
import type { Revision } from "./revision.ts";

/**
 * One atomic change of the store: everything in it gets one main revision.
 *
 * Opened by `MvccStore.beginWrite`, closed by {@link WriteTxn.end} within the same turn of the
 * event
 * loop; one at a time. There is no rollback: check everything that can fail before the first write
 * (C29). Reads see the transaction's own writes.
 */
export interface WriteTxn {
  /** Revision that writes get: one above the store's revision at the beginning. */
  readonly revision: Revision;
  readonly hasChanges: boolean;
  /** Stored bytes (`mvccpb.KeyValue`) of a live key. Call it before `put` for a `prev_kv`. */
  get(key: Key): Uint8Array | undefined;
  /** Revisions and version of a live key; cheaper than {@link WriteTxn.get}. */
  versionOf(key: Key): KeyVersion | undefined;
  /**
   * Reads; revision 0 sees own writes.
   *
   * @returns `revision` is the one before the transaction until something was written, then
   *   {@link WriteTxn.revision}.
   * @throws FutureRevisionError above the revision before the transaction; CompactedError.
   */
  range(query: RangeQuery): RangeResult;
  /** Writes a pair. `value` is copied. */
  put(key: Key, value: Uint8Array, lease: bigint): void;
  /**
   * Removes live keys and returns them in key order. For `prev_kv` call {@link WriteTxn.range}
   * before.
   */
  deleteRange(key: Key, rangeEnd: Key): readonly Key[];
  /**
   * Publishes: moves the store's revision and tells the watchers, if anything changed.
   *
   * @remarks Does not end the backend's unit: the caller stages its applied index first.
   */
  end(): Revision;
}
