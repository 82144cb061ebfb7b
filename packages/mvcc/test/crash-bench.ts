/** Disks on which a backend dies at each file operation in turn: LMDB's and the simulated one. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { NodeFileSystem, NodeTimers, type FileHandle, type FileSystem } from "@quorate/platform";
import { SeededRandom, SimFileSystem, type SimFault } from "@quorate/platform/sim";
import { LmdbBackend, MemoryBackend, type Backend, type BackendOptions } from "@quorate/mvcc";
import { bytes, temporaryDirectory } from "./support.ts";

/** What a backend does while crashes strike. */
export interface CrashWork {
  /** Before any crash. */
  prepare(backend: Backend, path: (name: string) => string): Promise<void>;
  /** Every file operation in here is a place for a crash. */
  run(backend: Backend, path: (name: string) => string): Promise<unknown>;
}

/** What a crash left. */
export interface CrashSite {
  readonly label: string;
  /** What the dead process had been promised. */
  readonly durableMark: number;
  open(): Promise<Backend>;
  /** Names in the directory. */
  list(): Promise<readonly string[]>;
}

/** Runs some work and yields what a crash at each of its file operations leaves. */
export type CrashBench = (work: CrashWork) => AsyncGenerator<CrashSite>;

/** Small groups, so that a commit is several transactions. */
const options: Partial<BackendOptions> = { commitRowsMax: 1_000, feedRowsMax: 4 };

/**
 * LMDB: a copy of the directory at the operation is what a process killed there leaves, as the page
 * cache outlives it.
 */
export async function* lmdbCrashes(work: CrashWork): AsyncGenerator<CrashSite> {
  const directory = await temporaryDirectory();
  const sites: { readonly label: string; readonly durableMark: number; readonly path: string }[] =
    [];
  const real = new NodeFileSystem();
  const live = join(directory.path, "live");
  mkdirSync(live);
  let watched: Backend | undefined;
  const fileSystem = new SpiedFiles(real, (label) => {
    if (watched === undefined) return;
    const path = join(directory.path, `at ${sites.length}`);
    cpSync(live, path, { recursive: true });
    sites.push({ label, durableMark: watched.durableMark(), path });
  });
  const open = (path: string): Promise<LmdbBackend> =>
    LmdbBackend.open(join(path, "db"), options, { timers: new NodeTimers(), fileSystem });
  const pathOf = (name: string): string => join(live, name);
  const backend = await open(live);
  await work.prepare(backend, pathOf);
  watched = backend;
  await work.run(backend, pathOf);
  fileSystem.note("the end");
  watched = undefined;
  await backend.close();
  for (const { label, durableMark, path } of sites) {
    const site = { label, durableMark, open: () => open(path), list: () => real.list(path) };
    yield site;
  }
  await directory.dispose();
}

/** The simulated disk: the file system itself crashes, before or after each operation. */
export async function* memoryCrashes(work: CrashWork): AsyncGenerator<CrashSite> {
  for (const damage of ["kill", "keep-all", "drop-all", "random"] as const) {
    for (const when of ["before", "after"] as const) {
      for (let at = 1, isOver = false; !isOver; at++) {
        const files = new SimFileSystem({ random: new SeededRandom(BigInt(at)) });
        await files.makeDirectory("/data");
        await files.syncDirectory("/");
        const open = (): Promise<Backend> =>
          MemoryBackend.open("/data/db", options, {
            timers: new NodeTimers(),
            fileSystem: files,
          });
        const pathOf = (name: string): string => `/data/${name}`;
        const backend = await open();
        await work.prepare(backend, pathOf);
        const end = files.operations + at;
        let label = "the end";
        files.setFaultPolicy(({ sequence, kind, path }): SimFault | undefined => {
          // What the dead process would still do on names does not reach the disk either.
          if (sequence > end) return { kind: "error", errno: "EIO" };
          if (sequence < end) return undefined;
          label = `${when} ${kind} ${path}, ${damage}`;
          return { kind: "crash", when, damage: damage === "kill" ? "keep-all" : damage };
        });
        await work.run(backend, pathOf).catch(() => undefined);
        files.setFaultPolicy(undefined);
        isOver = label === "the end";
        const durableMark = backend.durableMark();
        if (damage === "kill") files.killProcess();
        else files.crash(damage);
        yield { label, durableMark, open, list: () => files.list("/data") };
      }
    }
  }
}

/** Stages units `first` to `last`; each has its index, two versions and rows of bucket `lease`. */
export function stageUnits(backend: Backend, first: number, last: number): void {
  for (let unit = first; unit <= last; unit++) {
    for (const sub of [0, 1]) {
      const space = backend.stageVersion(unit, sub, false, 40);
      space.bytes.fill(unit, space.begin, space.begin + 40);
    }
    backend.put("lease", nameOf(unit), bytes("1"));
    if (unit % 5 === 0) backend.delete("lease", nameOf(unit - 1));
    backend.put("meta", "appliedIndex", bytes(String(unit)));
    backend.endUnit(unit);
  }
}

/** Checks that a backend holds units 1 to n, whole, and nothing else; returns n (C25). */
export function wholeUnits(backend: Backend, label: string): number {
  const last = Number(Buffer.from(backend.get("meta", "appliedIndex") ?? bytes("0")).toString());
  let rows = 0;
  backend.scan("key", { begin: "" }, (_key, value) => {
    assert.equal(value[0], Math.floor(rows++ / 2 + 1) & 0xff, `row ${rows} ${label}`);
    return true;
  });
  assert.equal(rows, last * 2, `rows at index ${last} ${label}`);
  const leases: string[] = [];
  backend.scan("lease", { begin: "" }, (key) => leases.push(key) > 0);
  const wanted: string[] = [];
  for (let unit = 1; unit <= last; unit++) {
    if (unit % 5 !== 4 || unit === last) wanted.push(nameOf(unit));
  }
  assert.deepEqual(leases, wanted, `leases at index ${last} ${label}`);
  return last;
}

function nameOf(unit: number): string {
  return String(unit).padStart(6, "0");
}

/** Passes everything on and tells about it before. */
class SpiedFiles implements FileSystem {
  readonly #inner: FileSystem;
  readonly note: (label: string) => void;

  constructor(inner: FileSystem, note: (label: string) => void) {
    this.#inner = inner;
    this.note = note;
  }

  async open(path: string, mode: Parameters<FileSystem["open"]>[1]): Promise<FileHandle> {
    this.note(`open ${path}`);
    const handle = await this.#inner.open(path, mode);
    const datasync = handle.datasync.bind(handle);
    handle.datasync = () => {
      this.note(`datasync ${path}`);
      return datasync();
    };
    return handle;
  }

  list(path: string): ReturnType<FileSystem["list"]> {
    return this.#inner.list(path);
  }

  stat(path: string): ReturnType<FileSystem["stat"]> {
    this.note(`stat ${path}`);
    return this.#inner.stat(path);
  }

  freeBytes(path: string): Promise<number> {
    return this.#inner.freeBytes(path);
  }

  makeDirectory(path: string): Promise<void> {
    return this.#inner.makeDirectory(path);
  }

  rename(from: string, to: string): Promise<void> {
    this.note(`rename ${from}`);
    return this.#inner.rename(from, to);
  }

  remove(path: string): Promise<void> {
    this.note(`remove ${path}`);
    return this.#inner.remove(path);
  }

  removeDirectory(path: string): Promise<void> {
    return this.#inner.removeDirectory(path);
  }

  syncDirectory(path: string): Promise<void> {
    this.note(`sync directory ${path}`);
    return this.#inner.syncDirectory(path);
  }

  lock(path: string): ReturnType<FileSystem["lock"]> {
    return this.#inner.lock(path);
  }
}
