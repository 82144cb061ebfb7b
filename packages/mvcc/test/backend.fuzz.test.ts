/** Database files with any damage: a typed error, or a prefix of what was committed (B7, S11). */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after } from "node:test";
import fc from "fast-check";
import { NodeTimers } from "@quorate/platform";
import { SeededRandom, SimFileSystem } from "@quorate/platform/sim";
import { MemoryBackend, MvccError, type Backend } from "@quorate/mvcc";
import { damage, fuzz, fuzzBytes, fuzzDamage } from "../../../test/support/fuzz.ts";
import {
  decodeHead,
  encodeHead,
  encodeMemoryFile,
  encodeTransaction,
  headOffset,
  memoryPageBytes,
} from "../src/backend/memory-file.ts";
import { crc32c } from "../src/crc32c.ts";
import { stageUnits, wholeUnits } from "./crash-bench.ts";
import { sealRow } from "../src/backend/row-checksum.ts";
import { openLmdb, temporaryDirectory } from "./support.ts";

const unitsTotal = 6;
const image = await createImage();
const directory = await temporaryDirectory();
after(directory.dispose);

async function createImage(): Promise<Buffer> {
  const files = await createFiles();
  const backend = await open(files, "/data/db");
  for (let unit = 1; unit <= unitsTotal; unit++) {
    stageUnits(backend, unit, unit);
    await backend.flush();
  }
  await backend.close();
  return Buffer.from(files.contents("/data/db"));
}

async function createFiles(): Promise<SimFileSystem> {
  const files = new SimFileSystem({ random: new SeededRandom(1n) });
  await files.makeDirectory("/data");
  return files;
}

function open(fileSystem: SimFileSystem, path: string): Promise<Backend> {
  return MemoryBackend.open(path, {}, { timers: new NodeTimers(), fileSystem });
}

async function put(files: SimFileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.open(path, "create-or-truncate");
  file.writeSync([bytes], 0);
  await file.close();
}

/** Opens bytes as a database. */
async function openBytes(bytes: Uint8Array): Promise<Backend | MvccError> {
  const files = await createFiles();
  await put(files, "/data/db", bytes);
  return open(files, "/data/db").catch(toMvccError);
}

function toMvccError(error: unknown): MvccError {
  if (error instanceof MvccError) return error;
  throw error;
}

const damages = fc.array(fuzzDamage, { minLength: 1, maxLength: 3 });

fuzz(
  "a damaged database is a typed error or whole",
  { inputs: damages, runs: 400 },
  async (all) => {
    let bytes: Uint8Array = image;
    for (const each of all) bytes = damage(bytes, each);
    const opened = await openBytes(bytes);
    if (opened instanceof MvccError) return;
    const last = wholeUnits(opened, JSON.stringify(all));
    // A damaged head leaves the one before, as a damaged meta page of LMDB does; and no file, none.
    assert.ok(last >= unitsTotal - 1 || bytes.length === 0, `index ${last}`);
    await opened.close();
  },
);

fuzz(
  "a damaged copy leaves what it should have replaced",
  { inputs: damages, runs: 150 },
  async (all) => {
    const files = await createFiles();
    const backend = await open(files, "/data/db");
    stageUnits(backend, 1, 2);
    await backend.snapshotTo("/data/copy");
    stageUnits(backend, 3, 4);
    await backend.flush();
    const before = Buffer.from(files.contents("/data/copy"));
    let bytes: Uint8Array = before;
    for (const each of all) bytes = damage(bytes, each);
    await put(files, "/data/copy", bytes);
    const error = await backend.replaceWith("/data/copy").catch(toMvccError);
    const last = wholeUnits(backend, JSON.stringify(all));
    if (error !== undefined) assert.equal(last, 4);
    else assert.ok(last === 2 || last === 0, `index ${last}`);
    if (Buffer.compare(bytes, before) === 0) assert.equal(error, undefined);
    stageUnits(backend, last + 1, last + 1);
    await backend.flush();
    await backend.close();
  },
);

fuzz(
  "rows that lie under right checksums are a typed error or rows",
  { inputs: fc.tuple(fuzzBytes(60), damages, fc.boolean()), runs: 300 },
  async ([random, all, isMutated]) => {
    const value = Buffer.from("value");
    const rows = encodeTransaction([
      { bucket: "key", key: "a", value: sealRow("key", "a", value) },
      { bucket: "meta", key: "appliedIndex", value: sealRow("meta", "appliedIndex", value) },
    ]).subarray(8);
    let lies: Uint8Array = isMutated ? rows : random;
    if (isMutated) for (const each of all) lies = damage(lies, each);
    const file = withTransaction(lies);
    const opened = await openBytes(file);
    if (opened instanceof MvccError) return;
    try {
      opened.scan("key", { begin: "" }, (_key, row) => row.length <= file.length);
    } catch (error) {
      assert.equal(toMvccError(error).code, "store-corrupt");
    }
    await opened.close();
  },
);

fuzz(
  "heads that lie under right checksums are a typed error or a region",
  { inputs: fc.tuple(fc.double(), fc.double(), fc.nat(9000)), runs: 200 },
  async ([begin, end, near]) => {
    for (const head of [
      { sequence: 99, begin, end },
      { sequence: 99, begin: near, end: near + 100 },
      { sequence: Number.NaN, begin: memoryPageBytes, end: near },
    ]) {
      const bytes = Buffer.from(image);
      encodeHead(head).copy(bytes, headOffset(1));
      const opened = await openBytes(bytes);
      if (!(opened instanceof MvccError)) await opened.close();
    }
  },
);

fuzz(
  "files of others are refused by both kinds of backend",
  { inputs: fuzzBytes(5_000), runs: 150 },
  async (bytes) => {
    if (bytes.length === 0) return;
    const opened = await openBytes(bytes);
    assert.ok(opened instanceof MvccError, "random bytes are no database");
    const path = join(directory.path, "foreign");
    await writeFile(path, bytes);
    await assert.rejects(openLmdb(path), { code: "backend-foreign-file" });
  },
);

/** A file with one transaction of these rows. */
function withTransaction(rows: Uint8Array): Buffer {
  const framed = encodeTransaction([]);
  const file = Buffer.concat([encodeMemoryFile([]).subarray(0, memoryPageBytes), framed, rows]);
  file.writeUInt32LE(framed.length + rows.length, memoryPageBytes);
  file.writeUInt32LE(crc32c(0, rows), memoryPageBytes + 4);
  const head = { sequence: 7, begin: memoryPageBytes, end: file.length };
  encodeHead(head).copy(file, headOffset(head.sequence));
  assert.deepEqual(decodeHead(file), head);
  return file;
}
