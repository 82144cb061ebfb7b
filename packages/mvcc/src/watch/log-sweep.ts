import type { Backend } from "../backend/backend.ts";
import { HistoryCheck } from "../history-check.ts";
import { copyLent } from "../lent.ts";
import { StoredFields } from "../key-value.ts";
import { keyFromPart, type Key } from "../key.ts";
import { isTombstoneKey, mainOf, revisionKey, subOf } from "../revision-key.ts";
import type { Revision } from "../revision.ts";
import { WatchEvent, type PreviousLookup } from "./watch-event.ts";

/** What the hub needs of its store. */
export interface LogSource {
  readonly backend: Backend;
  readonly currentRevision: Revision;
  /** Oldest revision whose events are still there; -1 for all. */
  readonly compactRevision: number;
  readonly previousOf: PreviousLookup;
  brand(revision: number): Revision;
}

/**
 * Reads the log from a revision on, up to the limits but never splitting a revision (W4).
 *
 * @param isWanted - Whether anybody wants events of a key at a revision; called before `visit`.
 * @returns First revision that was not read; above the current one at the end of the log.
 * @throws StoreCorruptError if a row is damaged or missing: watchers must not skip it (B7, W3).
 */
export function sweepLog(
  source: LogSource,
  begin: number,
  limits: { readonly revisionsMax: number; readonly bytesMax: number },
  isWanted: (key: Key, main: number) => boolean,
  visit: (event: WatchEvent) => void,
): number {
  let revisions = 0;
  let bytes = 0;
  let last = 0;
  let end = source.currentRevision + 1;
  const fields = new StoredFields();
  const check = new HistoryCheck(source.backend, source.compactRevision, begin);
  const range = { begin: revisionKey(begin, 0, false), isLent: true };
  source.backend.scan("key", range, (rowKey, row) => {
    const main = mainOf(rowKey);
    if (main > source.currentRevision) return false;
    if (main !== last) {
      if (revisions >= limits.revisionsMax || bytes >= limits.bytesMax) {
        end = main;
        return false;
      }
      last = main;
      revisions++;
    }
    check.take(main, subOf(rowKey));
    bytes += row.length;
    fields.read(row);
    const key = keyFromPart(row, fields.keyBegin, fields.keyEnd);
    if (!isWanted(key, main)) return true;
    const isTombstone = isTombstoneKey(rowKey);
    const isCreation = !isTombstone && fields.create === main;
    visit(new WatchEvent(key, main, copyLent(row), isTombstone, isCreation));
    return true;
  });
  check.end(end - 1);
  return end;
}
