/** Logs and received states with any damage (B6, B7, C34, S11). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { SeededRandom, SimFileSystem } from "@quorate/platform/sim";
import { damage, fuzz, fuzzBytes, fuzzDamage, type Damage } from "../../../test/support/fuzz.ts";
import {
  inspectSegment,
  listSnapshots,
  snapshotName,
  SnapshotWriter,
  verifySnapshot,
  WalError,
} from "../src/index.ts";
import { toLogIndex, toTerm } from "@quorate/raft";
import { decodeSegmentHead } from "../src/payloads.ts";
import {
  readRecord,
  recordHeaderBytes,
  writeRecordHeader,
  type ScannedRecord,
} from "../src/record.ts";
import { createClosedLog, directory, tryOpen } from "./harness.ts";

const log = await createClosedLog();

async function overwrite(files: SimFileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.open(path, "create-or-truncate");
  file.writeSync([bytes], 0);
  await file.datasync();
  await file.close();
}

const flip = fuzzDamage.filter(({ kind }) => kind === "flip");
const wounds = fc.record({
  segment: fc.nat(2),
  damages: fc.oneof(
    fc.array(fuzzDamage, { minLength: 1, maxLength: 4 }),
    flip.map((one) => [one]),
  ),
});

fuzz("a damaged log is a typed error or what it was", { inputs: wounds, runs: 400 }, (wound) =>
  checkWound(wound),
);

async function checkWound(wound: {
  readonly segment: number;
  readonly damages: readonly Damage[];
}): Promise<void> {
  const files = log.files.clone(new SeededRandom(1n));
  const path = log.paths[wound.segment] ?? "";
  const before = files.contents(path);
  let bytes: Uint8Array = before;
  for (const each of wound.damages) bytes = damage(bytes, each);
  await overwrite(files, path, bytes);
  const outcome = await tryOpen(files);
  if (outcome instanceof WalError) return;
  if (path !== log.paths.at(-1)) assert.equal(outcome, log.state, "before the last segment");
  // Of the last one a tail may be missing that looks torn, never anything in between (B6).
  const [found, wanted] = [entryLines(outcome), entryLines(log.state)];
  assert.deepEqual(found, wanted.slice(0, found.length));
  const isWhole = Buffer.compare(bytes.subarray(0, before.length), before) === 0;
  // A tear leaves no flipped bit: one alone is seen, or it is where nothing is (B6).
  const isOneFlip = wound.damages.length === 1 && wound.damages[0]?.kind === "flip";
  if (isWhole || isOneFlip) assert.equal(outcome, log.state);
  // It can be gone on with, and what was recovered is there again.
  assert.equal(await tryOpen(files), outcome);
}

function entryLines(state: string): readonly string[] {
  return state.split("\n").filter((line) => /^\d+\/\d+ /.test(line));
}

fuzz(
  "random bytes in place of a segment are a typed error",
  { inputs: fc.tuple(fc.nat(2), fuzzBytes(400), fc.boolean()), runs: 200 },
  async ([segment, bytes, hasHead]) => {
    const files = log.files.clone(new SeededRandom(1n));
    const path = log.paths[segment] ?? "";
    const head = hasHead ? files.contents(path).subarray(0, 72) : new Uint8Array(0);
    await overwrite(files, path, Buffer.concat([head, bytes]));
    const outcome = await tryOpen(files);
    if (outcome instanceof WalError) return;
    assert.ok(hasHead && path === log.paths.at(-1), "only a last segment may lose its tail");
  },
);

fuzz(
  "names in the directory of a log are read or refused",
  {
    inputs: fc.tuple(fc.stringMatching(/^[0-9a-f]{0,17}[-.a-z]{0,6}(\.wal)?$/), fc.nat(2)),
    runs: 150,
  },
  async ([name, segment]) => {
    const files = log.files.clone(new SeededRandom(1n));
    if (name === "" || name === "." || name === "..") return;
    await files.rename(log.paths[segment] ?? "", `${directory}/${name}`);
    const outcome = await tryOpen(files);
    if (`${directory}/${name}` === log.paths[segment]) assert.equal(outcome, log.state);
    else assert.ok(outcome instanceof WalError, `${segment} as ${name}: ${String(outcome)}`);
  },
);

fuzz(
  "the inspection of a segment takes any bytes",
  { inputs: fc.tuple(fc.nat(2), fc.array(fuzzDamage, { maxLength: 3 })), runs: 300 },
  async ([segment, damages]) => {
    const files = log.files.clone(new SeededRandom(1n));
    const path = log.paths[segment] ?? "";
    let bytes: Uint8Array = files.contents(path);
    for (const each of damages) bytes = damage(bytes, each);
    await overwrite(files, path, bytes);
    await inspectSegment(files, path).catch((error: unknown) => {
      assert.ok(error instanceof WalError, String(error));
    });
  },
);

fuzz(
  "a record that lies and has the right checksum is refused or read",
  { inputs: fc.tuple(fc.nat(7), fc.array(fuzzDamage, { maxLength: 3 })), runs: 300 },
  async ([number, damages]) => {
    const files = log.files.clone(new SeededRandom(1n));
    const path = log.paths.at(-1) ?? "";
    const bytes = files.contents(path);
    const records: ScannedRecord[] = [];
    for (let salt = 0, at = 0; ;) {
      const record = readRecord(bytes, at, salt);
      if ("kind" in record) break;
      if (at === 0) salt = decodeSegmentHead(record.payload).salt;
      records.push(record);
      at = record.end;
    }
    const chosen = records[number % records.length];
    const head = records[0];
    assert.ok(chosen !== undefined && head !== undefined);
    let payload: Uint8Array = chosen.payload;
    for (const each of damages) payload = damage(payload, each);
    const { type, offset, previousCrc, syncedBytes } = chosen;
    const salt = offset === 0 ? 0 : decodeSegmentHead(head.payload).salt;
    const header = new DataView(new ArrayBuffer(recordHeaderBytes));
    writeRecordHeader(header, type, [payload], { salt, previousCrc, syncedBytes, offset });
    const lie = [bytes.subarray(0, offset), new Uint8Array(header.buffer), payload];
    await overwrite(files, path, Buffer.concat([...lie, new Uint8Array(4096)]));
    const outcome = await tryOpen(files.clone(new SeededRandom(1n)));
    if (damages.length === 0) assert.ok(!(outcome instanceof WalError), String(outcome));
    await inspectSegment(files, path).catch((error: unknown) => {
      assert.ok(error instanceof WalError, String(error));
    });
  },
);

fuzz(
  "a damaged state of a peer is refused, an undamaged one accepted",
  { inputs: fc.tuple(fuzzBytes(3_000), fc.array(fuzzDamage, { maxLength: 3 })), runs: 300 },
  async ([content, damages]) => {
    const files = new SimFileSystem();
    await files.makeDirectory("/snap");
    const place = [toTerm(2), toLogIndex(7)] as const;
    const writer = await SnapshotWriter.begin(files, "/snap", ...place);
    await writer.write(content);
    await writer.finish(createHash("sha256").update(content).digest());
    const path = `/snap/${snapshotName(...place)}`;
    const before = files.contents(path);
    let bytes: Uint8Array = before;
    for (const each of damages) bytes = damage(bytes, each);
    await overwrite(files, path, bytes);
    const outcome = await verifySnapshot(files, path).catch((error: unknown) => error);
    if (Buffer.compare(bytes, before) === 0) assert.equal(outcome, content.length);
    else assert.ok(outcome instanceof WalError, String(outcome));
  },
);

fuzz(
  "names beside snapshots are listed or left alone",
  {
    inputs: fc.array(fc.stringMatching(/^[0-9a-f]{14,17}-[0-9a-f]{16}\.snap\.db(\.part)?$/)),
    runs: 100,
  },
  async (names) => {
    const files = new SimFileSystem();
    await files.makeDirectory("/snap");
    for (const name of names) await overwrite(files, `/snap/${name}`, Uint8Array.of(1));
    for (const { term, index, path } of await listSnapshots(files, "/snap")) {
      assert.equal(path, `/snap/${snapshotName(term, index)}`);
    }
  },
);
