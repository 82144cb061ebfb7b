/**
 * Bytes that change on the disk (B7): no read hands them out, whoever reads; what is lost is
 * missed; copies are verified before they go anywhere.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { NodeFileSystem, NodeTimers } from "@quorate/platform";
import { bucketNames, LmdbBackend, MvccStore, type Backend, type BucketName } from "@quorate/mvcc";
import type { DatabaseEngine, DatabaseEnvironment } from "../src/backend/database.ts";
import { FileBackend } from "../src/backend/file-backend.ts";
import { LmdbEnvironment } from "../src/backend/lmdb-environment.ts";
import { MemoryDatabase, memoryEngine } from "../src/backend/memory-database.ts";
import { revisionKey } from "../src/revision-key.ts";
import { WatchRecorder } from "./watch-recorder.ts";
import { bytes, openStore, put, temporaryDirectory } from "./support.ts";

/** A kind of database whose rows can be changed behind the backend's back. */
interface Engine {
  readonly name: string;
  readonly engine: DatabaseEngine;
  open(path: string): Promise<DatabaseEnvironment>;
}

const files = new NodeFileSystem();
const engines: readonly Engine[] = [
  {
    name: "LMDB",
    engine: {
      headBytes: 16,
      isOwn: () => true,
      damageOf: () => undefined,
      checkStructure: () => Promise.resolve(),
      open: (path) => Promise.resolve(new LmdbEnvironment(path)),
    },
    open: (path) => Promise.resolve(new LmdbEnvironment(path)),
  },
  {
    name: "memory",
    engine: memoryEngine(files),
    open: (path) => MemoryDatabase.open(files, path),
  },
];

/** Changes stored bytes of one row; what stands there is value and checksum. */
type Damage = (stored: Uint8Array) => Uint8Array | undefined;

const damages: Readonly<Record<string, Damage>> = {
  "a bit of the value": (stored) => flipped(stored, 0),
  "a bit of the checksum": (stored) => flipped(stored, stored.length - 1),
  "a cut value": (stored) => stored.subarray(0, stored.length - 1),
  "a value shorter than a checksum": () => bytes("abc"),
  "nothing left": () => bytes(""),
};

for (const { name, engine, open } of engines) {
  for (const bucket of bucketNames) {
    test(`B7 ${name}: damage in bucket ${bucket} is found by who reads it`, async () => {
      for (const [title, damage] of Object.entries(damages)) {
        await using bench = await Bench.create(engine, open);
        const key = bucket === "key" ? revisionKey(3, 0, false) : "row b";
        await bench.damage(bucket, key, damage);
        const failures: Error[] = [];
        const problem = await bench
          .reopen((error) => failures.push(error))
          .then(
            (backend) => readAll(backend),
            (error: unknown) => error,
          );
        assert.ok(problem instanceof Error && "code" in problem, title);
        assert.equal(problem.code, "store-corrupt", title);
        assert.match(problem.message, /^Cannot read database ".+db": .*; remove this member/);
        assert.match(problem.message, bucket === "key" ? /version 3\.0/ : /bucket "\w+"/, title);
        assert.ok(!/secret/.test(problem.message), "no value is told (S8)");
        assert.equal(failures.length, bucket === "key" ? 1 : 0, "onFailure is told at run time");
      }
    });
  }

  test(`B7 ${name}: a row in another's place is damaged, and so is a renamed one`, async () => {
    await using bench = await Bench.create(engine, open);
    const other = await bench.stored("key", revisionKey(4, 0, false));
    await bench.damage("key", revisionKey(3, 0, false), () => other);
    const backend = await bench.reopen();
    assert.throws(() => backend.getVersion(3, 0), { code: "store-corrupt" });
    assert.ok(backend.getVersion(4, 0));
  });

  test(`B7 ${name}: a store misses rows that are gone when it opens`, async () => {
    for (const [key, wanted] of [
      [revisionKey(3, 0, false), /version 2\.0 is followed by 4\.0/],
      [revisionKey(2, 0, false), /version 1\.-1 is followed by 3\.0/],
    ] as const) {
      await using bench = await Bench.create(engine, open);
      await bench.damage("key", key, () => undefined);
      await assert.rejects(openStore(await bench.reopen()), wanted);
    }
  });

  for (const bucket of ["key", "lease"] as const) {
    test(`B7 ${name}: fewer rows in bucket ${bucket} than counted are missed`, async () => {
      const opening = async (path: string): Promise<DatabaseEnvironment> => {
        const environment = await engine.open(path);
        const count = environment.rowCount.bind(environment);
        const rowCount = (of: BucketName): number => count(of) + (of === bucket ? 1 : 0);
        return Object.assign(environment, { rowCount });
      };
      await using bench = await Bench.create(engine, open);
      const wanted = new RegExp(`bucket "${bucket}" has \\d rows that can be found, wanted \\d`);
      await assert.rejects(bench.reopen(undefined, opening).then(openStore), wanted);
    });
  }

  test(`B7 ${name}: watchers and readers miss rows that are gone while it is open`, async () => {
    await using bench = await Bench.create(engine, open);
    const failures: Error[] = [];
    const backend = await bench.reopen((error) => failures.push(error));
    const store = await openStore(backend);
    backend.delete("key", revisionKey(3, 0, false));
    backend.endUnit();
    assert.throws(() => store.range({ key: "key 3" }), /version 3\.0 has no row/);
    assert.equal(failures.length, 1);
    assert.throws(() => put(store, "key", "value"), { code: "store-corrupt" });
    store.close();
  });

  test(`B7 ${name}: a copy of a damaged database is not made`, async () => {
    await using bench = await Bench.create(engine, open);
    await bench.damage("key", revisionKey(3, 0, false), (stored) => flipped(stored, 2));
    const failures: Error[] = [];
    const backend = await bench.reopen((error) => failures.push(error));
    await assert.rejects(backend.snapshotTo(bench.path("copy")), { code: "store-corrupt" });
    assert.equal(failures.length, 1, "the damage is this member's own");
  });

  test(`B7 ${name}: a damaged copy is refused, the file and the receiver unharmed`, async () => {
    await using bench = await Bench.create(engine, open);
    const failures: Error[] = [];
    const backend = await bench.reopen((error) => failures.push(error));
    const copy = bench.path("copy");
    await backend.snapshotTo(copy);
    // As it is received: with a checksum of the stream behind it.
    const whole = Buffer.concat([await readFile(copy), Buffer.alloc(32, 7)]);
    await writeFile(copy, whole);
    await backend.verifyCopy(copy);
    assert.deepEqual(await readFile(copy), whole);
    await writeFile(copy, whole.subarray(0, whole.length - 32));
    await bench.damage("key", revisionKey(3, 0, false), (stored) => flipped(stored, 2), "copy");
    await assert.rejects(backend.verifyCopy(copy), { code: "store-corrupt" });
    await assert.rejects(backend.verifyCopy(bench.path("none")), { code: "backend-failed" });
    assert.deepEqual(failures, []);
    assert.equal(readAll(backend), undefined);
  });

  test(`B7 ${name}: checksums outlive defragmentation, install and compaction`, async () => {
    await using bench = await Bench.create(engine, open);
    let backend = await bench.reopen();
    const store = await openStore(backend);
    put(store, "key 3", "again");
    const removed = store.scheduleCompaction(store.currentRevision);
    backend.endUnit();
    await removed;
    await backend.flush();
    await backend.defragment();
    await backend.snapshotTo(bench.path("copy"));
    await backend.replaceWith(bench.path("copy"));
    assert.equal(readAll(backend), undefined);
    store.close();
    await backend.close();
    backend = await bench.reopen();
    assert.equal(backend.rowCount("key"), 4);
    await bench.damage("key", revisionKey(6, 0, false), (stored) => flipped(stored, 5));
    backend = await bench.reopen();
    await assert.rejects(openStore(backend), /version 6\.0 does not match its checksum/);
  });
}

test("B7 W3 a watcher that reads the log misses a revision that is gone", async () => {
  await using bench = await Bench.create(engines[0]?.engine, engines[0]?.open);
  const failures: Error[] = [];
  const backend = await bench.reopen((error) => failures.push(error));
  let slice: (() => void) | undefined;
  const timers = new NodeTimers();
  const clock = { monotonicMillis: () => 0, wallMillis: () => 0 };
  const store = await MvccStore.open({}, { backend, timers, clock });
  const held = {
    setTimer: timers.setTimer.bind(timers),
    setImmediate: (callback: () => void) => {
      slice = callback;
      return { cancel: () => undefined };
    },
  };
  const watched = await MvccStore.open({}, { backend, timers: held, clock });
  const sink = new WatchRecorder();
  watched.openWatchStream(sink).watch({ key: "\0", rangeEnd: "\0", startRevision: 2 });
  backend.delete("key", revisionKey(4, 0, false));
  backend.endUnit();
  assert.throws(() => slice?.(), /version 3\.0 is followed by 5\.0/);
  assert.equal(failures.length, 1);
  store.close();
  watched.close();
});

test("B7 LMDB: a file without this format's buckets is refused with a sentence", async () => {
  const directory = await temporaryDirectory();
  const path = join(directory.path, "db");
  const backend = await LmdbBackend.open(path, {}, { timers: new NodeTimers() });
  await backend.close();
  const whole = await readFile(path);
  for (const name of ["key.1", "meta.1"]) {
    const other = Buffer.from(whole);
    for (let at = other.indexOf(name); at >= 0; at = other.indexOf(name, at + 1))
      other[at + 4] = 48;
    await writeFile(path, other);
    await assert.rejects(LmdbBackend.open(path, {}, { timers: new NodeTimers() }), {
      code: "backend-failed",
      message: /^Cannot open database ".*": of the buckets of format 1 there are .*damaged/,
    });
  }
  await directory.dispose();
});

function flipped(stored: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(stored);
  copy[at] = (copy[at] ?? 0) ^ 4;
  return copy;
}

/** Reads every row in every way; returns the first error. */
function readAll(backend: Backend): unknown {
  try {
    for (const bucket of bucketNames) {
      const keys: string[] = [];
      backend.scan(bucket, { begin: "", isLent: true }, (key) => keys.push(key) > 0);
      for (const key of keys) backend.get(bucket, key);
    }
    for (let main = 2; main <= 5; main++) backend.getVersion(main, 0);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A database with four versions and three rows in each other bucket. */
class Bench implements AsyncDisposable {
  readonly #directory: { readonly path: string; readonly dispose: () => Promise<void> };
  readonly #engine: DatabaseEngine;
  readonly #open: (path: string) => Promise<DatabaseEnvironment>;
  #backend: FileBackend | undefined;

  private constructor(
    directory: { readonly path: string; readonly dispose: () => Promise<void> },
    engine: DatabaseEngine,
    open: (path: string) => Promise<DatabaseEnvironment>,
  ) {
    this.#directory = directory;
    this.#engine = engine;
    this.#open = open;
  }

  static async create(
    engine: Engine["engine"] | undefined,
    open: Engine["open"] | undefined,
  ): Promise<Bench> {
    assert.ok(engine && open);
    const bench = new Bench(await temporaryDirectory(), engine, open);
    const backend = await bench.reopen();
    const store = await openStore(backend);
    for (let main = 2; main <= 5; main++) put(store, `key ${main}`, `secret ${main}`);
    for (const bucket of bucketNames) {
      if (bucket === "key" || bucket === "meta") continue;
      for (const key of ["row a", "row b", "row c"]) backend.put(bucket, key, bytes("secret"));
    }
    backend.put("meta", "row b", bytes("secret"));
    backend.endUnit(1);
    await backend.flush();
    store.close();
    return bench;
  }

  path(name: string): string {
    return join(this.#directory.path, name);
  }

  async reopen(
    onFailure: (error: Error) => void = () => undefined,
    opening: DatabaseEngine["open"] = this.#engine.open,
  ): Promise<FileBackend> {
    await this.#backend?.close();
    this.#backend = undefined;
    const engine = { ...this.#engine, open: opening };
    const dependencies = { engine, fileSystem: files, timers: new NodeTimers() };
    this.#backend = await FileBackend.open(
      this.path("db"),
      { onFailure, cacheBytesMax: 0 },
      dependencies,
    );
    return this.#backend;
  }

  /** Value and checksum of a row. */
  async stored(bucket: BucketName, key: string, name = "db"): Promise<Uint8Array> {
    await this.#backend?.close();
    this.#backend = undefined;
    const environment = await this.#open(this.path(name));
    const lent = environment.get(bucket, key);
    assert.ok(lent, `there is row "${key}" in bucket ${bucket}`);
    const copy = Buffer.from(Uint8Array.prototype.slice.call(lent, 0, lent.length));
    await environment.close();
    return copy;
  }

  /** Replaces what is stored for a row. */
  async damage(bucket: BucketName, key: string, damage: Damage, name = "db"): Promise<void> {
    if (name === "db") await this.#backend?.close();
    if (name === "db") this.#backend = undefined;
    const environment = await this.#open(this.path(name));
    const lent = environment.get(bucket, key);
    assert.ok(lent, `there is row "${key}" in bucket ${bucket}`);
    const damaged = damage(Buffer.from(Uint8Array.prototype.slice.call(lent, 0, lent.length)));
    await environment.batch(() => {
      if (damaged === undefined) environment.remove(bucket, key);
      else environment.put(bucket, key, damaged);
    });
    await environment.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend?.close();
    await this.#directory.dispose();
  }
}
