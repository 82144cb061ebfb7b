import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe as suite, test } from "node:test";
import { toLogIndex, toTerm } from "@quorate/raft";
import { SeededRandom, SimCrashedError, SimFileSystem } from "@quorate/platform/sim";
import {
  cleanSnapshots,
  listSnapshots,
  SnapshotCorruptError,
  snapshotName,
  SnapshotWriter,
  verifySnapshot,
} from "../src/index.ts";

const directory = "/snapshots";
const content = new SeededRandom(1n).nextBytes(3_000_000);

async function createFiles(seed: bigint = 1n): Promise<SimFileSystem> {
  const files = new SimFileSystem({ random: new SeededRandom(seed) });
  await files.makeDirectory(directory);
  await files.syncDirectory("/");
  return files;
}

async function write(
  files: SimFileSystem,
  term: number,
  index: number,
  bytes: Uint8Array,
): Promise<string> {
  const writer = await SnapshotWriter.begin(files, directory, toTerm(term), toLogIndex(index));
  for (let at = 0; at < bytes.length; at += 700_000) {
    await writer.write(bytes.subarray(at, at + 700_000));
  }
  const digest = createHash("sha256").update(bytes).digest();
  return (await writer.finish(digest)).path;
}

suite("snapshot files (B7, C26)", () => {
  test("names sort, lists are newest first, other files are left alone", async () => {
    const files = await createFiles();
    for (const [term, index] of [
      [2, 10],
      [1, 300],
      [3, 10],
    ] as const) {
      await write(files, term, index, new Uint8Array(1));
    }
    await (await files.open(`${directory}/notes.txt`, "create")).close();
    const found = await listSnapshots(files, directory);
    assert.deepEqual(
      found.map(({ term, index }) => [term, index]),
      [
        [1, 300],
        [3, 10],
        [2, 10],
      ],
    );
    assert.equal(
      snapshotName(toTerm(1), toLogIndex(300)),
      "0000000000000001-000000000000012c.snap.db",
    );
    const removed = await cleanSnapshots(files, directory, 1);
    assert.equal(removed.length, 2);
    assert.deepEqual(await files.list(directory), [
      "0000000000000001-000000000000012c.snap.db",
      "notes.txt",
    ]);
  });

  test("verifySnapshot accepts what was written and refuses every damage", async () => {
    const files = await createFiles();
    const path = await write(files, 1, 5, content);
    assert.equal(await verifySnapshot(files, path), content.length);
    for (const at of [0, 1_048_576, content.length - 1, content.length, content.length + 31]) {
      files.flipBit(path, at, 6);
      await assert.rejects(verifySnapshot(files, path), SnapshotCorruptError);
      files.flipBit(path, at, 6);
    }
    const handle = await files.open(path, "write");
    await handle.truncate(content.length);
    await assert.rejects(verifySnapshot(files, path), SnapshotCorruptError);
    await handle.truncate(5);
    await assert.rejects(verifySnapshot(files, path), /it is 5 bytes long/);
  });

  test("an empty snapshot is one too", async () => {
    const files = await createFiles();
    assert.equal(await verifySnapshot(files, await write(files, 1, 1, new Uint8Array(0))), 0);
  });

  test("what differs from what the sender sent never gets its name", async () => {
    const files = await createFiles();
    const writer = await SnapshotWriter.begin(files, directory, toTerm(1), toLogIndex(1));
    await writer.write(Uint8Array.of(1));
    await assert.rejects(writer.finish(new Uint8Array(32)), SnapshotCorruptError);
    assert.deepEqual(await files.list(directory), []);
  });

  test("a power cut at any operation leaves a whole snapshot or none", async () => {
    const bytes = content.subarray(0, 2_000_000);
    const names = new Set<string>();
    for (let at = 4; at < 20; at++) {
      for (let seed = 0; seed < 4; seed++) {
        const files = await createFiles(BigInt(at * 10 + seed));
        files.setFaultPolicy(({ sequence }) =>
          sequence === at ? { kind: "crash", when: "after", damage: "random" } : undefined,
        );
        await write(files, 1, 7, bytes).catch((error: unknown) => {
          if (!(error instanceof SimCrashedError)) throw error;
        });
        files.setFaultPolicy(undefined);
        const found = await listSnapshots(files, directory);
        for (const { path } of found) assert.equal(await verifySnapshot(files, path), bytes.length);
        names.add(String(found.length));
        await cleanSnapshots(files, directory, 1);
        // Left-overs do not disturb the next attempt.
        assert.equal(await verifySnapshot(files, await write(files, 1, 7, bytes)), bytes.length);
      }
    }
    assert.deepEqual([...names].sort(), ["0", "1"]);
  });
});
