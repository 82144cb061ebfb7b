import type { Key } from "../key.ts";
import type { BucketName } from "./backend.ts";
import type { Slab } from "./slab.ts";

/** A kind of database file: how it is recognised and opened. */
export interface DatabaseEngine {
  /** Bytes of the head that the others look at; a file may be shorter. */
  readonly headBytes: number;
  /** Whether a file that begins so is of this kind. */
  isOwn(head: Uint8Array): boolean;
  /** What is wrong with a file of this kind, as far as its head tells; undefined for nothing. */
  damageOf(head: Uint8Array, sizeBytes: number): string | undefined;
  /**
   * Looks at what {@link DatabaseEngine.open} would believe; a file that nobody writes to.
   *
   * @throws StoreCorruptError, and whatever reading throws.
   */
  checkStructure(path: string): Promise<void>;
  /** Opens a file, or makes a new one where there is none or an empty one. */
  open(path: string): Promise<DatabaseEnvironment>;
}

/**
 * One open database file: transactions are whole on disk or absent, and take place in the order in
 * which their batches were made.
 */
export interface DatabaseEnvironment {
  /** A row's value as of the last `refresh`, lent until the next read of the environment. */
  get(bucket: BucketName, key: Key): Uint8Array | undefined;
  /** As `get`, for the row of a version that is no tombstone. */
  getVersion(main: number, sub: number): Uint8Array | undefined;
  /**
   * Rows from `begin` (at least one byte long) up to `end`; the caller must finish or return it. A
   * value is lent until the next read of the environment.
   */
  rows(bucket: BucketName, begin: Key, end: Key | undefined): Iterator<StoredRow>;
  /** The first bytes of a value that is lent, lent as well; the value itself is gone. */
  shorten(lent: Uint8Array, length: number): Uint8Array;
  /** Number of rows as the database keeps it, without a look at them. */
  rowCount(bucket: BucketName): number;
  /**
   * Stages writes that end up in one transaction, perhaps with those of batches before and behind.
   *
   * @returns Resolves when the transaction is flushed to disk.
   */
  batch(writes: () => void): Promise<unknown>;
  /** Inside of `batch`. */
  put(bucket: BucketName, key: Key, value: Uint8Array): void;
  /** Inside of `batch`: a row that lies in a slab from `start` to `end`; it must not change. */
  putVersion(main: number, sub: number, isTombstone: boolean, slab: Slab): void;
  /** Inside of `batch`. */
  remove(bucket: BucketName, key: Key): void;
  /** Makes a compact copy safe to write to; other files are left alone. */
  startFreeList(): Promise<void>;
  /** Writes a compact copy to a new file, not flushed; writers must wait meanwhile. */
  copyTo(path: string): Promise<void>;
  /** Makes reads see everything committed. */
  refresh(): void;
  /** Size of the file and the part of it that holds data, as of the last commit. */
  sizes(): { readonly sizeBytes: number; readonly sizeInUseBytes: number };
  close(): Promise<void>;
}

/** One row as a database hands it out; the value is lent. */
export interface StoredRow {
  readonly key: Key;
  readonly value: Uint8Array;
}

/** Whether an error of a database says that its file is broken, by LMDB's names. */
export function isDamage(error: unknown): error is Error {
  return error instanceof Error && damageTexts.test(error.message);
}

const damageTexts =
  /MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID|CURSOR_FULL|PAGE_FULL|INCOMPATIBLE|BAD_DBI|BAD_TXN|PANIC)/;

/** Whether an operation failed for want of space; LMDB says so by the text alone. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && diskFullTexts.test(error.message);
}

const diskFullTexts = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/;

/**
 * Why a commit failed, as the rejection of a promise: lmdb-js rejects first and says why later.
 */
export function reasonOf(error: unknown): Promise<unknown> | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const reason: unknown = Reflect.get(error, "commitError");
  return reason instanceof Promise ? reason : undefined;
}
