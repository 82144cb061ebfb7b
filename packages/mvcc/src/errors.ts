/** Literal codes of every error of this package. */
export type MvccErrorCode =
  | "compacted"
  | "future-revision"
  | "revision-exhausted"
  | "backend-foreign-file"
  | "backend-failed"
  | "backend-closed"
  | "disk-full"
  | "store-corrupt";

/** Base of all errors of the store; switch on `code`. */
export abstract class MvccError extends Error {
  abstract readonly code: MvccErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The requested revision is older than the last compaction. */
export class CompactedError extends MvccError {
  override readonly code = "compacted";
  /** Revision that was asked for. */
  readonly revision: number;
  /** Oldest revision still readable. */
  readonly compactRevision: number;

  constructor(revision: number, compactRevision: number) {
    super(`Cannot read revision ${revision}: history before ${compactRevision} was compacted`);
    this.revision = revision;
    this.compactRevision = compactRevision;
  }
}

/** The requested revision does not exist yet. */
export class FutureRevisionError extends MvccError {
  override readonly code = "future-revision";
  /** Revision that was asked for. */
  readonly revision: number;
  /** Newest revision of this store. */
  readonly currentRevision: number;

  constructor(revision: number, currentRevision: number) {
    super(`Cannot read revision ${revision}: the store is at ${currentRevision}`);
    this.revision = revision;
    this.currentRevision = currentRevision;
  }
}

/** The store used up all revisions (2^53 - 1) and refuses to write (P7). */
export class RevisionExhaustedError extends MvccError {
  override readonly code = "revision-exhausted";

  constructor() {
    super("Cannot write: the store has used all 2^53 - 1 revisions");
  }
}

/** The file at the database path was not written by this program. */
export class BackendForeignFileError extends MvccError {
  override readonly code = "backend-foreign-file";
  /** Path that was opened. */
  readonly path: string;

  constructor(path: string, found: string, options?: ErrorOptions) {
    super(`Cannot open database "${path}": it holds ${found}, wanted an LMDB environment`, options);
    this.path = path;
  }
}

/** Storage failed; the backend stops taking writes and nothing is retried (B3, B4). */
export class BackendFailedError extends MvccError {
  override readonly code = "backend-failed";

  constructor(action: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Cannot ${action}: ${reason}`, { cause });
  }
}

/** There is no room for a copy of the database; the database is as it was (B5). */
export class DiskFullError extends MvccError {
  override readonly code = "disk-full";

  constructor(action: string, cause: unknown) {
    super(`Cannot ${action}: no space is left on the disk`, { cause });
  }
}

/** The backend was used after `close`. */
export class BackendClosedError extends MvccError {
  override readonly code = "backend-closed";

  constructor() {
    super("Cannot use the database: it is closed");
  }
}

/**
 * What is stored is not what this program wrote: the disk has changed it (B7). Nothing of it may be
 * used, by this member or another: the process must end.
 */
export class StoreCorruptError extends MvccError {
  override readonly code = "store-corrupt";

  /** @param what - What is damaged and where; never bytes of a value (S8). */
  constructor(what: string, options: ErrorOptions & { readonly path?: string } = {}) {
    const { path } = options;
    const where = path === undefined ? "the store" : `database "${path}"`;
    super(`Cannot read ${where}: ${what}; ${corruptAdvice}`, options);
  }
}

const corruptAdvice =
  "remove this member from the cluster and add it again with an empty data directory, " +
  "or restore a backup if there is no other member";
