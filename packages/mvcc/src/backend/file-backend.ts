import type { Clock, FileSystem, Histogram, Logger, Timer, Timers } from "@quorate/platform";
import { noopLogger } from "@quorate/platform";
import {
  BackendClosedError,
  BackendFailedError,
  DiskFullError,
  StoreCorruptError,
  type MvccError,
} from "../errors.ts";
import type { Key } from "../key.ts";
import { isVersionKey, mainOf, revisionKey, subOf } from "../revision-key.ts";
import { defaultBackendOptions, type BackendOptions } from "./backend-options.ts";
import {
  bucketNames,
  type Backend,
  type BackendSnapshot,
  type BucketName,
  type RowSpace,
  type RowVisitor,
  type ScanRange,
} from "./backend.ts";
import { causeOfFailure } from "./cause-of-failure.ts";
import { CheckedDatabase, smallBuckets, type DamageHandler } from "./checked-database.ts";
import {
  checkDatabaseFile,
  lockFileOf,
  moveIntoPlace,
  removeDatabase,
  syncDirectoryOf,
  syncFile,
} from "./database-file.ts";
import { isDamage, isDiskFull, type DatabaseEngine, type DatabaseEnvironment } from "./database.ts";
import { mergeScan } from "./merge-scan.ts";
import { Overlay, type OverlayPoint } from "./overlay.ts";
import { RowCache } from "./row-cache.ts";
import { sealRow, sealVersion } from "./row-checksum.ts";
import { removedRow } from "./row-layer.ts";
import { Slab, SlabPool } from "./slab.ts";

/** What a backend in a file needs from outside. */
export interface FileBackendDependencies {
  readonly engine: DatabaseEngine;
  readonly fileSystem: FileSystem;
  readonly timers: Timers;
  readonly logger?: Logger;
  /** Where durations go; all or none. */
  readonly meter?: BackendMeter;
}

/** Measures the work on the database file. */
export interface BackendMeter {
  readonly clock: Clock;
  /** Seconds of a commit, flush included. */
  readonly commitSeconds: Histogram;
  /** Rows of a commit. */
  readonly commitRows: Histogram;
  readonly defragmentSeconds: Histogram;
  readonly snapshotSeconds: Histogram;
}

/**
 * A backend in one database file, of LMDB or of the simulation's own kind.
 *
 * Writes go to an overlay in memory and are visible at once. A commit takes the ended units off the
 * overlay, feeds them to LMDB in slices of whole units and drops them when all are flushed; one
 * commit is under way at a time, its fsync runs on LMDB's own thread:
 *
 *     put ─► active overlay ──(500 ms, or size)──► committing overlay ─► LMDB
 *     get ─► active, else committing, else LMDB
 *
 * Rows get a checksum on their way to LMDB and are compared with it on their way back (B7); rows in
 * memory are not.
 */
export class FileBackend implements Backend {
  readonly #options: BackendOptions;
  readonly #engine: DatabaseEngine;
  readonly #files: FileSystem;
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #meter: BackendMeter | undefined;
  readonly #path: string;
  readonly #slabs: SlabPool;
  readonly #cache: RowCache;
  #environment: DatabaseEnvironment;
  /** What is read of the environment. */
  #stored: CheckedDatabase;
  #active: Overlay;
  #committing: Overlay | undefined;
  #commit: Promise<void> | undefined;
  #timer: Timer | undefined;
  #holds = 0;
  #mark = 0;
  #sizeBytes = 0;
  #sizeInUseBytes = 0;
  #failure: MvccError | undefined;
  #isClosed = false;
  /** Tail of the queue of operations that replace or copy the file. */
  #maintenance: Promise<unknown> = Promise.resolve();

  private constructor(
    path: string,
    environment: DatabaseEnvironment,
    options: BackendOptions,
    dependencies: FileBackendDependencies,
  ) {
    this.#path = path;
    this.#environment = environment;
    this.#stored = new CheckedDatabase(environment, this.#condemn);
    this.#options = options;
    this.#slabs = new SlabPool(options.commitBytesMax);
    this.#cache = new RowCache(options.cacheBytesMax);
    this.#active = this.#newOverlay();
    this.#engine = dependencies.engine;
    this.#files = dependencies.fileSystem;
    this.#timers = dependencies.timers;
    this.#logger = dependencies.logger ?? noopLogger;
    this.#meter = dependencies.meter;
    this.#measure();
  }

  /**
   * Opens, or creates, the database file at `path`; one process at a time, which the caller
   * ensures.
   *
   * @throws BackendForeignFileError if something else is at the path; BackendFailedError;
   *   StoreCorruptError if rows of other buckets than `key` are damaged. Those are left to whoever
   *   reads all of them.
   */
  static async open(
    path: string,
    options: Partial<BackendOptions>,
    dependencies: FileBackendDependencies,
  ): Promise<FileBackend> {
    const { engine, fileSystem } = dependencies;
    const isThere = await checkDatabaseFile(fileSystem, engine, path);
    await removeDatabase(fileSystem, temporaryPath(path));
    if (!isThere) await createDatabase(fileSystem, engine, path);
    // The log is cut once the file holds what the log held: the name must not vanish after (P4).
    else await syncDirectoryOf(fileSystem, path);
    const environment = await openSafely(engine, path, dependencies.timers);
    return new FileBackend(
      path,
      environment,
      { ...defaultBackendOptions, ...options },
      dependencies,
    );
  }

  get stagedBytes(): number {
    return this.#active.sizeBytes + (this.#committing?.sizeBytes ?? 0);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get sizeInUseBytes(): number {
    return this.#sizeInUseBytes;
  }

  get(bucket: BucketName, key: Key): Uint8Array | undefined {
    const staged = this.#active.get(bucket, key) ?? this.#committing?.get(bucket, key);
    if (staged === undefined) return this.#stored.get(bucket, key);
    return staged === removedRow ? undefined : staged;
  }

  getVersion(main: number, sub: number): Uint8Array | undefined {
    const staged = this.#active.getVersion(main, sub) ?? this.#committing?.getVersion(main, sub);
    if (staged !== undefined) return staged === removedRow ? undefined : staged;
    const kept = this.#cache.get(main, sub);
    if (kept !== undefined) return kept;
    const row = this.#stored.getVersion(main, sub);
    if (row !== undefined) this.#cache.offer(main, sub, row);
    return row;
  }

  put(bucket: BucketName, key: Key, value: Uint8Array): void {
    this.#assertUsable();
    if (bucket === "key") this.#forget(key);
    this.#active.stage(bucket, key, value);
  }

  stageVersion(main: number, sub: number, isTombstone: boolean, sizeBytes: number): RowSpace {
    this.#assertUsable();
    const space = this.#active.stageVersion(main, sub, isTombstone, sizeBytes);
    if (space !== undefined) return space;
    const own = new Slab(sizeBytes);
    this.put("key", revisionKey(main, sub, isTombstone), own.bytes);
    return own;
  }

  delete(bucket: BucketName, key: Key): void {
    this.#assertUsable();
    if (bucket === "key") this.#forget(key);
    this.#active.stage(bucket, key, removedRow);
  }

  scan(bucket: BucketName, range: ScanRange, visit: RowVisitor): void {
    const layers = [...this.#active.layers(bucket), ...(this.#committing?.layers(bucket) ?? [])];
    const begin = range.begin === "" ? "\0" : range.begin;
    const rows = this.#stored.scan(bucket, begin, range.end);
    mergeScan(rows, layers, begin, range.end, range.isLent === true, visit);
  }

  rowCount(bucket: BucketName): number | undefined {
    const isStaged = this.#active.writeCount > 0 || this.#committing !== undefined;
    return isStaged ? undefined : this.#stored.rowCount(bucket);
  }

  condemn(what: string): never {
    return this.#condemn(what);
  }

  endUnit(mark?: number): void {
    this.#assertUsable();
    const active = this.#active;
    active.endUnit(mark);
    if (
      active.writeCount >= this.#options.commitRowsMax ||
      active.sizeBytes >= this.#options.commitBytesMax
    ) {
      this.#startCommit();
    } else this.#arm();
  }

  durableMark(): number {
    return this.#mark;
  }

  async flush(): Promise<void> {
    while (this.#holds > 0) await this.#maintenance;
    this.#assertUsable();
    const target = this.#active;
    await this.#commit;
    if (this.#active === target) this.#startCommit();
    if (this.#committing === target) await this.#commit;
    this.#assertUsable();
  }

  async snapshotTo(path: string): Promise<BackendSnapshot> {
    const snapshot = await this.#copyTo(path);
    try {
      await this.verifyCopy(path);
    } catch (error) {
      // It matters whose the damage is: a copy is made again, a database is given up.
      await this.#maintain("verify the database", () =>
        this.#stored.verify(bucketNames, this.#timers),
      );
      throw new BackendFailedError("copy the database", error);
    }
    return snapshot;
  }

  async verifyCopy(path: string): Promise<void> {
    if (!(await checkDatabaseFile(this.#files, this.#engine, path))) {
      throw new BackendFailedError(`verify "${path}"`, new Error("it is empty or not there"));
    }
    await this.#engine.checkStructure(path);
    const environment = await this.#engine.open(path);
    try {
      const stored = new CheckedDatabase(environment, refusal(path));
      await stored.verify(bucketNames, this.#timers);
    } finally {
      await environment.close();
      await this.#files.remove(lockFileOf(path));
    }
  }

  defragment(): Promise<void> {
    return this.#maintain("defragment the database", () =>
      this.#measured("defragmentSeconds", async () => {
        const temporary = temporaryPath(this.#path);
        await removeDatabase(this.#files, temporary);
        try {
          await this.#environment.copyTo(temporary);
          await syncFile(this.#files, temporary);
        } catch (error) {
          // Half a copy would keep the disk full (B5).
          await removeDatabase(this.#files, temporary).catch(() => undefined);
          throw error;
        }
        await this.#swapIn(temporary);
      }),
    );
  }

  replaceWith(path: string): Promise<void> {
    return this.#maintain("replace the database", async () => {
      await checkDatabaseFile(this.#files, this.#engine, path);
      await syncFile(this.#files, path);
      await this.#swapIn(path);
      this.#active = this.#newOverlay();
      this.#cache.clear();
      this.#mark = 0;
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#maintenance;
      if (this.#failure === undefined) await this.flush();
    } finally {
      this.#isClosed = true;
      this.#timer?.cancel();
      await this.#environment.close();
    }
  }

  #copyTo(path: string): Promise<BackendSnapshot> {
    return this.#maintain("copy the database", () =>
      this.#measured("snapshotSeconds", async () => {
        await removeDatabase(this.#files, path);
        await this.#environment.copyTo(path);
        await syncFile(this.#files, path);
        const sizeBytes = (await this.#files.stat(path))?.sizeBytes ?? 0;
        return { mark: this.#mark, sizeBytes };
      }),
    );
  }

  /**
   * Runs one operation on the whole file: everything ended before is in the file, later writes stay
   * in the overlay until it is over, reads go on.
   */
  #maintain<Result>(action: string, operation: () => Promise<Result>): Promise<Result> {
    const run = async (): Promise<Result> => {
      await this.flush();
      this.#holds++;
      try {
        // A commit may have started between the flush and here.
        await this.#commit;
        return await operation();
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : undefined;
        if (code === "backend-foreign-file" || code === "store-corrupt") throw error;
        if (isDamage(error)) return this.#condemn(error.message, error);
        if (isDiskFull(error)) throw new DiskFullError(action, error);
        throw new BackendFailedError(action, error);
      } finally {
        this.#holds--;
        this.#arm();
      }
    };
    const result = this.#maintenance.then(run);
    this.#maintenance = result.catch(() => undefined);
    return result;
  }

  /** Takes a synced file as the database. The old one stays readable until the new one is open. */
  async #swapIn(path: string): Promise<void> {
    await (await openSafely(this.#engine, path, this.#timers)).close();
    const old = this.#environment;
    try {
      await moveIntoPlace(this.#files, path, this.#path);
      this.#environment = await this.#engine.open(this.#path);
      this.#stored = new CheckedDatabase(this.#environment, this.#condemn);
    } catch (error) {
      // The open file may have lost its name: what it takes from now on would be lost with it.
      this.#fail(new BackendFailedError("replace the database", error));
      throw error;
    }
    this.#measure();
    await old.close();
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#isClosed || !isWorthCommitting(this.#active)) return;
    if (this.#commit !== undefined || this.#holds > 0) return;
    this.#timer = this.#timers.setTimer(this.#options.commitIntervalMillis, () => {
      this.#timer = undefined;
      this.#startCommit();
    });
  }

  #startCommit(): void {
    if (this.#commit !== undefined || this.#failure !== undefined || this.#isClosed) return;
    if (this.#holds > 0 || !isWorthCommitting(this.#active)) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    const overlay = this.#active;
    overlay.seal();
    this.#active = this.#newOverlay();
    this.#committing = overlay;
    this.#meter?.commitRows.observe(overlay.writeCount);
    this.#commit = this.#measured("commitSeconds", () => this.#write(overlay)).then(
      () => {
        this.#finishCommit(overlay);
      },
      async (error: unknown) => {
        const context = { files: this.#files, timers: this.#timers };
        const cause = await causeOfFailure(error, this.#path, context);
        this.#fail(
          isDamage(cause)
            ? new StoreCorruptError(cause.message, { path: this.#path, cause })
            : new BackendFailedError("commit to the database", cause),
        );
      },
    );
  }

  /**
   * Feeds whole units, a group at a time. The next group waits until the one before is flushed:
   * LMDB goes on with later transactions when one has failed, and units would be missing in between
   * (C25, B5).
   */
  async #write(overlay: Overlay): Promise<void> {
    let begin: OverlayPoint = { versions: 0, writes: 0 };
    for (const end of overlay.groups) {
      const first = begin;
      await this.#environment.batch(() => {
        feed(this.#environment, overlay, first, end);
      });
      begin = end;
    }
  }

  async #measured<Result>(
    name: Exclude<keyof BackendMeter, "clock" | "commitRows">,
    operation: () => Promise<Result>,
  ): Promise<Result> {
    const meter = this.#meter;
    if (meter === undefined) return operation();
    const begin = meter.clock.monotonicMillis();
    const result = await operation();
    meter[name].observe((meter.clock.monotonicMillis() - begin) / 1_000);
    return result;
  }

  #newOverlay(): Overlay {
    return new Overlay(this.#slabs, this.#options.feedRowsMax);
  }

  /** A row of bucket `key` is about to change otherwise than by a new version. */
  #forget(key: Key): void {
    if (isVersionKey(key)) this.#cache.forget(mainOf(key), subOf(key));
  }

  #finishCommit(overlay: Overlay): void {
    this.#environment.refresh();
    this.#committing = undefined;
    this.#commit = undefined;
    overlay.versions.release();
    if (overlay.mark !== undefined) this.#mark = Math.max(this.#mark, overlay.mark);
    this.#measure();
    this.#arm();
  }

  /** Says it once: later damage, or a commit of a database that is given up, is no news. */
  #fail(failure: MvccError): void {
    this.#commit = undefined;
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#logger.error("database failed", { path: this.#path, error: String(failure) });
    this.#options.onFailure(failure);
  }

  readonly #condemn: DamageHandler = (what, cause) => {
    if (this.#isClosed) throw new BackendClosedError();
    const error = new StoreCorruptError(what, { path: this.#path, cause });
    this.#fail(error);
    throw error;
  };

  #measure(): void {
    const { sizeBytes, sizeInUseBytes } = this.#environment.sizes();
    this.#sizeBytes = sizeBytes;
    this.#sizeInUseBytes = sizeInUseBytes;
  }

  /** @throws BackendFailedError for good once a commit failed; BackendClosedError after `close`. */
  #assertUsable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isClosed) throw new BackendClosedError();
  }
}

/** Damage in a file that nothing depends on yet. */
function refusal(path: string): DamageHandler {
  return (what, cause) => {
    throw new StoreCorruptError(what, { path, cause });
  };
}

/** Opens a file that is there and may be a compact copy, so that it can be written to. */
async function openSafely(
  engine: DatabaseEngine,
  path: string,
  timers: Timers,
): Promise<DatabaseEnvironment> {
  await engine.checkStructure(path);
  const environment = await engine.open(path);
  try {
    await environment.startFreeList();
    await new CheckedDatabase(environment, refusal(path)).verify(smallBuckets, timers);
    return environment;
  } catch (error) {
    await environment.close();
    if (error instanceof StoreCorruptError) throw error;
    throw new BackendFailedError(`open database "${path}"`, error);
  }
}

/**
 * Makes an empty database under another name first: what a crash leaves of a file before its first
 * flush may be no database, and the next start would refuse it (B2).
 */
async function createDatabase(
  files: FileSystem,
  engine: DatabaseEngine,
  path: string,
): Promise<void> {
  const temporary = temporaryPath(path);
  await (await engine.open(temporary)).close();
  await syncFile(files, temporary);
  await moveIntoPlace(files, temporary, path);
}

/** Where a new file grows before it takes the place of the old one. */
function temporaryPath(path: string): string {
  return `${path}.defragment`;
}

/** An overlay is committed as a whole, so never in the middle of a unit. */
function isWorthCommitting(overlay: Overlay): boolean {
  return overlay.writeCount > 0 && !overlay.hasOpenUnit;
}

function feed(
  environment: DatabaseEnvironment,
  overlay: Overlay,
  begin: OverlayPoint,
  end: OverlayPoint,
): void {
  overlay.versions.visit(begin.versions, end.versions, (main, sub, isTombstone, slab) => {
    sealVersion(slab, main, sub, isTombstone);
    environment.putVersion(main, sub, isTombstone, slab);
  });
  for (let at = begin.writes; at < end.writes; at++) {
    const write = overlay.writes[at];
    // One transaction takes all of it, so only the last value of a row counts.
    if (write === undefined || write.next < end.writes) continue;
    const { bucket, key, value } = write;
    if (value === removedRow) environment.remove(bucket, key);
    else environment.put(bucket, key, sealRow(bucket, key, value));
  }
}
