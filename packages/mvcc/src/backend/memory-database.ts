import type { FileHandle, FileSystem } from "@quorate/platform";
import { BackendFailedError } from "../errors.ts";
import type { Key } from "../key.ts";
import { revisionKey } from "../revision-key.ts";
import type { BucketName } from "./backend.ts";
import type { DatabaseEngine, DatabaseEnvironment, StoredRow } from "./database.ts";
import {
  encodeHead,
  encodeMemoryFile,
  encodeTransaction,
  headOffset,
  isMemoryFile,
  memoryMagic,
  memoryPageBytes,
  readMemoryFile,
  readTransactions,
  rowSizeBytes,
  type MemoryHead,
  type MemoryWrite,
} from "./memory-file.ts";
import { checkRowKey, emptyBuckets, rowsOfBuckets, type BucketRows } from "./memory-rows.ts";
import { removedRow, type OverlayValue } from "./row-layer.ts";
import type { Slab } from "./slab.ts";
import { lowerBoundOf } from "./sorted-rows.ts";

/** Databases of {@link MemoryDatabase} on a file system. */
export function memoryEngine(files: FileSystem): DatabaseEngine {
  return {
    headBytes: memoryMagic.length,
    isOwn: isMemoryFile,
    damageOf: () => undefined,
    // All of it is under checksums.
    checkStructure: () => Promise.resolve(),
    open: (path) => MemoryDatabase.open(files, path),
  };
}

/**
 * A database that stands in for LMDB where LMDB cannot run: its rows are in memory, its commits and
 * copies in files of the given file system, with LMDB's promises and not one more (C25, C37).
 *
 * All file work goes through the file system, so its delays, failures and crashes strike commits
 * and copies at each step, and what is left is what the bytes on the disk say.
 */
export class MemoryDatabase implements DatabaseEnvironment {
  readonly #files: FileSystem;
  readonly #file: FileHandle;
  readonly #rows: BucketRows = emptyBuckets();
  #head: MemoryHead = { sequence: 0, begin: memoryPageBytes, end: memoryPageBytes };
  /** Bytes up to here may have been written. */
  #extent = memoryPageBytes;
  /** Size of the file form of all rows. */
  #liveBytes = 0;
  #batch: MemoryWrite[] = [];
  #queue: QueuedBatch[] = [];
  #writer: Promise<void> | undefined;
  /** Why no transaction is taken any more: it is not known which head is in force. */
  #failure: { readonly error: unknown } | undefined;

  private constructor(files: FileSystem, file: FileHandle) {
    this.#files = files;
    this.#file = file;
  }

  /** @throws {@link BackendFailedError} if the file is damaged or cannot be read. */
  static async open(files: FileSystem, path: string): Promise<MemoryDatabase> {
    try {
      const found = await files.stat(path);
      const isNew = found === undefined || found.sizeBytes === 0;
      const file = await files.open(path, isNew ? "create-or-truncate" : "write");
      const database = new MemoryDatabase(files, file);
      try {
        if (isNew) await database.#create();
        else await database.#load();
      } catch (error) {
        await file.close().catch(() => undefined);
        throw error;
      }
      return database;
    } catch (error) {
      throw new BackendFailedError(`open database "${path}"`, error);
    }
  }

  get(bucket: BucketName, key: Key): Uint8Array | undefined {
    return this.#rows[bucket].get(key);
  }

  getVersion(main: number, sub: number): Uint8Array | undefined {
    return this.#rows.key.get(revisionKey(main, sub, false));
  }

  *rows(bucket: BucketName, begin: Key, end: Key | undefined): Generator<StoredRow> {
    const rows = this.#rows[bucket];
    const keys = rows.orderedKeys();
    for (let at = lowerBoundOf(keys, begin); at < keys.length; at++) {
      const key = keys[at];
      if (key === undefined || (end !== undefined && key >= end)) return;
      const value = rows.get(key);
      if (value !== undefined) yield { key, value };
    }
  }

  shorten(lent: Uint8Array, length: number): Uint8Array {
    return lent.subarray(0, length);
  }

  rowCount(bucket: BucketName): number {
    return this.#rows[bucket].size;
  }

  batch(writes: () => void): Promise<unknown> {
    this.#batch = [];
    writes();
    const batch = this.#batch;
    return new Promise<void>((resolve, reject) => {
      this.#queue.push({ writes: batch, resolve, reject });
      this.#writer ??= this.#writeAll();
    });
  }

  put(bucket: BucketName, key: Key, value: Uint8Array): void {
    this.#stage(bucket, key, value);
  }

  putVersion(main: number, sub: number, isTombstone: boolean, slab: Slab): void {
    const value = slab.bytes.subarray(slab.start, slab.end);
    this.#stage("key", revisionKey(main, sub, isTombstone), value);
  }

  remove(bucket: BucketName, key: Key): void {
    this.#stage(bucket, key, removedRow);
  }

  /** A copy is as good as any other file. */
  startFreeList(): Promise<void> {
    return Promise.resolve();
  }

  async copyTo(path: string): Promise<void> {
    const image = encodeMemoryFile(rowsOfBuckets(this.#rows));
    const file = await this.#files.open(path, "create");
    try {
      for (let at = 0; at < image.length; at += copyPartBytes) {
        file.writeSync([image.subarray(at, at + copyPartBytes)], at);
      }
    } finally {
      await file.close();
    }
  }

  /** Reads see a transaction once it is flushed. */
  refresh(): void {
    // Nothing is read from an older state.
  }

  sizes(): { readonly sizeBytes: number; readonly sizeInUseBytes: number } {
    const sizeInUseBytes = memoryPageBytes + this.#liveBytes;
    return { sizeBytes: Math.max(this.#extent, sizeInUseBytes), sizeInUseBytes };
  }

  async close(): Promise<void> {
    await this.#writer;
    await this.#file.close();
  }

  async #create(): Promise<void> {
    const page = Buffer.alloc(memoryPageBytes);
    memoryMagic.copy(page);
    encodeHead(this.#head).copy(page, headOffset(this.#head.sequence));
    this.#file.writeSync([page], 0);
    await this.#file.datasync();
  }

  /** Reads the file. LMDB writes its heads through, so what a reader has seen does not vanish. */
  async #load(): Promise<void> {
    await this.#file.datasync();
    const bytes = Buffer.alloc(await this.#file.sizeBytes());
    for (let at = 0; at < bytes.length;) {
      const count = await this.#file.read(bytes.subarray(at), at);
      if (count === 0) throw new Error(`it ends at ${at}, wanted ${bytes.length}`);
      at += count;
    }
    if (!isMemoryFile(bytes)) throw new Error("its first bytes are damaged");
    this.#head = readMemoryFile(bytes, this.#apply);
    this.#extent = bytes.length;
  }

  #stage(bucket: BucketName, key: Key, value: OverlayValue): void {
    checkRowKey(key);
    this.#batch.push({ bucket, key, value });
  }

  /**
   * Takes what has gathered as one transaction, again and again, as LMDB's writer does; and as
   * LMDB's, it goes on with the next one when one has failed.
   */
  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batches = this.#queue;
      this.#queue = [];
      try {
        await this.#commit(batches.flatMap(({ writes }) => writes));
        for (const { resolve } of batches) resolve();
      } catch (error) {
        for (const { reject } of batches) reject(error);
      }
    }
    this.#writer = undefined;
  }

  async #commit(writes: readonly MemoryWrite[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const transaction = encodeTransaction(writes);
    const head = this.#place(transaction);
    await this.#file.datasync();
    try {
      this.#file.writeSync([encodeHead(head)], headOffset(head.sequence));
      await this.#file.datasync();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
    this.#head = head;
    readTransactions(transaction, this.#apply);
  }

  /**
   * Writes a transaction behind those in force; or, when these are mostly out of date, all rows and
   * the transaction to another place, in front if there is room. What the head in force names is
   * never written over.
   */
  #place(transaction: Buffer): MemoryHead {
    let { begin, end } = this.#head;
    const chunks = [transaction];
    if (end - begin > 2 * this.#liveBytes + slackBytes) {
      chunks.unshift(encodeTransaction(rowsOfBuckets(this.#rows)));
      const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      begin = memoryPageBytes + sizeBytes <= begin ? memoryPageBytes : end;
      end = begin;
    }
    this.#file.writeSync(chunks, end);
    for (const chunk of chunks) end += chunk.length;
    this.#extent = Math.max(this.#extent, end);
    return { sequence: this.#head.sequence + 1, begin, end };
  }

  readonly #apply = (bucket: BucketName, key: Key, value: OverlayValue): void => {
    const rows = this.#rows[bucket];
    const old = rows.get(key);
    if (old !== undefined) this.#liveBytes -= rowSizeBytes(key, old);
    if (value === removedRow) rows.delete(key);
    else {
      rows.set(key, value);
      this.#liveBytes += rowSizeBytes(key, value);
    }
  };
}

interface QueuedBatch {
  readonly writes: readonly MemoryWrite[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Bytes out of date that a file may hold whatever its size. */
const slackBytes = 64 * 1024;

/** What a copy writes at once. */
const copyPartBytes = 64 * 1024;
