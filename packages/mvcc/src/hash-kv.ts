import type { Timers } from "@quorate/platform";
import type { Backend } from "./backend/backend.ts";
import { crc32c } from "./crc32c.ts";
import { FoundVersion } from "./key-index/key-history.ts";
import type { KeyIndex } from "./key-index/key-index.ts";
import { StoredFields } from "./key-value.ts";
import { keyFromPart, keyToBytes, type Key } from "./key.ts";
import { isTombstoneKey, mainOf, subOf } from "./revision-key.ts";

/** What hashing needs of its store. */
export interface HashSource {
  readonly backend: Backend;
  readonly timers: Timers;
  /** Replaced by a snapshot install. */
  readonly index: KeyIndex;
}

/** Which versions to hash. */
export interface HashBounds {
  /** Last revision. */
  readonly revision: number;
  /** Compaction whose dropped versions are left out; -1 for none. */
  readonly compactRevision: number;
  /** Asked between slices; false ends the work. */
  readonly isValid: () => boolean;
}

/** Rows hashed in one turn of the event loop: some milliseconds. */
const sliceRows = 2_000;
/** A slice also ends behind this many bytes. */
const sliceBytes = 2 * 1024 * 1024;

/**
 * Hashes all versions up to a revision as etcd's `HashKV` does: CRC-32C over `key`, then row key
 * and
 * row in order of revision, without the versions that the last compaction drops or has dropped.
 *
 * @returns undefined if the bounds lost their validity meanwhile.
 */
export async function hashVersions(
  source: HashSource,
  bounds: HashBounds,
): Promise<number | undefined> {
  const { compactRevision, revision } = bounds;
  const { index } = source;
  const found = new FoundVersion();
  const fields = new StoredFields();
  const isHashed = (rowKey: Key, row: Uint8Array, main: number): boolean => {
    if (main > compactRevision) return true;
    if (isTombstoneKey(rowKey)) return false;
    fields.read(row);
    const history = index.find(keyFromPart(row, fields.keyBegin, fields.keyEnd));
    if (history?.findAt(compactRevision, found) !== true) return false;
    return found.main === main && found.sub === subOf(rowKey);
  };
  let hash = crc32c(0, keyToBytes("key"));
  let begin: Key | undefined = "\0";
  while (begin !== undefined) {
    let rest: Key | undefined;
    let rows = 0;
    let bytes = 0;
    source.backend.scan("key", { begin, isLent: true }, (rowKey, row) => {
      const main = mainOf(rowKey);
      if (main > revision) return false;
      if (rows >= sliceRows || bytes >= sliceBytes) {
        rest = rowKey;
        return false;
      }
      rows++;
      bytes += row.length;
      if (isHashed(rowKey, row, main)) hash = crc32c(crc32c(hash, keyToBytes(rowKey)), row);
      return true;
    });
    begin = rest;
    if (rest === undefined) break;
    await new Promise<void>((resolve) => {
      source.timers.setImmediate(resolve);
    });
    if (!bounds.isValid() || source.index !== index) return undefined;
  }
  return hash;
}
