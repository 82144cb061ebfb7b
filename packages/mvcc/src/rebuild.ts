import type { Timers } from "@quorate/platform";
import { metaKeys, type Backend } from "./backend/backend.ts";
import { StoreCorruptError } from "./errors.ts";
import { HistoryCheck } from "./history-check.ts";
import { KeyIndex } from "./key-index/key-index.ts";
import { StoredFields } from "./key-value.ts";
import { keyFromBytes, keyFromPart, keyToBytes, type Key } from "./key.ts";
import { isTombstoneKey, mainOf, subOf } from "./revision-key.ts";

/** State of a store that is in memory only, as read back from its backend. */
export interface RebuiltState {
  readonly index: KeyIndex;
  readonly currentRevision: number;
  /** -1 before any compaction. */
  readonly compactRevision: number;
  /** Compaction whose removal is complete; -1 for none. */
  readonly removedRevision: number;
  /** Whether physical removal was cut short. */
  readonly isCompactionDue: boolean;
  /** Leases of live keys, where they have one. */
  readonly leases: Map<Key, bigint>;
}

/** Rows read in one turn of the event loop. */
const sliceRows = 5_000;

/**
 * Reads the whole bucket `key` in slices. O(stored versions x log keys).
 *
 * @throws StoreCorruptError if a row is damaged or missing (B7).
 */
export async function rebuild(backend: Backend, timers: Timers): Promise<RebuiltState> {
  const index = new KeyIndex();
  const leases = new Map<Key, bigint>();
  const fields = new StoredFields();
  const scheduled = readRevision(backend, metaKeys.scheduledCompactRevision);
  const finished = readRevision(backend, metaKeys.finishedCompactRevision);
  const compactRevision = Math.max(scheduled, finished);
  const check = new HistoryCheck(backend, compactRevision, 2);
  let last = 0;
  let total = 0;
  let begin: Key | undefined = "\0";
  while (begin !== undefined) {
    let rest: Key | undefined;
    let rows = 0;
    backend.scan("key", { begin, isLent: true }, (rowKey, row) => {
      if (rows++ >= sliceRows) {
        rest = rowKey;
        return false;
      }
      total++;
      last = mainOf(rowKey);
      check.take(last, subOf(rowKey));
      fields.read(row);
      restoreRow(index, leases, rowKey, row, fields);
      return true;
    });
    begin = rest;
    if (rest !== undefined) await nextTurn(timers);
  }
  const counted = backend.rowCount("key") ?? total;
  if (counted !== total) {
    backend.condemn(`bucket "key" has ${total} rows that can be found, wanted ${counted}`);
  }
  return {
    index,
    // A store that compacted its last version away must not fall behind that (C27, P7).
    currentRevision: Math.max(1, last, compactRevision),
    compactRevision,
    removedRevision: finished,
    isCompactionDue: scheduled > finished,
    leases,
  };
}

/** Stages a revision in bucket `meta`. */
export function writeRevision(backend: Backend, name: Key, revision: number): void {
  backend.put("meta", name, keyToBytes(String(revision)));
}

function readRevision(backend: Backend, name: Key): number {
  const bytes = backend.get("meta", name);
  if (bytes === undefined) return -1;
  const revision = Number(keyFromBytes(bytes));
  if (Number.isSafeInteger(revision)) return revision;
  throw new StoreCorruptError(`row "${name}" of bucket "meta" is not a revision`);
}

function restoreRow(
  index: KeyIndex,
  leases: Map<Key, bigint>,
  rowKey: Key,
  row: Uint8Array,
  fields: StoredFields,
): void {
  const key = keyFromPart(row, fields.keyBegin, fields.keyEnd);
  const main = mainOf(rowKey);
  const sub = subOf(rowKey);
  if (isTombstoneKey(rowKey)) {
    index.restoreTombstone(key, main, sub);
    leases.delete(key);
    return;
  }
  index.restorePut(key, main, sub, fields.create, fields.version);
  if (fields.lease !== 0n) leases.set(key, fields.lease);
  else if (leases.size > 0) leases.delete(key);
}

function nextTurn(timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    timers.setImmediate(resolve);
  });
}
