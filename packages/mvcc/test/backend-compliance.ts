import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { bucketNames, type Backend, type BucketName } from "@quorate/mvcc";
import { revisionKey } from "../src/revision-key.ts";
import { bytes } from "./support.ts";

/** One environment in which backends can be opened again and again over the same content. */
export interface BackendBench {
  /** Directory for copies. */
  readonly directory: string;
  open(): Promise<Backend>;
  /** Opens what a power cut would leave of `backend`, which is closed. */
  crash(backend: Backend): Promise<Backend>;
  /** Size of a file. */
  sizeOf(path: string): Promise<number>;
  dispose(): Promise<void>;
}

/** Rules that every backend obeys; `createBench` makes an empty one. */
export function testBackendCompliance(
  name: string,
  createBench: () => Promise<BackendBench>,
): void {
  const compliance = (
    title: string,
    run: (backend: Backend, bench: BackendBench) => Promise<Backend>,
  ): void => {
    test(`${name}: ${title}`, async () => {
      const bench = await createBench();
      try {
        const last = await run(await bench.open(), bench);
        await last.close();
      } finally {
        await bench.dispose();
      }
    });
  };

  compliance("a staged row is visible at once and after the flush", async (backend) => {
    backend.put("meta", "a", bytes("1"));
    assert.deepEqual(text(backend.get("meta", "a")), "1");
    assert.equal(backend.get("lease", "a"), undefined);
    backend.endUnit();
    await backend.flush();
    assert.deepEqual(text(backend.get("meta", "a")), "1");
    backend.delete("meta", "a");
    assert.equal(backend.get("meta", "a"), undefined);
    assert.deepEqual(rowsOf(backend, "meta"), []);
    return backend;
  });

  compliance("a row keeps all bytes of key and value, empty values too", async (backend, bench) => {
    const everyByte = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    const large = Buffer.alloc(3 * 1024 * 1024, 0xa5);
    backend.put("authUsers", everyByte, bytes(""));
    backend.put("authUsers", "\0", bytes(everyByte));
    backend.put("authUsers", "large", large);
    backend.endUnit();
    await backend.close();
    const reopened = await bench.open();
    assert.equal(reopened.get("authUsers", everyByte)?.length, 0);
    assert.equal(text(reopened.get("authUsers", "\0")), everyByte);
    assert.equal(Buffer.compare(reopened.get("authUsers", "large") ?? bytes(""), large), 0);
    return reopened;
  });

  compliance("a value handed out outlives later reads and writes", async (backend) => {
    backend.put("meta", "a", bytes("first"));
    backend.put("meta", "b", bytes("other"));
    backend.endUnit();
    await backend.flush();
    const read = backend.get("meta", "a");
    const scanned: Uint8Array[] = [];
    backend.scan("meta", { begin: "a" }, (_key, value) => {
      scanned.push(value);
      return true;
    });
    backend.put("meta", "a", bytes("later"));
    backend.endUnit();
    await backend.flush();
    assert.equal(text(backend.get("meta", "b")), "other");
    assert.equal(text(read), "first");
    assert.deepEqual(scanned.map(text), ["first", "other"]);
    return backend;
  });

  compliance("a scan is half-open, ordered by bytes, and stops when told", async (backend) => {
    for (const key of ["b", "a", "\xff", "a\0", "B", "c"]) backend.put("alarm", key, bytes(key));
    backend.endUnit();
    await backend.flush();
    backend.put("alarm", "aa", bytes("aa"));
    assert.deepEqual(rowsOf(backend, "alarm"), ["B", "a", "a\0", "aa", "b", "c", "\xff"]);
    assert.deepEqual(rowsOf(backend, "alarm", "a\0", "c"), ["a\0", "aa", "b"]);
    const seen: string[] = [];
    backend.scan("alarm", { begin: "a" }, (key) => seen.push(key) < 2);
    assert.deepEqual(seen, ["a", "a\0"]);
    return backend;
  });

  compliance("a flush makes units and the mark durable", async (backend, bench) => {
    backend.put("meta", "appliedIndex", bytes("7"));
    backend.endUnit(7);
    assert.ok(backend.durableMark() < 7);
    await backend.flush();
    assert.equal(backend.durableMark(), 7);
    const survivor = await bench.crash(backend);
    assert.equal(text(survivor.get("meta", "appliedIndex")), "7");
    return survivor;
  });

  compliance("C37 an unflushed unit is gone or there as a whole", async (backend, bench) => {
    backend.put("meta", "appliedIndex", bytes("1"));
    backend.put("key", "row 1", bytes("1"));
    backend.endUnit(1);
    await backend.flush();
    backend.put("meta", "appliedIndex", bytes("2"));
    backend.put("key", "row 2", bytes("2"));
    backend.endUnit(2);
    assert.equal(backend.durableMark(), 1);
    const survivor = await bench.crash(backend);
    const index = text(survivor.get("meta", "appliedIndex"));
    assert.equal(survivor.get("key", "row 2") !== undefined, index === "2");
    assert.equal(text(survivor.get("key", "row 1")), "1");
    return survivor;
  });

  compliance("a copy holds what was ended, and the original goes on", async (backend, bench) => {
    const path = join(bench.directory, "copy");
    backend.put("meta", "a", bytes("1"));
    backend.put("key", "k", bytes("v"));
    backend.endUnit(3);
    const copying = backend.snapshotTo(path);
    backend.put("meta", "a", bytes("2"));
    backend.endUnit(4);
    const { mark } = await copying;
    assert.equal(text(backend.get("meta", "a")), "2");
    await backend.replaceWith(path);
    assert.ok(mark === 3 || mark === 4);
    assert.equal(text(backend.get("meta", "a")), mark === 3 ? "1" : "2");
    assert.equal(text(backend.get("key", "k")), "v");
    return backend;
  });

  compliance(
    "replacing drops everything that was there, staged rows too",
    async (backend, bench) => {
      const path = join(bench.directory, "copy");
      backend.put("meta", "old", bytes("1"));
      backend.endUnit();
      await backend.snapshotTo(path);
      backend.put("meta", "new", bytes("1"));
      backend.put("key", "k", bytes("1"));
      backend.endUnit();
      await backend.flush();
      backend.put("meta", "staged", bytes("1"));
      backend.endUnit();
      await backend.replaceWith(path);
      assert.deepEqual(rowsOf(backend, "meta"), ["old"]);
      assert.deepEqual(rowsOf(backend, "key"), []);
      backend.put("meta", "after", bytes("1"));
      backend.endUnit();
      const survivor = await bench.crash(await flushed(backend));
      assert.deepEqual(rowsOf(survivor, "meta"), ["after", "old"]);
      return survivor;
    },
  );

  compliance(
    "defragmenting keeps all rows while reads and writes go on",
    async (backend, bench) => {
      for (let row = 0; row < 500; row++) backend.put("key", `k${row}`, Buffer.alloc(1000, row));
      backend.endUnit(1);
      await backend.flush();
      for (let row = 10; row < 500; row++) backend.delete("key", `k${row}`);
      backend.endUnit(2);
      await backend.flush();
      const before = backend.sizeBytes;
      const defragmenting = backend.defragment();
      let turns = 0;
      const state = { isOver: false };
      void defragmenting.then(() => {
        state.isOver = true;
      });
      while (!state.isOver && turns < 100_000) {
        assert.equal(backend.get("key", "k3")?.[0], 3);
        backend.put("meta", "turn", bytes(String(turns++)));
        backend.endUnit(turns + 2);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await defragmenting;
      assert.ok(backend.sizeBytes <= before + 100, `${backend.sizeBytes} of ${before}`);
      await backend.flush();
      const survivor = await bench.crash(backend);
      assert.equal(rowsOf(survivor, "key").length, 10);
      assert.equal(text(survivor.get("meta", "turn")), String(turns - 1));
      return survivor;
    },
  );

  compliance(
    "C26 maintenance of every kind runs together and in any order",
    async (backend, bench) => {
      const path = (copy: number): string => join(bench.directory, `copy${copy}`);
      for (let row = 0; row < 200; row++) backend.put("key", `k${row}`, bytes(`v${row}`));
      backend.endUnit(1);
      const work = [
        backend.defragment(),
        backend.snapshotTo(path(1)),
        backend.defragment(),
        backend.snapshotTo(path(2)),
        backend.flush(),
      ];
      backend.put("meta", "a", bytes("1"));
      backend.endUnit(2);
      await Promise.all(work);
      await backend.replaceWith(path(2));
      assert.equal(rowsOf(backend, "key").length, 200);
      assert.ok((await bench.sizeOf(path(1))) > 0);
      return backend;
    },
  );

  compliance("a closed backend refuses writes with a typed error", async (backend, bench) => {
    await backend.close();
    await backend.close();
    assert.throws(
      () => {
        backend.put("meta", "a", bytes("1"));
      },
      { code: "backend-closed" },
    );
    return bench.open();
  });

  compliance(
    "random writes, flushes, crashes and scans agree with a plain map",
    async (backend, bench) => {
      let current = backend;
      await fc.assert(
        fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60, size: "max" }), async (steps) => {
          current = await runSteps(current, bench, steps);
        }),
        { numRuns: 12 },
      );
      return current;
    },
  );
}

/** Rules of `stageVersion` and `getVersion`. */
export function testVersionCompliance(
  name: string,
  createBench: () => Promise<BackendBench>,
): void {
  test(`${name}: a version is the row of bucket key under its revision`, async () => {
    const bench = await createBench();
    let backend = await bench.open();
    stage(backend, 7, 0, "first");
    stage(backend, 7, 1, "second");
    stage(backend, 8, 0, "gone", true);
    backend.endUnit(1);
    const staged = backend.getVersion(7, 1);
    for (const state of ["staged", "flushed", "kept", "crashed"]) {
      assert.equal(text(backend.getVersion(7, 0)), "first", state);
      assert.equal(text(backend.get("key", revisionKey(7, 1, false))), "second", state);
      assert.equal(text(backend.get("key", revisionKey(8, 0, true))), "gone", state);
      const missing = [
        backend.getVersion(7, 2),
        backend.getVersion(8, 0),
        backend.getVersion(9, 0),
      ];
      assert.deepEqual(missing, [undefined, undefined, undefined], state);
      const keys = [revisionKey(7, 0, false), revisionKey(7, 1, false), revisionKey(8, 0, true)];
      assert.deepEqual(rowsOf(backend, "key"), keys, state);
      if (state === "staged") await backend.flush();
      if (state === "kept") backend = await bench.crash(backend);
    }
    assert.equal(text(staged), "second", "a value handed out outlives the commit");
    await backend.close();
    await bench.dispose();
  });

  test(`${name}: a version handed out outlives later ones, small or large`, async () => {
    const bench = await createBench();
    const backend = await bench.open();
    const kept: Uint8Array[] = [];
    for (let main = 2; main < 300; main++) {
      const size = main % 50 === 0 ? 200_000 : main * 7;
      const space = backend.stageVersion(main, 0, false, size);
      space.bytes.fill(main, space.begin, space.begin + size);
      kept.push(
        main % 2 === 0
          ? space.view(space.begin, space.begin + size)
          : (backend.getVersion(main, 0) ?? bytes("")),
      );
      backend.endUnit(main);
      if (main % 40 === 0) await backend.flush();
    }
    await backend.flush();
    for (const [at, row] of kept.entries()) {
      const main = at + 2;
      assert.equal(row.length, main % 50 === 0 ? 200_000 : main * 7);
      assert.ok(
        row.every((byte) => byte === (main & 0xff)),
        `row of ${main}`,
      );
      assert.deepEqual(Buffer.compare(row, backend.getVersion(main, 0) ?? bytes("")), 0);
    }
    await backend.close();
    await bench.dispose();
  });

  test(`${name}: versions in and out of order and rows agree with a plain map`, async () => {
    const rounds = fc.asyncProperty(fc.array(versionStep, { maxLength: 60 }), async (steps) => {
      const bench = await createBench();
      const last = await runVersionSteps(await bench.open(), bench, steps);
      await last.close();
      await bench.dispose();
    });
    await fc.assert(rounds, { numRuns: 30, includeErrorInReport: true });
  });
}

interface VersionStep {
  readonly kind: "next" | "more" | "any" | "put" | "delete" | "flush" | "crash" | "turn";
  readonly main: number;
  readonly sub: number;
  readonly isTombstone: boolean;
  readonly size: number;
}

const versionStep: fc.Arbitrary<VersionStep> = fc.record({
  kind: fc.constantFrom(
    ...(["next", "next", "next", "more", "more", "any", "put", "delete"] as const),
    ...(["flush", "crash", "turn"] as const),
  ),
  main: fc.nat(40),
  sub: fc.nat(2),
  isTombstone: fc.boolean(),
  size: fc.constantFrom(0, 1, 300, 9_000, 70_000),
});

async function runVersionSteps(
  backend: Backend,
  bench: BackendBench,
  steps: readonly VersionStep[],
): Promise<Backend> {
  let current = backend;
  const model = new Map<string, Uint8Array>();
  current.scan("key", { begin: "" }, (key, value) => model.set(key, value).size > 0);
  let [last, lastSub] = [40, 0];
  let fill = 0;
  const stageNext = (main: number, sub: number, step: VersionStep): void => {
    const space = current.stageVersion(main, sub, step.isTombstone, step.size);
    space.bytes.fill(++fill, space.begin, space.begin + step.size);
    model.set(revisionKey(main, sub, step.isTombstone), Buffer.alloc(step.size, fill));
  };
  for (const step of steps) {
    const rowKey = revisionKey(step.main, step.sub, step.isTombstone);
    if (step.kind === "next") stageNext(++last, (lastSub = 0), step);
    else if (step.kind === "more") stageNext(last, ++lastSub, step);
    else if (step.kind === "any") stageNext(step.main, step.sub, step);
    else if (step.kind === "put") {
      current.put("key", rowKey, Uint8Array.of(++fill));
      model.set(rowKey, Buffer.alloc(1, fill));
    } else if (step.kind === "delete") {
      const [key] = model.keys();
      current.delete("key", key ?? rowKey);
      model.delete(key ?? rowKey);
    } else if (step.kind === "turn") await new Promise((resolve) => setImmediate(resolve));
    else if (step.kind === "flush") await current.flush();
    else current = await bench.crash(await flushed(current));
    current.endUnit();
    compareVersions(current, model, JSON.stringify(step));
  }
  return current;
}

/** Compares by scan and one by one, twice: the second time reads may be served from memory. */
function compareVersions(backend: Backend, model: Map<string, Uint8Array>, step: string): void {
  const seen = new Map<string, string>();
  backend.scan("key", { begin: "", isLent: true }, (key, value) => {
    seen.set(key, hashOf(value));
    return true;
  });
  const wanted = new Map([...model].map(([key, value]) => [key, hashOf(value)]));
  assert.deepEqual([...seen].sort(), [...wanted].sort(), `after ${step}`);
  const keys = [...model.keys()].sort();
  assert.deepEqual([...seen.keys()], keys, "in order");
  for (const main of [1, 7, 40, 41, 42, 43, 44, 45]) {
    for (let sub = 0; sub < 4; sub++) {
      const found = backend.getVersion(main, sub);
      const value = model.get(revisionKey(main, sub, false));
      assert.equal(hashOf(found), hashOf(value), `version ${main}.${sub} after ${step}`);
    }
  }
}

/** What lies behind the length of a lent value is not its own. */
function hashOf(value: Uint8Array | undefined): string {
  if (value === undefined) return "none";
  const { length } = value;
  return length === 0 ? "empty" : `${length} of ${value[0]} to ${value[length - 1]}`;
}

function stage(
  backend: Backend,
  main: number,
  sub: number,
  content: string,
  isTombstone = false,
): void {
  const space = backend.stageVersion(main, sub, isTombstone, content.length);
  space.bytes.write(content, space.begin, "latin1");
}

type Step =
  | {
      readonly kind: "put";
      readonly bucket: BucketName;
      readonly key: string;
      readonly value: number;
    }
  | { readonly kind: "delete"; readonly bucket: BucketName; readonly key: string }
  | { readonly kind: "flush" | "turn" | "check" | "crash" };

const bucketArbitrary = fc.constantFrom<BucketName>("key", "meta");
const keyArbitrary = fc.stringMatching(/^[ab]{1,3}$/);
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      bucket: bucketArbitrary,
      key: keyArbitrary,
      value: fc.nat(255),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      bucket: bucketArbitrary,
      key: keyArbitrary,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("flush", "turn", "check") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
);

async function runSteps(
  backend: Backend,
  bench: BackendBench,
  steps: readonly Step[],
): Promise<Backend> {
  let current = backend;
  const model = new Map<string, number>();
  for (const bucket of bucketNames) {
    current.scan(bucket, { begin: "" }, (key, value) => {
      model.set(`${bucket}/${key}`, value[0] ?? -1);
      return true;
    });
  }
  for (const step of steps) {
    if (step.kind === "put") {
      current.put(step.bucket, step.key, Uint8Array.of(step.value));
      current.endUnit();
      model.set(`${step.bucket}/${step.key}`, step.value);
    } else if (step.kind === "delete") {
      current.delete(step.bucket, step.key);
      current.endUnit();
      model.delete(`${step.bucket}/${step.key}`);
    } else if (step.kind === "flush") await current.flush();
    else if (step.kind === "turn") await new Promise((resolve) => setImmediate(resolve));
    else if (step.kind === "crash") current = await bench.crash(await flushed(current));
    const seen = new Map<string, number>();
    for (const bucket of bucketNames) {
      current.scan(bucket, { begin: "", isLent: true }, (key, value) => {
        seen.set(`${bucket}/${key}`, value[0] ?? -1);
        return true;
      });
    }
    assert.deepEqual([...seen].sort(), [...model].sort(), `after ${JSON.stringify(step)}`);
  }
  return current;
}

async function flushed(backend: Backend): Promise<Backend> {
  await backend.flush();
  return backend;
}

function rowsOf(backend: Backend, bucket: BucketName, begin = "", end?: string): readonly string[] {
  const keys: string[] = [];
  backend.scan(bucket, end === undefined ? { begin } : { begin, end }, (key) => {
    keys.push(key);
    return true;
  });
  return keys;
}

function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString("latin1");
}
