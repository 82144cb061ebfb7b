import type { Backend } from "../backend/backend.ts";
import { copyLent } from "../lent.ts";
import { StoredFields } from "../key-value.ts";
import { keyFromPart, type Key } from "../key.ts";
import { isTombstoneKey, mainOf, revisionKey } from "../revision-key.ts";
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
    bytes += row.length;
    fields.read(row);
    const key = keyFromPart(row, fields.keyBegin, fields.keyEnd);
    if (!isWanted(key, main)) return true;
    const isTombstone = isTombstoneKey(rowKey);
    const isCreation = !isTombstone && fields.create === main;
    visit(new WatchEvent(key, main, copyLent(row), isTombstone, isCreation));
    return true;
  });
  return end;
}
