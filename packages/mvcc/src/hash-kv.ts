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
  readonly index: KeyIndex;
  /** -1 before any compaction. */
  readonly compactRevision: number;
}

/** Rows hashed in one turn of the event loop: some milliseconds. */
const sliceRows = 2_000;
/** A slice also ends behind this many bytes. */
const sliceBytes = 2 * 1024 * 1024;

/**
 * Hashes all versions up to a revision as etcd's `HashKV` does: CRC-32C over `key`, then row key and
 * row in order of revision, without the versions that the last compaction drops or has dropped.
 *
 * @returns undefined if a compaction was scheduled meanwhile: the caller starts again.
 */
export async function hashVersions(
  source: HashSource,
  revision: number,
): Promise<number | undefined> {
  const { compactRevision, index } = source;
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
    if (source.compactRevision !== compactRevision || source.index !== index) return undefined;
  }
  return hash;
}
