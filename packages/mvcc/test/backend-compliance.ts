import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { bucketNames, type Backend, type BucketName } from "@quorate/mvcc";
import { bytes } from "./support.ts";

/** One environment in which backends can be opened again and again over the same content. */
export interface BackendBench {
  /** Directory for copies. */
  readonly directory: string;
  open(): Promise<Backend>;
  /** Opens what a power cut would leave of `backend`, which is closed. */
  crash(backend: Backend): Promise<Backend>;
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
      assert.ok((await stat(path(1))).size > 0);
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
