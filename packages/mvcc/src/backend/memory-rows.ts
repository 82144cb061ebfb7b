import type { Key } from "../key.ts";
import { bucketNames, type BucketName } from "./backend.ts";
import type { MemoryWrite } from "./memory-file.ts";
import { SortedRows } from "./sorted-rows.ts";

/** Rows of all buckets. */
export type BucketRows = Readonly<Record<BucketName, SortedRows<Uint8Array>>>;

/** Buckets without a row. */
export function emptyBuckets(): BucketRows {
  return {
    key: new SortedRows(),
    lease: new SortedRows(),
    auth: new SortedRows(),
    authUsers: new SortedRows(),
    authRoles: new SortedRows(),
    members: new SortedRows(),
    alarm: new SortedRows(),
    meta: new SortedRows(),
  };
}

/** All rows, bucket by bucket, each in order of keys. */
export function* rowsOfBuckets(buckets: BucketRows): Generator<MemoryWrite> {
  for (const bucket of bucketNames) {
    for (const key of buckets[bucket].orderedKeys()) {
      const value = buckets[bucket].get(key);
      if (value !== undefined) yield { bucket, key, value };
    }
  }
}

/** Longest row key, as with LMDB. */
export const rowKeyBytesMax: number = 1978;

/**
 * Holds row keys to the bounds of LMDB.
 *
 * @throws RangeError for one that LMDB would refuse.
 */
export function checkRowKey(key: Key): void {
  if (key.length >= 1 && key.length <= rowKeyBytesMax) return;
  throw new RangeError(`a row key is ${key.length} bytes long, wanted 1 to ${rowKeyBytesMax}`);
}
