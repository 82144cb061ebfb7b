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
import { SimDirectory, SimFile, type CrashDamage, type SimInode } from "./sim-inode.ts";

/** One call on a {@link SimFileSystem}, as its fault policy sees it before it takes place. */
export interface SimOperation {
  readonly kind: SimOperationKind;
  readonly path: string;
  /** Counts all operations of the file system from 1; for "fail at operation n". */
  readonly sequence: number;
  /** Length of a read or write; 0 for other kinds. */
  readonly bytes: number;
}

/** See {@link SimOperation}. */
export type SimOperationKind =
  | "open"
  | "list"
  | "stat"
  | "make-directory"
  | "rename"
  | "remove"
  | "remove-directory"
  | "sync-directory"
  | "lock"
  | "write"
  | "read"
  | "datasync"
  | "truncate"
  | "size"
  | "close";

/** What a fault policy makes of an operation. */
export type SimFault =
  /** Fails. A failed `datasync` also drops the dirty pages, and the next one reports success. */
  | { readonly kind: "error"; readonly errno: string }
  /** A write puts the first `bytes` down, then fails. */
  | { readonly kind: "short-write"; readonly bytes: number; readonly errno: string }
  /** A write reports success and puts nothing down. */
  | { readonly kind: "lost-write" }
  /** A write goes to another place of the file. */
  | { readonly kind: "misdirected-write"; readonly position: number }
  /** A datasync or directory sync reports success and makes nothing durable. */
  | { readonly kind: "lying-sync" }
  /** Takes this long on the timers given; an operation that is synchronous is not delayed. */
  | { readonly kind: "delay"; readonly millis: number }
  /** Power goes before or after the operation took place (not: became durable). */
  | { readonly kind: "crash"; readonly when: "before" | "after"; readonly damage: CrashDamage };

/** Decides about each operation; undefined lets it pass. */
export type SimFaultPolicy = (operation: SimOperation) => SimFault | undefined;

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

  /** Changes one bit of a file on the platters and in the cache. */
  flipBit(path: string, position: number, bit: number = 0): void {
    this.#file("flip a bit of", path).flipBit(position, bit);
  }

  /** All bytes of a file as a process would read them, without passing the fault policy. */
  contents(path: string): Uint8Array {
    const { current } = this.#file("read", path);
    const bytes = new Uint8Array(current.sizeBytes);
    current.read(bytes, 0);
    return bytes;
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
    return this.#perform("list", path, 0, () => {
      return [...this.#directory("list", path).entries.keys()].sort(byteOrder);
    });
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#perform("stat", path, 0, () => {
      const inode = this.#lookup(path);
      if (inode === undefined) return undefined;
      const sizeBytes = inode.kind === "file" ? inode.current.sizeBytes : 0;
      return { kind: inode.kind, sizeBytes };
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
    });
  }

  remove(path: string): Promise<void> {
    return this.#perform("remove", path, 0, () => {
      const inode = this.#lookup(path);
      if (inode === undefined) return;
      if (inode.kind === "directory") throw new FileSystemError("remove", path, "EISDIR");
      this.#parent("remove", path).change([[posix.basename(path), undefined]]);
      this.#forgetPages(inode);
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
    });
  }

  syncDirectory(path: string): Promise<void> {
    return this.#perform("sync-directory", path, 0, (fault) => {
      const directory = this.#directory("sync directory", path);
      if (fault?.kind !== "lying-sync") directory.sync();
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
    if (written < bytes.length) throw new FileSystemError("write", path, "ENOSPC");
  }

  #truncate(file: SimFile, sizeBytes: number): void {
    const before = file.current.allocatedPages;
    file.truncate(sizeBytes);
    this.#allocatedPages += file.current.allocatedPages - before;
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

/** What a handle needs of its file system, bound to the process that opened it. */
interface SimFileHandleHost {
  readonly perform: <T>(
    kind: SimOperationKind,
    bytes: number,
    work: (fault: SimFault | undefined) => T,
  ) => Promise<T>;
  readonly performSync: <T>(
    kind: SimOperationKind,
    bytes: number,
    work: (fault: SimFault | undefined) => T,
  ) => T;
  readonly write: (bytes: Uint8Array, position: number) => void;
  readonly truncate: (sizeBytes: number) => void;
  readonly failSync: () => void;
}

class SimFileHandle implements FileHandle {
  readonly #file: SimFile;
  readonly #path: string;
  readonly #isWritable: boolean;
  readonly #host: SimFileHandleHost;
  #isOpen = true;

  constructor(file: SimFile, path: string, isWritable: boolean, host: SimFileHandleHost) {
    this.#file = file;
    this.#path = path;
    this.#isWritable = isWritable;
    this.#host = host;
  }

  writeSync(chunks: readonly Uint8Array[], position: number): void {
    const bytes = concatenate(chunks);
    this.#host.performSync("write", bytes.length, (fault) => {
      this.#check("write", true);
      if (fault?.kind === "lost-write") return;
      if (fault?.kind === "short-write") {
        this.#host.write(bytes.subarray(0, fault.bytes), position);
        throw new FileSystemError("write", this.#path, fault.errno);
      }
      const at = fault?.kind === "misdirected-write" ? fault.position : position;
      this.#host.write(bytes, at);
    });
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#host.perform("read", target.length, () => {
      this.#check("read", false);
      return this.#file.current.read(target, position);
    });
  }

  readSync(target: Uint8Array, position: number): number {
    return this.#host.performSync("read", target.length, () => {
      this.#check("read", false);
      return this.#file.current.read(target, position);
    });
  }

  datasync(): Promise<void> {
    // What is written while the disk works is not covered by this call.
    const { mark } = this.#file;
    return this.#host.perform("datasync", 0, (fault) => {
      this.#check("datasync", false);
      if (fault?.kind === "error") {
        this.#host.failSync();
        throw new FileSystemError("datasync", this.#path, fault.errno);
      }
      if (fault?.kind !== "lying-sync") this.#file.sync(mark);
    });
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#host.perform("truncate", 0, () => {
      this.#check("truncate", true);
      this.#host.truncate(sizeBytes);
    });
  }

  sizeBytes(): Promise<number> {
    return this.#host.perform("size", 0, () => {
      this.#check("stat", false);
      return this.#file.current.sizeBytes;
    });
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    await this.#host.perform("close", 0, () => {
      this.#isOpen = false;
    });
  }

  #check(operation: string, isWrite: boolean): void {
    if (!this.#isOpen || (isWrite && !this.#isWritable)) {
      throw new FileSystemError(operation, this.#path, "EBADF");
    }
  }
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

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
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
