import type { Key } from "../key.ts";

/** Names of all buckets (sub-databases) of a member's database. */
export const bucketNames = [
  "key",
  "lease",
  "auth",
  "authUsers",
  "authRoles",
  "members",
  "alarm",
  "meta",
] as const;

/**
 * One of {@link bucketNames}. `key` belongs to the store, `meta` is shared (see {@link metaKeys}).
 */
export type BucketName = (typeof bucketNames)[number];

/** Row keys of bucket `meta` that this package owns; others may use any other key. */
export const metaKeys = {
  /** Revision up to which a compaction was asked for; decimal digits. */
  scheduledCompactRevision: "scheduledCompactRevision",
  /** Revision up to which physical removal is complete; decimal digits. */
  finishedCompactRevision: "finishedCompactRevision",
  /** Put and removed again by the LMDB backend when it opens a compact copy. */
  freeListStart: "freeListStart",
} as const;

/**
 * Where rows live: named buckets of byte rows in byte order of their key.
 *
 * A *unit* is all writes staged up to {@link Backend.endUnit}; it reaches the disk whole or not at
 * all (C25). Writes are visible to reads at once. A unit must be staged within one turn of the
 * event loop. One owner: nothing here is safe for concurrent writers.
 *
 * Row keys are latin1 binary strings (see {@link Key}), 1 to 1,978 bytes. Values are `Uint8Array`s
 * of 0 to 2^31 bytes. A value handed in must not change afterwards; a value handed out must not be
 * changed, and stays valid.
 */
export interface Backend {
  /** Newest value of a row, staged ones included. O(log rows). */
  get(bucket: BucketName, key: Key): Uint8Array | undefined;
  /** Stages a row, replacing an older one. */
  put(bucket: BucketName, key: Key, value: Uint8Array): void;
  /**
   * Stages a version: `put` to bucket `key` under its `revisionKey`, for a value that is not there
   * yet. The caller writes `sizeBytes` bytes into the space before it calls anything else.
   *
   * @remarks Cheapest when versions come in order: main revisions without a gap, each with sub
   *   revisions from 0.
   */
  stageVersion(main: number, sub: number, isTombstone: boolean, sizeBytes: number): RowSpace;
  /**
   * Newest value of the row of a version that is no tombstone, as `get` by its `revisionKey`.
   *
   * @throws StoreCorruptError as all reads do when they come upon damage: the backend has told
   *   `onFailure` then (B7).
   */
  getVersion(main: number, sub: number): Uint8Array | undefined;
  /** Stages the removal of a row; a missing one is fine. */
  delete(bucket: BucketName, key: Key): void;
  /**
   * Visits rows with `begin <= key < end` in ascending byte order, staged ones included.
   *
   * @param visit - Returns false to stop. It must not write to the same bucket.
   */
  scan(bucket: BucketName, range: ScanRange, visit: RowVisitor): void;
  /**
   * Number of rows of a bucket as the storage itself counts them, which a scan of all must find;
   * undefined while it is not known, because writes are staged.
   */
  rowCount(bucket: BucketName): number | undefined;
  /**
   * Says that what is stored cannot be right, as whoever knows its meaning finds: the backend
   * fails, and `onFailure` is told (B7).
   *
   * @param what - What is damaged and where; never bytes of a value (S8).
   * @throws StoreCorruptError always.
   */
  condemn(what: string): never;

  /**
   * Ends a unit of writes.
   *
   * @param mark - A number that only grows and says what the unit covers (the applied index, which
   *   the unit itself must store); left out by writers that cover no log entry. A unit without
   *   writes does not exist, and its mark does not count.
   */
  endUnit(mark?: number): void;
  /** Greatest mark whose unit, and all before it, is known flushed to disk; 0 before any (C37). */
  durableMark(): number;
  /** Writes and flushes every ended unit; resolves when it is on the disk. */
  flush(): Promise<void>;

  /**
   * Bytes of staged writes that are not on the disk yet. They are held in memory: whoever produces
   * writes should pause above some bound of its own.
   */
  readonly stagedBytes: number;
  /** Bytes allocated on disk (file size). Cheap; refreshed at each commit. */
  readonly sizeBytes: number;
  /** Bytes of it that hold data. Cheap; refreshed at each commit. */
  readonly sizeInUseBytes: number;

  /**
   * Writes a compact copy of everything ended so far to a new file and flushes it.
   *
   * Reads and writes go on meanwhile. All rows of the copy are verified: damage does not spread
   * (B7).
   */
  snapshotTo(path: string): Promise<BackendSnapshot>;
  /**
   * Verifies all rows of a database file that another backend copied; bytes behind its pages do
   * not count. The file is as before.
   *
   * @throws StoreCorruptError, BackendFailedError, BackendForeignFileError if it may not be
   *   installed; the backend itself is unharmed.
   */
  verifyCopy(path: string): Promise<void>;
  /**
   * Replaces the whole content by the database file at `path`, which is moved, not copied. A crash
   * leaves the old content or the new, never a mixture. Staged rows are dropped.
   */
  replaceWith(path: string): Promise<void>;
  /**
   * Gives unused space back to the file system. A crash leaves the database whole (C26).
   *
   * @throws DiskFullError if there is no room for the copy; all is as before (B5).
   */
  defragment(): Promise<void>;
  /** Flushes ended units and releases everything; further calls do nothing. */
  close(): Promise<void>;
}

/** Memory for the bytes of one row. Valid until the next call of the backend. */
export interface RowSpace {
  /** Memory of this row and of others. */
  readonly bytes: Buffer;
  /** Where the row begins. */
  readonly begin: number;
  /** A part of `bytes` to keep: its memory is not used again. */
  view(begin: number, end: number): Uint8Array;
}

/** Half-open interval of row keys; `end` left out means to the last row. */
export interface ScanRange {
  readonly begin: Key;
  readonly end?: Key;
  /**
   * Values are only lent: valid until the visitor returns or reads the backend. Much cheaper where
   * rows are looked at and not kept. @default false
   */
  readonly isLent?: boolean;
}

/** Receives one row; return false to stop the scan. */
export type RowVisitor = (key: Key, value: Uint8Array) => boolean;

/** What a copy holds. */
export interface BackendSnapshot {
  /** Greatest mark contained in the copy, 0 if none. */
  readonly mark: number;
  /** Size of the file. */
  readonly sizeBytes: number;
}
