/**
 * The file operations that durable components use.
 *
 * Writes are synchronous into the page cache (measured faster than asynchronous ones for small
 * records); everything that may wait for the disk is asynchronous. A path is absolute or relative
 * to the process. Errors are `FileSystemError` with the errno code kept.
 */
export interface FileSystem {
  /**
   * Opens a file.
   *
   * @param mode - `read`: must exist; `write`: must exist, read and write; `create`: made empty
   *   with mode 0600, must not exist; `create-or-truncate`: made empty whether or not it exists.
   */
  open(path: string, mode: OpenMode): Promise<FileHandle>;
  /** Names in a directory, sorted bytewise; without `.` and `..`. */
  list(path: string): Promise<readonly string[]>;
  /** Whether anything is at the path, and what. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Bytes that are left for what this process writes, on the disk of what is at the path. */
  freeBytes(path: string): Promise<number>;
  /** Makes a directory and its parents with mode 0700; existing ones are fine. */
  makeDirectory(path: string): Promise<void>;
  /** Atomically replaces `to`; durable after {@link FileSystem.syncDirectory} of the parent. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; a missing one is fine. */
  remove(path: string): Promise<void>;
  /** Removes a directory and all that is in it; a missing one is fine. */
  removeDirectory(path: string): Promise<void>;
  /** Makes creations, renames and removals inside the directory durable (P4, B2). */
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes an exclusive lock (B25), held until `release` or the death of the process.
   *
   * @returns Undefined if another holds it.
   */
  lock(path: string): Promise<FileLock | undefined>;
}

/** See {@link FileSystem.open}. */
export type OpenMode = "read" | "write" | "create" | "create-or-truncate";

/** What {@link FileSystem.stat} tells. */
export interface FileStat {
  readonly kind: "file" | "directory" | "other";
  readonly sizeBytes: number;
}

/** An exclusive lock on a path. */
export interface FileLock {
  release(): Promise<void>;
}

/** An open file. One owner; `close` is idempotent. */
export interface FileHandle {
  /** Writes all chunks at `position` into the page cache; a short write throws (B4). */
  writeSync(chunks: readonly Uint8Array[], position: number): void;
  /** Reads up to `target.length` bytes from `position`; returns the count, 0 at the end. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Synchronous form of {@link FileHandle.read}. */
  readSync(target: Uint8Array, position: number): number;
  /** Makes written data durable (fdatasync). A handle that rejected is never used again (B3). */
  datasync(): Promise<void>;
  /** Sets the size; growing leaves a hole that reads as zeros. */
  truncate(sizeBytes: number): Promise<void>;
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}

/** A file operation failed; `errno` is the system's code such as `EIO` or `ENOSPC`. */
export class FileSystemError extends Error {
  override readonly name = "FileSystemError";
  readonly code = "file-system";
  readonly errno: string;
  readonly operation: string;
  readonly path: string;

  constructor(operation: string, path: string, errno: string, cause?: unknown) {
    super(`Cannot ${operation} "${path}": ${errno}`, { cause });
    this.operation = operation;
    this.path = path;
    this.errno = errno;
  }
}
