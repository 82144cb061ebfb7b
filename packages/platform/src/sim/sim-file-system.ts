import { posix } from "node:path";
import type { Timers } from "../clock.ts";
import {
  FileSystemError,
  type FileHandle,
  type FileLock,
  type FileStat,
  type FileSystem,
  type OpenMode,
} from "../file-system.ts";
import { pageBytes } from "./paged-bytes.ts";
import { SeededRandom } from "./seeded-random.ts";
import { SimFileHandle } from "./sim-file-handle.ts";
import type { SimDeception, SimFileObserver } from "./sim-file-observer.ts";
import { pathOf, SimDirectory, SimFile, type CrashDamage, type SimInode } from "./sim-inode.ts";
import type { SimFault, SimFaultPolicy, SimOperationKind } from "./sim-operation.ts";

/** Settings of a {@link SimFileSystem}. */
export interface SimFileSystemOptions {
  /** Decides what crashes leave. @default a stream of seed 0 */
  readonly random?: SeededRandom;
  /** Needed for delays. */
  readonly timers?: Timers;
  /** Pages of 4 KiB are counted; beyond it ENOSPC. @default Infinity */
  readonly capacityBytes?: number;
}

/** The process that called has died in a simulated crash; nothing it does reaches the disk. */
export class SimCrashedError extends Error {
  override readonly name = "SimCrashedError";
  readonly code = "sim-crashed";

  constructor() {
    super("Cannot use the file system: the simulated process has crashed");
  }
}

/**
 * A file system in memory with a volatile cache, a durable image and controllable faults (D3).
 *
 * Written data becomes durable by `datasync`, names by `syncDirectory` of their parent; until then
 * {@link SimFileSystem.crash} keeps, drops, reorders or tears each operation. After a crash the
 * object is the disk of the restarted process: handles and locks from before are dead and throw
 * {@link SimCrashedError}.
 *
 * @example
 * ```ts
 * const files = new SimFileSystem({ random: new SeededRandom(7n) });
 * files.setFaultPolicy(({ kind }) =>
 *   kind === "datasync" ? { kind: "error", errno: "EIO" } : undefined,
 * );
 * ```
 */
export class SimFileSystem implements FileSystem {
  readonly #random: SeededRandom;
  readonly #timers: Timers | undefined;
  #capacityBytes: number;
  #root = new SimDirectory();
  #policy: SimFaultPolicy = () => undefined;
  #process: SimProcess = { isAlive: true, locks: new Set() };
  #sequence = 0;
  #allocatedPages = 0;
  #observers: readonly SimFileObserver[] = [];

  constructor(options: SimFileSystemOptions = {}) {
    this.#random = options.random ?? new SeededRandom(0n);
    this.#timers = options.timers;
    this.#capacityBytes = options.capacityBytes ?? Infinity;
  }

  /** How many operations were asked for. */
  get operations(): number {
    return this.#sequence;
  }

  /** Replaces the policy; undefined injects nothing. */
  setFaultPolicy(policy: SimFaultPolicy | undefined): void {
    this.#policy = policy ?? (() => undefined);
  }

  /** Tells someone what happens from now on. Returns a function that ends it. */
  addObserver(observer: SimFileObserver): () => void {
    this.#observers = [...this.#observers, observer];
    return () => {
      this.#observers = this.#observers.filter((other) => other !== observer);
    };
  }

  /** Changes the size of the disk; for "space returns" (B5). */
  setCapacity(capacityBytes: number): void {
    this.#capacityBytes = capacityBytes;
  }

  /** Cuts the power: un-synced operations suffer the damage, handles and locks die. */
  crash(damage: CrashDamage = "random"): void {
    this.killProcess();
    const seen = new Set<SimInode>();
    const visit = (inode: SimInode): void => {
      if (seen.has(inode)) return;
      seen.add(inode);
      const children = inode.kind === "directory" ? [...inode.children()] : [];
      inode.crash(damage, this.#random);
      children.forEach(visit);
    };
    visit(this.#root);
    this.#allocatedPages = allocatedPages(this.#root);
    for (const observer of this.#observers) observer.crashed?.();
  }

  /** Makes everything durable, as a disk does in time whose cache has lied. */
  syncAll(): void {
    const visit = (inode: SimInode): void => {
      if (inode.kind === "file") inode.sync(inode.mark);
      else {
        inode.sync();
        for (const child of inode.entries.values()) visit(child);
      }
    };
    visit(this.#root);
  }

  /** Ends the process alone: the cache stays, handles and locks die. What kill -9 does (B1). */
  killProcess(): void {
    this.#process.isAlive = false;
    this.#process = { isAlive: true, locks: new Set() };
  }

  /** A copy with the same contents and pending operations, no faults, no open handles, no locks. */
  clone(random: SeededRandom): SimFileSystem {
    const copy = new SimFileSystem({
      random,
      capacityBytes: this.#capacityBytes,
      ...(this.#timers === undefined ? {} : { timers: this.#timers }),
    });
    copy.#root = this.#root.clone();
    copy.#allocatedPages = this.#allocatedPages;
    return copy;
  }

  /** A copy of what a process reads now; for {@link SimFileSystem.restore}. O(pages). */
  image(): SimDiskImage {
    const root = this.#root.clone();
    const settle = (inode: SimInode): void => {
      inode.settle();
      if (inode.kind === "directory") for (const child of inode.entries.values()) settle(child);
    };
    settle(root);
    return { root };
  }

  /** Puts back the files of another time, all durable; the process dies of it (B16). */
  restore(image: SimDiskImage): void {
    this.killProcess();
    this.#root = image.root.clone();
    this.#allocatedPages = allocatedPages(this.#root);
    this.#tellDeceived("restored", "/");
  }

  /** Loses everything: the disk was replaced by an empty one. */
  wipe(): void {
    this.restore({ root: new SimDirectory() });
  }

  /** Changes one bit of a file on the platters and in the cache. */
  flipBit(path: string, position: number, bit: number = 0): void {
    this.#file("flip a bit of", path).flipBit(position, bit);
    this.#tellDeceived("bit-flip", path);
  }

  /** Whether a file would still be found under this name if the power went now. */
  isNameDurable(path: string): boolean {
    const inode = this.#lookup(path);
    return inode !== undefined && this.#lookupDurable(path) === inode;
  }

  /** Whether these bytes would be at this place of a file if the power went now. */
  isDurable(path: string, position: number, bytes: Uint8Array): boolean {
    const inode = this.#lookupDurable(path);
    return inode?.kind === "file" && inode.holdsDurably(bytes, position);
  }

  /** All bytes of a file as a process would read them, without passing the fault policy. */
  contents(path: string): Uint8Array {
    const { current } = this.#file("read", path);
    const bytes = new Uint8Array(current.sizeBytes);
    current.read(bytes, 0);
    return bytes;
  }

  /** Names in a directory as a process would see them, sorted, without passing the fault policy. */
  names(path: string): readonly string[] {
    return [...this.#directory("list", path).entries.keys()].sort(byteOrder);
  }

  open(path: string, mode: OpenMode): Promise<FileHandle> {
    return this.#perform("open", path, 0, () => {
      const process = this.#process;
      const existing = this.#lookup(path);
      if (existing?.kind === "directory") throw new FileSystemError("open", path, "EISDIR");
      if (mode === "create" && existing !== undefined) {
        throw new FileSystemError("open", path, "EEXIST");
      }
      if (mode === "read" || mode === "write") {
        if (existing === undefined) throw new FileSystemError("open", path, "ENOENT");
        return this.#handle(process, existing, path, mode === "write");
      }
      if (existing !== undefined) {
        this.#truncate(existing, 0);
        return this.#handle(process, existing, path, true);
      }
      const file = new SimFile();
      this.#parent("open", path).change([[posix.basename(path), file]]);
      return this.#handle(process, file, path, true);
    });
  }

  list(path: string): Promise<readonly string[]> {
    return this.#perform("list", path, 0, () => this.names(path));
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#perform("stat", path, 0, () => {
      const inode = this.#lookup(path);
      if (inode === undefined) return undefined;
      const sizeBytes = inode.kind === "file" ? inode.current.sizeBytes : 0;
      return { kind: inode.kind, sizeBytes };
    });
  }

  freeBytes(path: string): Promise<number> {
    return this.#perform("stat", path, 0, () => {
      if (this.#lookup(path) === undefined) throw new FileSystemError("stat", path, "ENOENT");
      const pages = Math.floor(this.#capacityBytes / pageBytes) - this.#allocatedPages;
      return Math.max(0, pages) * pageBytes;
    });
  }

  makeDirectory(path: string): Promise<void> {
    return this.#perform("make-directory", path, 0, () => {
      let directory = this.#root;
      for (const name of namesOf(path)) {
        let next = directory.entries.get(name);
        if (next?.kind === "file") throw new FileSystemError("make directory", path, "ENOTDIR");
        if (next === undefined) {
          next = new SimDirectory();
          directory.change([[name, next]]);
        }
        directory = next;
      }
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#perform("rename", from, 0, () => {
      const inode = this.#lookup(from);
      const target = this.#lookup(to);
      if (inode === undefined) throw new FileSystemError("rename", from, "ENOENT");
      if (inode === target) return;
      if (target?.kind === "directory") {
        if (inode.kind === "file") throw new FileSystemError("rename", from, "EISDIR");
        if (target.entries.size > 0) throw new FileSystemError("rename", from, "ENOTEMPTY");
      } else if (target !== undefined && inode.kind === "directory") {
        throw new FileSystemError("rename", from, "ENOTDIR");
      }
      const source = this.#parent("rename", from);
      const destination = this.#parent("rename", to);
      const removal = [posix.basename(from), undefined] as const;
      const addition = [posix.basename(to), inode] as const;
      if (source === destination) source.change([removal, addition]);
      else {
        destination.change([addition]);
        source.change([removal]);
      }
      this.#forgetPages(target);
      for (const observer of this.#observers) {
        observer.renamed?.(posix.resolve("/", from), posix.resolve("/", to));
      }
    });
  }

  remove(path: string): Promise<void> {
    return this.#perform("remove", path, 0, () => {
      const inode = this.#lookup(path);
      if (inode === undefined) return;
      if (inode.kind === "directory") throw new FileSystemError("remove", path, "EISDIR");
      this.#parent("remove", path).change([[posix.basename(path), undefined]]);
      this.#forgetPages(inode);
      this.#tellRemoved(path);
    });
  }

  removeDirectory(path: string): Promise<void> {
    return this.#perform("remove-directory", path, 0, () => {
      const inode = this.#lookup(path);
      if (inode === undefined) return;
      if (inode.kind === "file") throw new FileSystemError("remove directory", path, "ENOTDIR");
      this.#forgetPages(inode);
      removeAll(inode);
      this.#parent("remove directory", path).change([[posix.basename(path), undefined]]);
      this.#tellRemoved(path);
    });
  }

  syncDirectory(path: string): Promise<void> {
    return this.#perform("sync-directory", path, 0, (fault) => {
      const directory = this.#directory("sync directory", path);
      const absolute = posix.resolve("/", path);
      if (fault?.kind === "lying-sync") {
        this.#tellDeceived("lying-sync", absolute);
        return;
      }
      directory.sync();
      for (const observer of this.#observers) observer.directorySynced?.(absolute);
    });
  }

  lock(path: string): Promise<FileLock | undefined> {
    return this.#perform("lock", path, 0, () => {
      const { locks } = this.#process;
      if (locks.has(path)) return undefined;
      if (this.#lookup(path) === undefined) {
        this.#parent("lock", path).change([[posix.basename(path), new SimFile()]]);
      }
      locks.add(path);
      return {
        release: () => {
          locks.delete(path);
          return Promise.resolve();
        },
      };
    });
  }

  #handle(process: SimProcess, file: SimFile, path: string, isWritable: boolean): FileHandle {
    return new SimFileHandle(file, path, isWritable, {
      perform: (kind, bytes, work) => this.#perform(kind, path, bytes, work, process),
      performSync: (kind, bytes, work) => this.#performSync(kind, path, bytes, work, process),
      write: (bytes, position) => this.#write(file, path, bytes, position),
      truncate: (sizeBytes) => {
        this.#truncate(file, sizeBytes);
      },
      failSync: () => {
        file.failSync(this.#random);
      },
      tellSynced: () => {
        this.#tell(file, (observer, at) => observer.synced?.(at));
      },
      tellDeceived: (how) => {
        this.#tellDeceived(how, pathOf(file) ?? path);
      },
    });
  }

  async #perform<T>(
    kind: SimOperationKind,
    path: string,
    bytes: number,
    work: (fault: SimFault | undefined) => T,
    process: SimProcess = this.#process,
  ): Promise<T> {
    checkAlive(process);
    const fault = this.#policy({ kind, path, bytes, sequence: ++this.#sequence });
    if (fault?.kind === "delay") await this.#delay(fault.millis);
    else await Promise.resolve();
    checkAlive(process);
    return this.#carryOut(kind, path, fault, work);
  }

  #performSync<T>(
    kind: SimOperationKind,
    path: string,
    bytes: number,
    work: (fault: SimFault | undefined) => T,
    process: SimProcess,
  ): T {
    checkAlive(process);
    const fault = this.#policy({ kind, path, bytes, sequence: ++this.#sequence });
    return this.#carryOut(kind, path, fault, work);
  }

  #carryOut<T>(
    kind: SimOperationKind,
    path: string,
    fault: SimFault | undefined,
    work: (fault: SimFault | undefined) => T,
  ): T {
    if (fault?.kind === "crash" && fault.when === "before") {
      this.crash(fault.damage);
      throw new SimCrashedError();
    }
    if (fault?.kind === "error" && kind !== "datasync") {
      throw new FileSystemError(kind, path, fault.errno);
    }
    const result = work(fault);
    if (fault?.kind === "crash") {
      this.crash(fault.damage);
      throw new SimCrashedError();
    }
    return result;
  }

  #delay(millis: number): Promise<void> {
    const timers = this.#timers;
    if (timers === undefined) throw new Error("Cannot delay: no timers were given");
    return new Promise((resolve) => timers.setTimer(millis, resolve));
  }

  #write(file: SimFile, path: string, bytes: Uint8Array, position: number): void {
    const before = file.current.allocatedPages;
    const pagesLeft = Math.floor(this.#capacityBytes / pageBytes) - this.#allocatedPages;
    const written = file.write(bytes, position, pagesLeft);
    this.#allocatedPages += file.current.allocatedPages - before;
    if (written > 0) {
      this.#tell(file, (observer, at) =>
        observer.written?.(at, position, bytes.subarray(0, written)),
      );
    }
    if (written < bytes.length) throw new FileSystemError("write", path, "ENOSPC");
  }

  #truncate(file: SimFile, sizeBytes: number): void {
    const before = file.current.allocatedPages;
    file.truncate(sizeBytes);
    this.#allocatedPages += file.current.allocatedPages - before;
    this.#tell(file, (observer, at) => observer.truncated?.(at, sizeBytes));
  }

  #tell(file: SimFile, call: (observer: SimFileObserver, path: string) => void): void {
    if (this.#observers.length === 0) return;
    const path = pathOf(file);
    if (path === undefined) return;
    for (const observer of this.#observers) call(observer, path);
  }

  #tellRemoved(path: string): void {
    const absolute = posix.resolve("/", path);
    for (const observer of this.#observers) observer.removed?.(absolute);
  }

  #tellDeceived(how: SimDeception, path: string): void {
    for (const observer of this.#observers) observer.deceived?.(how, path);
  }

  #forgetPages(inode: SimInode | undefined): void {
    if (inode !== undefined) this.#allocatedPages -= allocatedPages(inode);
  }

  #lookup(path: string): SimInode | undefined {
    let inode: SimInode | undefined = this.#root;
    for (const name of namesOf(path)) {
      inode = inode?.kind === "directory" ? inode.entries.get(name) : undefined;
    }
    return inode;
  }

  #lookupDurable(path: string): SimInode | undefined {
    let inode: SimInode | undefined = this.#root;
    for (const name of namesOf(path)) {
      inode = inode?.kind === "directory" ? inode.durableEntry(name) : undefined;
    }
    return inode;
  }

  #parent(operation: string, path: string): SimDirectory {
    return this.#directory(operation, posix.dirname(posix.resolve("/", path)));
  }

  #directory(operation: string, path: string): SimDirectory {
    const inode = this.#lookup(path);
    if (inode === undefined) throw new FileSystemError(operation, path, "ENOENT");
    if (inode.kind === "file") throw new FileSystemError(operation, path, "ENOTDIR");
    return inode;
  }

  #file(operation: string, path: string): SimFile {
    const inode = this.#lookup(path);
    if (inode === undefined) throw new FileSystemError(operation, path, "ENOENT");
    if (inode.kind === "directory") throw new FileSystemError(operation, path, "EISDIR");
    return inode;
  }
}

/** What {@link SimFileSystem.image} has copied. */
export interface SimDiskImage {
  /** @internal */
  readonly root: SimDirectory;
}

interface SimProcess {
  isAlive: boolean;
  readonly locks: Set<string>;
}

function checkAlive(process: SimProcess): void {
  if (!process.isAlive) throw new SimCrashedError();
}

function namesOf(path: string): readonly string[] {
  return posix
    .resolve("/", path)
    .split("/")
    .filter((name) => name !== "");
}

function byteOrder(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function allocatedPages(inode: SimInode): number {
  if (inode.kind === "file") return inode.current.allocatedPages;
  return [...inode.entries.values()].reduce((sum, child) => sum + allocatedPages(child), 0);
}

function removeAll(directory: SimDirectory): void {
  for (const [name, inode] of [...directory.entries]) {
    if (inode.kind === "directory") removeAll(inode);
    directory.change([[name, undefined]]);
  }
}
