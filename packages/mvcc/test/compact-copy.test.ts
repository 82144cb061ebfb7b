import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  BackendFailedError,
  bucketNames,
  metaKeys,
  type Backend,
  type LmdbBackend,
} from "@quorate/mvcc";
import { LmdbEnvironment } from "../src/backend/lmdb-environment.ts";
import { revisionKey } from "../src/revision-key.ts";
import { bytes, openLmdb, temporaryDirectory } from "./support.ts";

/**
 * What makes compact copies: what is written to them first once ended the process in LMDB.
 *
 * A longer run: `QUORATE_COPY_SEEDS=100 QUORATE_COPY_STEPS=2000`.
 */
const seeds = Number(process.env["QUORATE_COPY_SEEDS"] ?? "4");
const steps = Number(process.env["QUORATE_COPY_STEPS"] ?? "60");

const ways: Readonly<Record<string, (store: CopiedStore) => Promise<void>>> = {
  "a defragmentation": (store) => store.backend.defragment(),
  "the install of a snapshot": async (store) => {
    await store.backend.snapshotTo(store.path("snapshot"));
    await store.backend.replaceWith(store.path("snapshot"));
  },
  "the start on a snapshot": async (store) => {
    await store.backend.snapshotTo(store.path("snapshot"));
    await store.backend.close();
    await rename(store.path("snapshot"), store.path("db"));
    store.backend = await openLmdb(store.path("db"), options);
  },
  "a defragmentation and a restart": async (store) => {
    await store.backend.defragment();
    await store.backend.close();
    store.backend = await openLmdb(store.path("db"), options);
  },
};

const options = { commitRowsMax: 300, feedRowsMax: 40 };

interface CopiedStore {
  backend: LmdbBackend;
  readonly path: (name: string) => string;
}

async function openCopied(): Promise<CopiedStore & { dispose(): Promise<void> }> {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory.path, name);
  const store: CopiedStore = { backend: await openLmdb(path("db"), options), path };
  return Object.assign(store, {
    dispose: async () => {
      await store.backend.close();
      await directory.dispose();
    },
  });
}

for (const [name, makeCopy] of Object.entries(ways)) {
  test(`LmdbBackend: the first commit after ${name} may free any number of pages`, async () => {
    for (const rows of [0, 1, 100, 1000, 3000]) {
      const store = await openCopied();
      for (let row = 0; row < rows; row++) {
        store.backend.stageVersion(row + 1, 0, false, 3000).bytes.fill(1);
        store.backend.endUnit();
      }
      await makeCopy(store);
      assert.equal(store.backend.get("meta", metaKeys.freeListStart), undefined);
      for (let row = 1; row < rows; row++) store.backend.delete("key", revisionKey(row, 0, false));
      store.backend.endUnit();
      await store.backend.flush();
      store.backend.put("meta", "a", bytes("1"));
      store.backend.endUnit();
      await store.backend.flush();
      assert.deepEqual(
        content(store.backend).map(([bucket]) => bucket),
        [...(rows > 0 ? ["key"] : []), "meta"],
      );
      await store.dispose();
    }
  });
}

test(`LmdbBackend keeps all rows over many copies and restarts (${seeds} seeds)`, async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const random = randomOf(seed);
    const store = await openCopied();
    const model = new Map<number, number>();
    let main = 0;
    for (let step = 0; step < steps; step++) {
      for (let put = random(60); put > 0; put--) {
        const size = rowSizes[random(rowSizes.length)] ?? 0;
        main++;
        const space = store.backend.stageVersion(main, 0, false, size);
        space.bytes.fill(main & 0xff, space.begin, space.begin + size);
        model.set(main, size);
        store.backend.endUnit(main);
      }
      const kept = random(8) === 0 ? random(200) : 3000;
      for (const row of model.keys()) {
        if (model.size <= kept && random(60) !== 0) continue;
        model.delete(row);
        store.backend.delete("key", revisionKey(row, 0, false));
      }
      store.backend.endUnit();
      if (random(4) > 0) await store.backend.flush();
      const way = Object.values(ways)[random(12)];
      if (way !== undefined) {
        await store.backend.flush();
        await way(store);
      }
    }
    const found = content(store.backend).map(([, , value]) => value);
    const wanted = [...model].map(([row, size]) => `${row & 0xff}*${size}`);
    assert.deepEqual(found, wanted, `rows of seed ${seed}`);
    await store.dispose();
  }
});

const rowSizes = [20, 100, 300, 3000, 9000];

test("LmdbBackend.open finishes what a crash left of the first commits of a copy", async () => {
  const store = await openCopied();
  store.backend.put("meta", "a", bytes("1"));
  store.backend.endUnit();
  await store.backend.snapshotTo(store.path("copy"));
  const copy = new LmdbEnvironment(store.path("copy"));
  await copy.batch(() => {
    copy.put("meta", metaKeys.freeListStart, Uint8Array.of(1));
  });
  await copy.close();
  const reopened = await openLmdb(store.path("copy"));
  assert.deepEqual(content(reopened), [["meta", "a", "49*1"]]);
  await reopened.close();
  await store.dispose();
});

test("LmdbBackend.open does not write to a file that has been written to", async () => {
  const store = await openCopied();
  await store.backend.defragment();
  store.backend.put("meta", "a", bytes("1"));
  store.backend.endUnit();
  await store.backend.close();
  await copyFile(store.path("db"), store.path("before"));
  await (await openLmdb(store.path("db"))).close();
  const [before, after] = [
    new LmdbEnvironment(store.path("before")),
    await openLmdb(store.path("db")),
  ];
  assert.equal(after.sizeBytes, before.sizes().sizeBytes);
  await before.close();
  await after.close();
  await store.dispose();
});

test("B3 a new file that cannot take its place stops the backend", async () => {
  const directory = await temporaryDirectory();
  const path = join(directory.path, "db");
  const failures: Error[] = [];
  const backend = await openLmdb(path, { onFailure: (error) => failures.push(error) });
  backend.put("meta", "a", bytes("1"));
  backend.endUnit();
  await rm(path);
  await mkdir(path);
  await assert.rejects(backend.defragment(), { code: "backend-failed" });
  assert.equal(failures.length, 1);
  assert.throws(() => {
    backend.put("meta", "a", bytes("2"));
  }, BackendFailedError);
  await backend.close();
  await directory.dispose();
});

test("B3 a full disk ends in onFailure with LMDB's reason, and no promise is unheard", async () => {
  const directory = await temporaryDirectory();
  const child = spawn(
    "sh",
    [
      "-c",
      'ulimit -f 4000; exec "$@"',
      "sh",
      process.execPath,
      "--conditions=@quorate/source",
    ].concat(["--import", "tsx", childPath, join(directory.path, "db")]),
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [code] = (await once(child, "close")) as [number | null];
  assert.equal(code, 0, errors);
  const { failures } = JSON.parse(output) as { failures: string[] };
  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? "", /File too large|Input\/output error|No space left/);
  await directory.dispose();
});

const childPath = fileURLToPath(new URL("./fill-child.ts", import.meta.url));

/** Bucket, row key and a short form of the value of each row; bucket `key` without its keys. */
function content(backend: Backend): readonly (readonly [string, string, string])[] {
  const rows: [string, string, string][] = [];
  for (const bucket of bucketNames) {
    backend.scan(bucket, { begin: "" }, (key, value) => {
      rows.push([bucket, bucket === "key" ? "" : key, `${value[0]}*${value.length}`]);
      return true;
    });
  }
  return rows;
}

/** Whole numbers from 0 up to a bound, the same ones for the same seed. */
function randomOf(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
