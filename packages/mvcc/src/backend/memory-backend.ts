import type { FileSystem, Logger, Timer, Timers } from "@quorate/platform";
import {
  BackendClosedError,
  BackendFailedError,
  BackendForeignFileError,
  StoreCorruptError,
} from "../errors.ts";
import type { Key } from "../key.ts";
import { revisionKey } from "../revision-key.ts";
import {
  bucketNames,
  type Backend,
  type BackendSnapshot,
  type BucketName,
  type RowSpace,
  type RowVisitor,
  type ScanRange,
} from "./backend.ts";
import type { BackendOptions } from "./backend-options.ts";
import { FileBackend, type BackendMeter } from "./file-backend.ts";
import { memoryEngine } from "./memory-database.ts";
import { encodeMemoryFile, isMemoryFile, readMemoryFile } from "./memory-file.ts";
import { emptyBuckets, rowsOfBuckets, type BucketRows } from "./memory-rows.ts";
import { Overlay } from "./overlay.ts";
import { removedRow } from "./row-layer.ts";
import { Slab } from "./slab.ts";
import { lowerBoundOf } from "./sorted-rows.ts";

/** Options of a {@link MemoryBackend}. */
export interface MemoryBackendOptions {
  /**
   * Milliseconds until an ended unit counts as durable; needs `timers`. Without it only `flush`,
   * `snapshotTo` and `close` make units durable.
   */
  readonly commitIntervalMillis?: number;
  readonly timers?: Timers;
  /** For `snapshotTo` and `replaceWith`. */
  readonly fileSystem?: FileSystem;
}

/** What {@link MemoryBackend.open} needs from outside. */
export interface MemoryBackendDependencies {
  readonly timers: Timers;
  /** Where the file is: of a simulation, whose crashes and failures strike it. */
  readonly fileSystem: FileSystem;
  readonly logger?: Logger;
  /** Where durations go; all or none. */
  readonly meter?: BackendMeter;
}

/**
 * A backend that lives in memory, with the durability rules of the real one: units become durable
 * in order and whole, and {@link MemoryBackend.crash} shows what a power cut leaves.
 *
 * Where the steps of commits and copies count, {@link MemoryBackend.open} gives the real backend's
 * own code on a database file of a file system that may be simulated.
 */
export class MemoryBackend implements Backend {
  readonly #options: MemoryBackendOptions;
  #visible: BucketRows = emptyBuckets();
  #durable: BucketRows = emptyBuckets();
  #staged = new Overlay();
  #mark = 0;
  #sizeBytes = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: MemoryBackendOptions = {}) {
    this.#options = options;
  }

  /**
   * As `LmdbBackend.open`, with the same steps on the same names, for a file of another kind.
   *
   * @throws BackendForeignFileError if something else is at the path; BackendFailedError.
   */
  static open(
    path: string,
    options: Partial<BackendOptions>,
    dependencies: MemoryBackendDependencies,
  ): Promise<FileBackend> {
    const engine = memoryEngine(dependencies.fileSystem);
    return FileBackend.open(path, options, { ...dependencies, engine });
  }

  get stagedBytes(): number {
    return this.#staged.sizeBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get sizeInUseBytes(): number {
    return this.#sizeBytes;
  }

  get(bucket: BucketName, key: Key): Uint8Array | undefined {
    return this.#visible[bucket].get(key);
  }

  put(bucket: BucketName, key: Key, value: Uint8Array): void {
    this.#assertOpen();
    const old = this.#visible[bucket].get(key);
    this.#sizeBytes += old === undefined ? key.length : -old.length;
    this.#sizeBytes += value.length;
    this.#visible[bucket].set(key, value);
    this.#staged.stage(bucket, key, value);
    this.#arm();
  }

  stageVersion(main: number, sub: number, isTombstone: boolean, sizeBytes: number): RowSpace {
    const space = new Slab(sizeBytes);
    this.put("key", revisionKey(main, sub, isTombstone), space.bytes);
    return space;
  }

  getVersion(main: number, sub: number): Uint8Array | undefined {
    return this.get("key", revisionKey(main, sub, false));
  }

  delete(bucket: BucketName, key: Key): void {
    this.#assertOpen();
    const old = this.#visible[bucket].get(key);
    if (old !== undefined) this.#sizeBytes -= key.length + old.length;
    this.#visible[bucket].delete(key);
    this.#staged.stage(bucket, key, removedRow);
    this.#arm();
  }

  scan(bucket: BucketName, range: ScanRange, visit: RowVisitor): void {
    const rows = this.#visible[bucket];
    const keys = rows.orderedKeys();
    for (let at = lowerBoundOf(keys, range.begin); at < keys.length; at++) {
      const key = keys[at];
      if (key === undefined || (range.end !== undefined && key >= range.end)) return;
      const value = rows.get(key);
      if (value !== undefined && !visit(key, value)) return;
    }
  }

  rowCount(bucket: BucketName): number {
    return this.#visible[bucket].size;
  }

  condemn(what: string): never {
    throw new StoreCorruptError(what);
  }

  endUnit(mark?: number): void {
    this.#assertOpen();
    this.#staged.endUnit(mark);
  }

  durableMark(): number {
    return this.#mark;
  }

  async flush(): Promise<void> {
    this.#assertOpen();
    this.#makeDurable();
    await Promise.resolve();
  }

  async snapshotTo(path: string): Promise<BackendSnapshot> {
    await this.flush();
    // Rows and mark are taken in one turn: what is committed during the awaits is not in it (C25).
    const mark = this.#mark;
    const image = encodeMemoryFile(rowsOfBuckets(this.#durable));
    const files = this.#fileSystem();
    const file = await files.open(path, "create");
    file.writeSync([image], 0);
    await file.datasync();
    await file.close();
    return { mark, sizeBytes: image.length };
  }

  async replaceWith(path: string): Promise<void> {
    this.#assertOpen();
    const buckets = await this.#readCopy(path, "replace the database");
    await this.#fileSystem().remove(path);
    this.#install(buckets);
  }

  async verifyCopy(path: string): Promise<void> {
    await this.#readCopy(path, `verify "${path}"`);
  }

  async defragment(): Promise<void> {
    await this.flush();
  }

  close(): Promise<void> {
    if (!this.#isClosed) this.#makeDurable();
    this.#isClosed = true;
    return Promise.resolve();
  }

  /** What a restart after a power cut finds: only durable units. This backend is closed. */
  crash(): MemoryBackend {
    this.#timer?.cancel();
    this.#isClosed = true;
    const survivor = new MemoryBackend(this.#options);
    survivor.#install(this.#durable);
    return survivor;
  }

  async #readCopy(path: string, action: string): Promise<BucketRows> {
    const file = await this.#fileSystem().open(path, "read");
    const bytes = Buffer.alloc(await file.sizeBytes());
    await file.read(bytes, 0);
    await file.close();
    if (!isMemoryFile(bytes)) throw new BackendForeignFileError(path, "no image of this program");
    const buckets = emptyBuckets();
    try {
      readMemoryFile(bytes, (bucket, key, value) => {
        if (value !== removedRow) buckets[bucket].set(key, value);
      });
    } catch (error) {
      throw new BackendFailedError(action, error);
    }
    return buckets;
  }

  #install(buckets: BucketRows): void {
    this.#durable = buckets;
    this.#visible = emptyBuckets();
    this.#staged = new Overlay();
    this.#mark = 0;
    this.#sizeBytes = 0;
    for (const name of bucketNames) {
      for (const [key, value] of buckets[name].entries()) {
        this.#visible[name].set(key, value);
        this.#sizeBytes += key.length + value.length;
      }
    }
  }

  #arm(): void {
    const { timers, commitIntervalMillis } = this.#options;
    if (this.#timer !== undefined || timers === undefined) return;
    if (commitIntervalMillis === undefined) return;
    this.#timer = timers.setTimer(commitIntervalMillis, () => {
      this.#timer = undefined;
      if (!this.#isClosed) this.#makeDurable();
    });
  }

  #makeDurable(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const staged = this.#staged;
    this.#staged = new Overlay();
    for (let at = 0; at < staged.writes.length; at++) {
      const write = staged.writes[at];
      if (write === undefined) break;
      const { bucket, key, value } = write;
      if (at >= staged.endedWrites) this.#staged.stage(bucket, key, value);
      else if (value === removedRow) this.#durable[bucket].delete(key);
      else this.#durable[bucket].set(key, value);
    }
    if (staged.mark !== undefined) this.#mark = Math.max(this.#mark, staged.mark);
  }

  #fileSystem(): FileSystem {
    const { fileSystem } = this.#options;
    if (fileSystem !== undefined) return fileSystem;
    throw new BackendFailedError("copy the memory backend", new Error("it has no file system"));
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new BackendClosedError();
  }
}
