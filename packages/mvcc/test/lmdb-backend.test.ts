import assert from "node:assert/strict";
import { copyFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { BackendFailedError, type Backend } from "@quorate/mvcc";
import { checksumBytes } from "../src/backend/row-checksum.ts";
import { LmdbEnvironment } from "../src/backend/lmdb-environment.ts";
import { copyLent } from "../src/lent.ts";
import { revisionKey } from "../src/revision-key.ts";
import {
  testBackendCompliance,
  testVersionCompliance,
  type BackendBench,
} from "./backend-compliance.ts";
import { bytes, openLmdb, temporaryDirectory } from "./support.ts";

async function createBench(): Promise<BackendBench> {
  const directory = await temporaryDirectory();
  let number = 0;
  const path = (): string => join(directory.path, `db${number}`);
  return {
    directory: directory.path,
    open: () => openLmdb(path()),
    crash: async (backend: Backend) => {
      // What the file holds now is what a killed process leaves behind.
      const before = path();
      number++;
      await copyFile(before, path());
      await backend.close();
      await rm(before);
      return openLmdb(path());
    },
    sizeOf: async (path) => (await stat(path)).size,
    dispose: directory.dispose,
  };
}

testBackendCompliance("LmdbBackend", createBench);
testVersionCompliance("LmdbBackend", createBench);

test("LmdbBackend.open refuses files of other programs and names them", async () => {
  const directory = await temporaryDirectory();
  const path = join(directory.path, "db");
  const bbolt = Buffer.alloc(4096);
  bbolt.writeUInt32LE(0xed0cdaed, 16);
  const foreign: [Buffer, RegExp][] = [
    [bbolt, /bbolt database, as etcd writes it/],
    [Buffer.from("# my notes\nnothing here\n"), /it holds text, wanted an LMDB environment/],
    [Buffer.from("SQLite format 3\0 and more, more, more, more, more, more, more, more"), /SQLite/],
    [Buffer.alloc(8192), /zeros/],
    [Buffer.alloc(8192, 0xfe), /unknown data|text/],
  ];
  for (const [content, message] of foreign) {
    await writeFile(path, content);
    await assert.rejects(openLmdb(path), { code: "backend-foreign-file", message, path });
  }
  await assert.rejects(openLmdb(directory.path), { code: "backend-foreign-file" });
  await directory.dispose();
});

test("B7 LmdbBackend.open refuses a file that was cut short, or of another version", async () => {
  const directory = await temporaryDirectory();
  const path = join(directory.path, "db");
  const backend = await openLmdb(path);
  for (let row = 0; row < 500; row++) backend.put("key", `row ${row}`, Buffer.alloc(1024, row));
  backend.endUnit();
  await backend.close();
  const whole = await readFile(path);
  const pages = whole.length / 4096;
  for (const left of [64, 200, 4096, 4300, 8192, 12_288, (pages >> 1) * 4096]) {
    await writeFile(path, whole.subarray(0, left));
    await assert.rejects(openLmdb(path), { code: "backend-failed", message: /it is cut short/ });
  }
  const other = Buffer.from(whole);
  other.writeUInt32LE(3, 28);
  await writeFile(path, other);
  await assert.rejects(openLmdb(path), { message: /its format version is 3, expected 2/ });
  await writeFile(path, whole);
  await (await openLmdb(path)).close();
  await directory.dispose();
});

test("LmdbBackend commits on its own after the interval and at the size bound", async () => {
  const directory = await temporaryDirectory();
  const backend = await openLmdb(join(directory.path, "db"), {
    commitIntervalMillis: 1,
    commitRowsMax: 10,
  });
  backend.put("meta", "a", bytes("1"));
  backend.endUnit(1);
  while (backend.durableMark() < 1) await new Promise((resolve) => setImmediate(resolve));
  for (let row = 0; row < 100; row++) {
    backend.put("meta", `row ${row}`, bytes("1"));
    backend.endUnit(row + 2);
  }
  while (backend.durableMark() < 101) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(backend.sizeInUseBytes > 0 && backend.sizeInUseBytes <= backend.sizeBytes);
  await backend.close();
  await directory.dispose();
});

test("C26 LmdbBackend.open removes what a crashed defragmentation left", async () => {
  const directory = await temporaryDirectory();
  const path = join(directory.path, "db");
  const backend = await openLmdb(path);
  backend.put("meta", "a", bytes("1"));
  backend.endUnit();
  await backend.flush();
  await writeFile(`${path}.defragment`, "half a copy");
  await backend.close();
  const reopened = await openLmdb(path);
  assert.deepEqual(
    (await readdir(directory.path)).filter((name) => /defragment/.test(name)),
    [],
  );
  await writeFile(`${path}.defragment`, "half a copy");
  await reopened.defragment();
  assert.equal(reopened.get("meta", "a")?.length, 1);
  await reopened.close();
  await directory.dispose();
});

test("LmdbBackend.defragment gives space back", async () => {
  const directory = await temporaryDirectory();
  const backend = await openLmdb(join(directory.path, "db"));
  for (let row = 0; row < 2000; row++) backend.put("key", `row ${row}`, Buffer.alloc(1024, row));
  backend.endUnit();
  await backend.flush();
  for (let row = 0; row < 1990; row++) backend.delete("key", `row ${row}`);
  backend.endUnit();
  await backend.flush();
  const { sizeBytes, sizeInUseBytes } = backend;
  assert.ok(sizeBytes > 2_000_000, `allocated ${sizeBytes}`);
  assert.ok(sizeInUseBytes < 200_000, `in use ${sizeInUseBytes}`);
  await backend.defragment();
  assert.ok(backend.sizeBytes < 300_000, `allocated ${backend.sizeBytes}`);
  await backend.close();
  await directory.dispose();
});

test("B3 LmdbBackend reports a failed commit once and refuses writes then", async () => {
  const directory = await temporaryDirectory();
  const failures: Error[] = [];
  const backend = await openLmdb(join(directory.path, "db"), {
    onFailure: (error) => failures.push(error),
  });
  backend.put("meta", "k".repeat(3000), bytes("LMDB takes no key of this length"));
  backend.endUnit(5);
  await assert.rejects(backend.flush(), BackendFailedError);
  assert.equal(failures.length, 1);
  assert.throws(() => {
    backend.put("meta", "a", bytes("1"));
  }, BackendFailedError);
  await assert.rejects(backend.flush(), BackendFailedError);
  assert.equal(backend.durableMark(), 0);
  await backend.close();
  await directory.dispose();
});

for (const form of ["rows", "versions"] as const) {
  test(`C25 LmdbBackend: a reader of the file sees whole units of ${form}`, async () => {
    const directory = await temporaryDirectory();
    const path = join(directory.path, "db");
    const backend = await openLmdb(path, { feedRowsMax: 1 });
    const reader = new LmdbEnvironment(path);
    let unit = 0;
    const check = (): void => {
      reader.refresh();
      const stored = reader.get("meta", "appliedIndex");
      const applied = stored && copyLent(stored, stored.length - checksumBytes);
      const index = applied === undefined ? 0 : Number(Buffer.from(applied).toString());
      const rows = reader.rows("key", "\0", undefined);
      let count = 0;
      while (rows.next().done !== true) count++;
      assert.equal(count, index * 3, `rows at applied index ${index}`);
    };
    for (let round = 0; round < 5; round++) {
      for (let n = 0; n < 100; n++) {
        unit++;
        for (let row = 0; row < 3; row++) {
          if (form === "rows") backend.put("key", `${unit}.${row}`, Buffer.alloc(2000));
          else backend.stageVersion(unit, row, false, 2000).bytes.fill(1);
        }
        backend.put("meta", "appliedIndex", bytes(String(unit)));
        backend.endUnit(unit);
      }
      const flushing = backend.flush();
      while (backend.durableMark() < unit) {
        check();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await flushing;
      check();
    }
    await reader.close();
    await backend.close();
    await directory.dispose();
  });
}

test("LmdbBackend.getVersion keeps rows in memory that are read again", async () => {
  const directory = await temporaryDirectory();
  const backend = await openLmdb(join(directory.path, "db"), { cacheBytesMax: 3 * 64 * 1024 });
  const rowOf = (main: number): Buffer => Buffer.alloc(main % 7 === 0 ? 9_000 : 800, main);
  for (let main = 2; main < 1_000; main++) {
    const row = rowOf(main);
    const space = backend.stageVersion(main, 0, false, row.length);
    space.bytes.set(row, space.begin);
  }
  backend.endUnit();
  await backend.flush();
  const read = (main: number): Uint8Array => backend.getVersion(main, 0) ?? bytes("");
  for (let round = 0; round < 5; round++) {
    for (let main = 2; main < 1_000; main++) {
      assert.equal(Buffer.compare(read(main), rowOf(main)), 0, `row of ${main}`);
    }
  }
  for (const again of ["missed", "admitted"]) assert.equal(read(15)[0], 15, again);
  assert.equal(read(15), read(15), "the same object");
  backend.delete("key", revisionKey(15, 0, false));
  assert.equal(backend.getVersion(15, 0), undefined);
  backend.endUnit();
  await backend.flush();
  assert.equal(backend.getVersion(15, 0), undefined);
  await backend.close();
  await directory.dispose();
});
