import { createHash } from "node:crypto";
import { FileSystemError, type FileHandle, type FileSystem } from "@quorate/platform";
import { toLogIndex, toTerm, type LogIndex, type Term } from "@quorate/raft";
import { SnapshotCorruptError } from "./errors.ts";

/** A snapshot file that has its name: whole, as far as its writer could tell. */
export interface SnapshotFile {
  readonly term: Term;
  readonly index: LogIndex;
  readonly path: string;
}

/** Bytes of the SHA-256 that ends each snapshot file. */
export const snapshotChecksumBytes = 32;

/** Name of the snapshot at a place of the log, `<term>-<index>.snap.db` in hexadecimal digits. */
export function snapshotName(term: Term, index: LogIndex): string {
  return `${hex(term)}-${hex(index)}.snap.db`;
}

/** Lists the snapshots of a directory, newest first; other names are left alone. */
export async function listSnapshots(
  files: FileSystem,
  directory: string,
): Promise<readonly SnapshotFile[]> {
  const found: SnapshotFile[] = [];
  for (const name of await files.list(directory)) {
    const match = /^([0-9a-f]{16})-([0-9a-f]{16})\.snap\.db$/.exec(name);
    const term = Number.parseInt(match?.[1] ?? "", 16);
    const index = Number.parseInt(match?.[2] ?? "", 16);
    if (!Number.isSafeInteger(term) || !Number.isSafeInteger(index)) continue;
    found.push({ term: toTerm(term), index: toLogIndex(index), path: `${directory}/${name}` });
  }
  return found.sort((left, right) => right.index - left.index || right.term - left.term);
}

/**
 * Receives a snapshot into a file that gets its name only when it is whole and durable.
 *
 * @example
 * ```ts
 * const writer = await SnapshotWriter.begin(files, "/data/snapshots", term, index);
 * for await (const chunk of chunks) await writer.write(chunk);
 * const { path } = await writer.finish();
 * ```
 */
export class SnapshotWriter {
  readonly #files: FileSystem;
  readonly #directory: string;
  readonly #snapshot: SnapshotFile;
  readonly #handle: FileHandle;
  readonly #hash = createHash("sha256");
  #position = 0;
  #unsyncedBytes = 0;

  private constructor(
    files: FileSystem,
    directory: string,
    snapshot: SnapshotFile,
    handle: FileHandle,
  ) {
    this.#files = files;
    this.#directory = directory;
    this.#snapshot = snapshot;
    this.#handle = handle;
  }

  /** Opens the temporary file; what an earlier attempt left is overwritten (C26). */
  static async begin(
    files: FileSystem,
    directory: string,
    term: Term,
    index: LogIndex,
  ): Promise<SnapshotWriter> {
    const path = `${directory}/${snapshotName(term, index)}`;
    const handle = await files.open(`${path}${partSuffix}`, "create-or-truncate");
    return new SnapshotWriter(files, directory, { term, index, path }, handle);
  }

  /** Appends a chunk; waits for the disk once every 8 MiB, so that the sender is slowed down. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#handle.writeSync([chunk], this.#position);
    this.#position += chunk.length;
    this.#unsyncedBytes += chunk.length;
    if (this.#unsyncedBytes < syncStepBytes) return;
    this.#unsyncedBytes = 0;
    await this.#handle.datasync();
  }

  /**
   * Ends the file with its checksum, makes it durable and gives it its name.
   *
   * @param expectedSha256 - What the sender computed. @default not compared
   * @throws {@link SnapshotCorruptError} when it differs; the file is removed.
   */
  async finish(expectedSha256?: Uint8Array): Promise<SnapshotFile> {
    const digest = this.#hash.digest();
    const { path } = this.#snapshot;
    if (expectedSha256 !== undefined && Buffer.compare(digest, expectedSha256) !== 0) {
      await this.abort();
      throw new SnapshotCorruptError(path, "it is not what the sender sent");
    }
    this.#handle.writeSync([digest], this.#position);
    await this.#handle.datasync();
    await this.#handle.close();
    await this.#files.rename(`${path}${partSuffix}`, path);
    await this.#files.syncDirectory(this.#directory);
    return this.#snapshot;
  }

  /** Removes what was received. */
  async abort(): Promise<void> {
    await this.#handle.close();
    await this.#files.remove(`${this.#snapshot.path}${partSuffix}`);
  }
}

/**
 * Compares a snapshot file with the SHA-256 at its end, in steps of 1 MiB.
 *
 * @returns Bytes of the content, the checksum not counted.
 * @throws {@link SnapshotCorruptError}; FileSystemError on a read error.
 */
export async function verifySnapshot(files: FileSystem, path: string): Promise<number> {
  const handle = await files.open(path, "read");
  try {
    const sizeBytes = await handle.sizeBytes();
    const contentBytes = sizeBytes - snapshotChecksumBytes;
    if (contentBytes < 0) throw new SnapshotCorruptError(path, `it is ${sizeBytes} bytes long`);
    const hash = createHash("sha256");
    const buffer = new Uint8Array(Math.max(1, Math.min(readStepBytes, contentBytes)));
    for (let at = 0; at < contentBytes;) {
      const count = await handle.read(buffer.subarray(0, contentBytes - at), at);
      if (count === 0) throw new FileSystemError("read", path, "EIO");
      hash.update(buffer.subarray(0, count));
      at += count;
    }
    const stored = new Uint8Array(snapshotChecksumBytes);
    const count = await handle.read(stored, contentBytes);
    if (count < stored.length || Buffer.compare(stored, hash.digest()) !== 0) {
      throw new SnapshotCorruptError(path, "the SHA-256 at its end does not match its content");
    }
    return contentBytes;
  } finally {
    await handle.close();
  }
}

/** Removes unfinished files, and all snapshots but the newest `keep`. */
export async function cleanSnapshots(
  files: FileSystem,
  directory: string,
  keep: number,
): Promise<readonly string[]> {
  const unfinished = (await files.list(directory))
    .filter((name) => name.endsWith(`.snap.db${partSuffix}`))
    .map((name) => `${directory}/${name}`);
  const old = (await listSnapshots(files, directory)).slice(keep).map(({ path }) => path);
  for (const path of [...unfinished, ...old]) await files.remove(path);
  await files.syncDirectory(directory);
  return [...unfinished, ...old];
}

const partSuffix = ".part";
const syncStepBytes = 8 * 1024 * 1024;
const readStepBytes = 1024 * 1024;

function hex(value: number): string {
  return value.toString(16).padStart(16, "0");
}
