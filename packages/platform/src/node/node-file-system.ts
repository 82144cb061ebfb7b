import * as fs from "node:fs";
import { open, mkdir, readdir, rename, rm, stat, statfs, unlink } from "node:fs/promises";
import type { FileHandle as NodeHandle } from "node:fs/promises";
import {
  FileSystemError,
  type FileHandle,
  type FileLock,
  type FileStat,
  type FileSystem,
  type OpenMode,
} from "../file-system.ts";
import { lockFile } from "./file-lock.ts";

/** The operating system's files. */
export class NodeFileSystem implements FileSystem {
  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    return new NodeFileHandle(
      path,
      await attempt("open", path, () => open(path, openFlags[mode], 0o600)),
    );
  }

  async list(path: string): Promise<readonly string[]> {
    // Names are compared as bytes: the order of JavaScript strings differs beyond the basic plane.
    const names = await attempt("list", path, () => readdir(path, { encoding: "buffer" }));
    return names.sort((left, right) => Buffer.compare(left, right)).map((name) => name.toString());
  }

  async stat(path: string): Promise<FileStat | undefined> {
    try {
      const found = await stat(path);
      const kind = found.isFile() ? "file" : found.isDirectory() ? "directory" : "other";
      return { kind, sizeBytes: found.size };
    } catch (error) {
      const failure = toFileSystemError("stat", path, error);
      if (failure.errno === "ENOENT" || failure.errno === "ENOTDIR") return undefined;
      throw failure;
    }
  }

  async freeBytes(path: string): Promise<number> {
    const { bavail, bsize } = await attempt("stat the file system of", path, () => statfs(path));
    return bavail * bsize;
  }

  async makeDirectory(path: string): Promise<void> {
    await attempt("make directory", path, () => mkdir(path, { recursive: true, mode: 0o700 }));
  }

  rename(from: string, to: string): Promise<void> {
    return attempt("rename", from, () => rename(from, to));
  }

  async remove(path: string): Promise<void> {
    try {
      await unlink(path);
    } catch (error) {
      const failure = toFileSystemError("remove", path, error);
      if (failure.errno !== "ENOENT") throw failure;
    }
  }

  removeDirectory(path: string): Promise<void> {
    return attempt("remove directory", path, () => rm(path, { recursive: true, force: true }));
  }

  async syncDirectory(path: string): Promise<void> {
    const handle = await attempt("sync directory", path, () => open(path, fs.constants.O_RDONLY));
    try {
      await attempt("sync directory", path, () => handle.sync());
    } finally {
      await handle.close();
    }
  }

  lock(path: string): Promise<FileLock | undefined> {
    return attempt("lock", path, () => lockFile(path));
  }
}

const openFlags = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
  "create-or-truncate": fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_TRUNC,
} as const satisfies Record<OpenMode, number>;

/** Linux takes at most this many buffers in one call. */
const buffersMax = 1024;

class NodeFileHandle implements FileHandle {
  readonly #path: string;
  readonly #handle: NodeHandle;
  #closed: Promise<void> | undefined;

  constructor(path: string, handle: NodeHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  writeSync(chunks: readonly Uint8Array[], position: number): void {
    this.#checkOpen("write");
    if (chunks.length > buffersMax) {
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      const group = chunks.slice(0, buffersMax);
      this.writeSync(group, position);
      const written = group.reduce((sum, chunk) => sum + chunk.length, 0);
      if (written < bytes) this.writeSync(chunks.slice(buffersMax), position + written);
      return;
    }
    let left = chunks;
    let at = position;
    while (left.length > 0) {
      const written = this.#writeSome(left, at);
      at += written;
      left = withoutPrefix(left, written);
      // A short write is repeated with the rest, so that the system names its reason (B4).
      if (written === 0 && left.length > 0) throw new FileSystemError("write", this.#path, "EIO");
    }
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    this.#checkOpen("read");
    const { bytesRead } = await attempt("read", this.#path, () =>
      this.#handle.read(target, 0, target.length, position),
    );
    return bytesRead;
  }

  readSync(target: Uint8Array, position: number): number {
    this.#checkOpen("read");
    try {
      return fs.readSync(this.#handle.fd, target, 0, target.length, position);
    } catch (error) {
      throw toFileSystemError("read", this.#path, error);
    }
  }

  async datasync(): Promise<void> {
    this.#checkOpen("datasync");
    await attempt("datasync", this.#path, () => this.#handle.datasync());
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#checkOpen("truncate");
    await attempt("truncate", this.#path, () => this.#handle.truncate(sizeBytes));
  }

  async sizeBytes(): Promise<number> {
    this.#checkOpen("stat");
    return (await attempt("stat", this.#path, () => this.#handle.stat())).size;
  }

  close(): Promise<void> {
    this.#closed ??= attempt("close", this.#path, () => this.#handle.close());
    return this.#closed;
  }

  #writeSome(chunks: readonly Uint8Array[], position: number): number {
    const [first] = chunks;
    try {
      return chunks.length === 1 && first !== undefined
        ? fs.writeSync(this.#handle.fd, first, 0, first.length, position)
        : fs.writevSync(this.#handle.fd, chunks, position);
    } catch (error) {
      throw toFileSystemError("write", this.#path, error);
    }
  }

  /** The descriptor's number may already belong to another file. */
  #checkOpen(operation: string): void {
    if (this.#closed !== undefined) throw new FileSystemError(operation, this.#path, "EBADF");
  }
}

function withoutPrefix(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  for (const [i, chunk] of chunks.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...chunks.slice(i + 1)];
    left -= chunk.length;
  }
  return [];
}

async function attempt<T>(operation: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toFileSystemError(operation, path, error);
  }
}

function toFileSystemError(operation: string, path: string, error: unknown): FileSystemError {
  if (error instanceof FileSystemError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return new FileSystemError(operation, path, typeof code === "string" ? code : "EUNKNOWN", error);
}
