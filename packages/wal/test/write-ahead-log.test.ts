import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import { toMemberId } from "@quorate/raft";
import { SimFileSystem, SimScheduler, SimTimers, type SimFault } from "@quorate/platform/sim";
import { RecordingCounter, RecordingHistogram, RecordingLogger } from "@quorate/platform/testing";
import {
  inspectSegment,
  logWalEvents,
  WalClosedError,
  WalExistsError,
  WalFailedError,
  WalForeignFileError,
  WalMismatchError,
  WalMissingError,
  WriteAheadLog,
} from "../src/index.ts";
import {
  append,
  configurationEntry,
  createDependencies,
  describe,
  directory,
  entry,
  hardState,
  mark,
  markSnapshot,
  metadata,
  openOrCreate,
  segmentPaths,
} from "./harness.ts";

suite("WriteAheadLog.append groups commits (C33)", () => {
  test("one sync is under way, the next covers all appended meanwhile, in order", async () => {
    const scheduler = new SimScheduler();
    const files = new SimFileSystem({ timers: new SimTimers(scheduler) });
    const { wal } = await openOrCreate(createDependencies(files), 1 << 20);
    let syncs = 0;
    files.setFaultPolicy(({ kind }): SimFault | undefined => {
      if (kind !== "datasync") return undefined;
      syncs++;
      return { kind: "delay", millis: 10 };
    });
    const order: number[] = [];
    for (let i = 1; i <= 100; i++) {
      wal.append({ entries: [entry(i, 1, "x")] }, (error) => {
        assert.equal(error, undefined);
        order.push(i);
      });
    }
    assert.equal(wal.status().waiting, 99);
    assert.deepEqual(order, []);
    await scheduler.advanceAndDrain(9);
    assert.equal(wal.status().syncMillis, 0, "the clock of the log stands still in this test");
    await scheduler.advanceAndDrain(1);
    assert.deepEqual(order, [1]);
    await scheduler.advanceAndDrain(10);
    assert.deepEqual(
      order,
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    assert.equal(syncs, 2);
    assert.equal(wal.status().waiting, 0);
  });

  test("a record calls durable what a finished sync covered, not what came meanwhile", async () => {
    const scheduler = new SimScheduler();
    const files = new SimFileSystem({ timers: new SimTimers(scheduler) });
    const { wal } = await openOrCreate(createDependencies(files), 1 << 20);
    files.setFaultPolicy(({ kind }) =>
      kind === "datasync" ? { kind: "delay", millis: 10 } : undefined,
    );
    const ignore = (): void => undefined;
    wal.append({ entries: [entry(1, 1, "covered by the first sync")] }, ignore);
    wal.append({ entries: [entry(2, 1, "written during the first sync")] }, ignore);
    await scheduler.advanceAndDrain(10);
    wal.append({ entries: [entry(3, 1, "written during the second sync")] }, ignore);
    const [path = ""] = await segmentPaths(files);
    const { records } = await inspectSegment(files, path);
    assert.deepEqual(
      records.map(({ syncedBytes }) => syncedBytes),
      [records[0]?.offset, records[0]?.offset, records[1]?.offset],
    );
  });

  test("a callback may append again", async () => {
    const files = new SimFileSystem();
    const { wal } = await openOrCreate(createDependencies(files));
    await new Promise<void>((resolve) => {
      const next = (i: number): void => {
        if (i > 50) resolve();
        else {
          wal.append({ entries: [entry(i, 1)] }, () => {
            next(i + 1);
          });
        }
      };
      next(1);
    });
    await wal.close();
    const { recovered } = await openOrCreate(createDependencies(files));
    assert.equal(recovered.entries.length, 50);
  });

  test("what is handed in may change once the call has returned", async () => {
    const files = new SimFileSystem();
    const { wal } = await openOrCreate(createDependencies(files));
    const data = new Uint8Array(5000).fill(7);
    const durable = append(wal, { entries: [entry(1, 1, data)] });
    data.fill(8);
    await durable;
    await wal.close();
    const { recovered } = await openOrCreate(createDependencies(files));
    assert.ok(recovered.entries[0]?.data.every((byte) => byte === 7));
  });

  test("entries of all kinds and sizes come back, bytes of every length", async () => {
    const files = new SimFileSystem();
    const { wal } = await openOrCreate(createDependencies(files), 1 << 20);
    const entries = [configurationEntry(1, 1)];
    for (let i = 2; i < 40; i++) entries.push(entry(i, 2 ** 40, new Uint8Array(i).fill(i)));
    entries.push(entry(40, 2 ** 40, new Uint8Array(100_000).fill(9)));
    const state = hardState(2 ** 40 + 1, 40);
    await append(wal, { entries, hardState: state });
    await wal.close();
    const { recovered } = await openOrCreate(createDependencies(files));
    assert.deepEqual(recovered.hardState, state);
    assert.deepEqual(recovered.entries, entries);
  });
});

suite("WriteAheadLog after a failed sync (B3, C35)", () => {
  test("rejects all waiters, tells the owner once, and never asks the disk again", async () => {
    const files = new SimFileSystem();
    const dependencies = createDependencies(files);
    const { wal } = await openOrCreate(dependencies);
    await append(wal, { entries: [entry(1, 1, "kept")] });
    files.setFaultPolicy(({ kind }) =>
      kind === "datasync" ? { kind: "error", errno: "EIO" } : undefined,
    );
    const first = append(wal, { entries: [entry(2, 1)] });
    const second = append(wal, { entries: [entry(3, 1)] });
    await assert.rejects(first, WalFailedError);
    await assert.rejects(second, WalFailedError);
    files.setFaultPolicy(undefined);
    const before = files.operations;
    await assert.rejects(append(wal, { entries: [entry(4, 1)] }), WalFailedError);
    await assert.rejects(markSnapshot(wal, mark(1, 1)), WalFailedError);
    await wal.release(0);
    assert.equal(files.operations, before);
    assert.equal(dependencies.failures.length, 1);
    assert.equal(wal.status().state, "failed");
    await wal.close();
  });

  test("a restarted process writes again what the kernel pretends to have written", async () => {
    const files = new SimFileSystem();
    const { wal } = await openOrCreate(createDependencies(files));
    await append(wal, { entries: [entry(1, 1, "a")] });
    files.setFaultPolicy(({ kind }) =>
      kind === "datasync" ? { kind: "error", errno: "EIO" } : undefined,
    );
    await assert.rejects(append(wal, { entries: [entry(2, 1, "b")] }));
    files.setFaultPolicy(undefined);
    files.killProcess();
    const { recovered } = await openOrCreate(createDependencies(files));
    assert.equal(recovered.entries.length, 2);
    files.crash("drop-all");
    const again = await openOrCreate(createDependencies(files));
    assert.equal(describe(again.recovered), describe(recovered));
  });

  test("a disk that lies about syncs is found out after the power cut (B6)", async () => {
    const files = new SimFileSystem();
    const { wal } = await openOrCreate(createDependencies(files));
    await append(wal, { entries: [entry(1, 1, "a")] });
    files.setFaultPolicy(({ kind }) => (kind === "datasync" ? { kind: "lying-sync" } : undefined));
    await append(wal, { entries: [entry(2, 1, "b".repeat(3000))] });
    files.setFaultPolicy(undefined);
    files.crash("drop-all");
    // Nothing behind the lost record reached the disk either, so nothing testifies: this is the
    // one loss that a log alone cannot see.
    const { recovered } = await openOrCreate(createDependencies(files));
    assert.equal(recovered.entries.length, 1);
  });

  test("a full disk while preparing the next segment is no failure (B5)", async () => {
    const files = new SimFileSystem();
    const dependencies = createDependencies(files);
    const { wal } = await openOrCreate(dependencies, 64 * 1024);
    files.setFaultPolicy(({ kind, path }) =>
      kind === "write" && path.endsWith(".prepared")
        ? { kind: "error", errno: "ENOSPC" }
        : undefined,
    );
    for (let i = 1; i <= 60; i++)
      await append(wal, { entries: [entry(i, 1, new Uint8Array(1000))] });
    assert.deepEqual(dependencies.failures, []);
    assert.ok(dependencies.events.some(({ kind }) => kind === "prepare-failed"));
    files.setFaultPolicy(undefined);
    for (let i = 61; i <= 120; i++) {
      await append(wal, { entries: [entry(i, 1, new Uint8Array(1000))] });
    }
    assert.ok(dependencies.events.some(({ kind }) => kind === "segment-cut"));
    await wal.close();
    const { recovered } = await openOrCreate(createDependencies(files), 64 * 1024);
    assert.equal(recovered.entries.length, 120);
  });

  test("a full disk in the middle of a record is a failure (B5)", async () => {
    const files = new SimFileSystem();
    const dependencies = createDependencies(files);
    const { wal } = await openOrCreate(dependencies, 1 << 20);
    await append(wal, { entries: [entry(1, 1, "kept")] });
    files.setCapacity(40 * 1024);
    await assert.rejects(
      append(wal, { entries: [entry(2, 1, new Uint8Array(200_000).fill(1))] }),
      /ENOSPC/,
    );
    assert.equal(dependencies.failures.length, 1);
    files.setCapacity(Infinity);
    files.killProcess();
    const { wal: next, recovered } = await openOrCreate(createDependencies(files), 1 << 20);
    assert.equal(recovered.entries.length, 1);
    await append(next, { entries: [entry(2, 1, "again")] });
  });
});

suite("WriteAheadLog.create and open", () => {
  const dependenciesOf = createDependencies;

  test("create refuses an existing log and accepts an empty directory", async () => {
    const files = new SimFileSystem();
    await files.makeDirectory(directory);
    const wal = await WriteAheadLog.create(directory, { metadata }, {}, dependenciesOf(files));
    await wal.close();
    await assert.rejects(
      WriteAheadLog.create(directory, { metadata }, {}, dependenciesOf(files)),
      WalExistsError,
    );
  });

  test("create keeps what the member starts from", async () => {
    const files = new SimFileSystem();
    await files.makeDirectory("/data");
    const creation = { metadata, snapshot: mark(10, 3), hardState: hardState(3, 10) };
    const wal = await WriteAheadLog.create(directory, creation, {}, dependenciesOf(files));
    await append(wal, { entries: [entry(11, 3, "first")] });
    await wal.close();
    const { recovered } = await openOrCreate(dependenciesOf(files));
    assert.deepEqual(recovered.snapshot, creation.snapshot);
    assert.deepEqual(recovered.hardState, creation.hardState);
    assert.equal(recovered.entries[0]?.index, 11);
  });

  test("open refuses nothing, another cluster, another member (B25)", async () => {
    const files = new SimFileSystem();
    await assert.rejects(
      WriteAheadLog.open(directory, {}, {}, dependenciesOf(files)),
      WalMissingError,
    );
    const { wal } = await openOrCreate(dependenciesOf(files));
    await wal.close();
    const open = (expected: object): Promise<unknown> =>
      WriteAheadLog.open(directory, expected, {}, dependenciesOf(files));
    await assert.rejects(open({ clusterId: 5n }), (error) => {
      assert.ok(error instanceof WalMismatchError);
      assert.equal(error.field, "clusterId");
      assert.match(error.message, /cluster id is cdf818194e3a8c32, expected 5/);
      return true;
    });
    await assert.rejects(open({ memberId: toMemberId(7n) }), WalMismatchError);
  });

  test("open refuses files of others and removes what a crash left unfinished", async () => {
    const files = new SimFileSystem();
    const { wal } = await openOrCreate(dependenciesOf(files));
    await wal.close();
    await (await files.open(`${directory}/0000000000000001.prepared`, "create")).close();
    const dependencies = dependenciesOf(files);
    const reopened = await openOrCreate(dependencies);
    await reopened.wal.close();
    assert.equal(dependencies.events[0]?.kind, "leftover-removed");
    await (await files.open(`${directory}/notes.txt`, "create")).close();
    await assert.rejects(openOrCreate(dependenciesOf(files)), WalForeignFileError);
  });

  test("options out of bounds are refused", async () => {
    const files = new SimFileSystem();
    for (const segmentBytes of [0, 4095, 2 ** 31, Number.NaN]) {
      await assert.rejects(openOrCreate(dependenciesOf(files), segmentBytes), RangeError);
    }
  });

  test("close waits for what was appended, refuses more, and leaves no prepared file", async () => {
    const files = new SimFileSystem();
    const { wal } = await openOrCreate(dependenciesOf(files));
    const durable = append(wal, { entries: [entry(1, 1, "x".repeat(3000))] });
    await Promise.all([wal.close(), wal.close()]);
    await durable;
    await assert.rejects(append(wal, { entries: [entry(2, 1)] }), WalClosedError);
    assert.equal(wal.status().state, "closed");
    assert.equal((await files.list(directory)).length, 1);
  });
});

suite("WriteAheadLog.release", () => {
  test("refuses what no durable snapshot mark covers", async () => {
    const files = new SimFileSystem();
    const { wal } = await openOrCreate(createDependencies(files));
    await append(wal, { entries: [entry(1, 1)], hardState: hardState(1, 1) });
    const marked = markSnapshot(wal, mark(1, 1));
    assert.throws(() => wal.release(1), /durable snapshot/);
    await marked;
    await wal.release(1);
    await wal.close();
  });
});

suite("WriteAheadLog reports", () => {
  test("bytes, durations and events", async () => {
    const files = new SimFileSystem();
    const syncSeconds = new RecordingHistogram();
    const writeSeconds = new RecordingHistogram();
    const writtenBytes = new RecordingCounter();
    const logger = new RecordingLogger();
    const instruments = { syncSeconds, writeSeconds, writtenBytes };
    const onEvent = logWalEvents(logger);
    const dependencies = { ...createDependencies(files), instruments, onEvent };
    const { wal } = await openOrCreate(dependencies);
    for (let i = 1; i <= 3; i++) await append(wal, { entries: [entry(i, 1, "x".repeat(2000))] });
    await wal.close();
    assert.equal(syncSeconds.values.length, 3);
    assert.ok(writtenBytes.total > 6000);
    assert.ok(writeSeconds.values.length >= 3);
    assert.deepEqual(logger.messages(), [
      "recovered the log",
      "recovered the log",
      "began a log segment",
    ]);
    assert.deepEqual(wal.status(), {
      state: "closed",
      segments: 2,
      activeSequence: 1,
      activeBytes: wal.status().activeBytes,
      lastIndex: 3,
      snapshotIndex: 0,
      waiting: 0,
      syncMillis: 0,
    });
  });
});
