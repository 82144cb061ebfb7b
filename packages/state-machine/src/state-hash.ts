import { createHash, type Hash } from "node:crypto";
import { metaKeys, type Backend, type BucketName, type MvccStore } from "@quorate/mvcc";

const buckets: readonly BucketName[] = [
  "lease",
  "auth",
  "authUsers",
  "authRoles",
  "members",
  "alarm",
  "meta",
];
const chunkKeys = 1000;

/**
 * SHA-256 over live pairs, the rows of all other buckets, the revisions and the applied position.
 *
 * Left out is what members may do at different times: how far the physical removal of compacted
 * history has come.
 */
export function computeStateHash(state: {
  readonly backend: Backend;
  readonly store: MvccStore;
  readonly applied: readonly number[];
}): string {
  const { backend, store } = state;
  const hash = createHash("sha256");
  const numbers = [...state.applied, store.currentRevision, store.compactRevision];
  hash.update(numbers.join(","));
  const cursor = store.openRange({ key: "\0", rangeEnd: "\0" });
  while (!cursor.isDone) for (const stored of cursor.next(chunkKeys)) updateFramed(hash, stored);
  for (const bucket of buckets) {
    hash.update(bucket);
    backend.scan(bucket, { begin: "" }, (key, value) => {
      if (bucket === "meta" && key === metaKeys.finishedCompactRevision) return true;
      updateFramed(hash, Buffer.from(key, "latin1"));
      updateFramed(hash, value);
      return true;
    });
  }
  return hash.digest("hex");
}

/** Adds the length first, so that rows cannot run into one another. */
function updateFramed(hash: Hash, bytes: Uint8Array): void {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  hash.update(length).update(bytes);
}
