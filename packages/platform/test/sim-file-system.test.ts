import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FileSystemError } from "../src/index.ts";
import {
  SeededRandom,
  SimCrashedError,
  SimFileSystem,
  SimScheduler,
  SimTimers,
  type SimFault,
  type SimOperationKind,
} from "../src/sim/index.ts";

const one = new Uint8Array(3000).fill(1);
const two = new Uint8Array(3000).fill(2);

/** A synced file `/f` of 3,000 ones, overwritten by twos that are not synced. */
async function overwritten(seed: bigint): Promise<SimFileSystem> {
  const files = new SimFileSystem({ random: new SeededRandom(seed) });
  const file = await files.open("/f", "create");
  file.writeSync([one], 0);
  await file.datasync();
  await files.syncDirectory("/");
  file.writeSync([two], 0);
  return files;
}

function failOnce(
  kind: SimOperationKind,
  fault: SimFault,
): (op: { kind: string }) => SimFault | undefined {
  let isLeft = true;
  return (operation) => {
    if (operation.kind !== kind || !isLeft) return undefined;
    isLeft = false;
    return fault;
  };
}

describe("SimFileSystem.crash (D3, B2)", () => {
  test("keep-all is a killed process, drop-all a power cut without luck", async () => {
    const killed = await overwritten(1n);
    killed.crash("keep-all");
    assert.deepEqual(killed.contents("/f"), two);
    const cut = await overwritten(1n);
    cut.crash("drop-all");
    assert.deepEqual(cut.contents("/f"), one);
  });

  test("random damage shows whole, lost, torn at bytes, torn at sectors", async () => {
    const seen = new Set<string>();
    for (let seed = 0n; seed < 200n; seed++) {
      const files = await overwritten(seed);
      files.crash();
      const bytes = files.contents("/f");
      const changes = [...bytes.keys()].filter((i) => i > 0 && bytes[i] !== bytes[i - 1]);
      if (changes.length === 0) seen.add(bytes[0] === 1 ? "lost" : "whole");
      else if (changes.every((at) => at % 512 === 0)) seen.add("sectors");
      else if (changes.length === 1) seen.add("prefix");
      else seen.add("impossible");
    }
    assert.deepEqual([...seen].sort(), ["lost", "prefix", "sectors", "whole"]);
  });

  test("of two un-synced writes the later may survive alone", async () => {
    const outcomes = new Set<string>();
    for (let seed = 0n; seed < 300n; seed++) {
      const files = new SimFileSystem({ random: new SeededRandom(seed) });
      const file = await files.open("/f", "create");
      await file.truncate(2);
      await file.datasync();
      await files.syncDirectory("/");
      file.writeSync([Uint8Array.of(1)], 0);
      file.writeSync([Uint8Array.of(2)], 1);
      files.crash();
      outcomes.add(files.contents("/f").join());
    }
    assert.deepEqual([...outcomes].sort(), ["0,0", "0,2", "1,0", "1,2"]);
  });

  test("names vanish without a directory sync, synced data with them", async () => {
    const files = new SimFileSystem();
    const file = await files.open("/new", "create");
    file.writeSync([one], 0);
    await file.datasync();
    files.crash("drop-all");
    assert.deepEqual(await files.list("/"), []);
  });

  test("an un-synced rename is undone, never half done", async () => {
    const outcomes = new Set<string>();
    for (let seed = 0n; seed < 100n; seed++) {
      const files = await overwritten(seed);
      const next = await files.open("/g", "create");
      await next.datasync();
      await files.syncDirectory("/");
      await files.rename("/g", "/f");
      files.crash();
      outcomes.add(`${(await files.list("/")).join()}:${files.contents("/f").length}`);
    }
    assert.deepEqual([...outcomes].sort(), ["f,g:3000", "f:0"]);
  });

  test("un-synced removal and truncation are undone", async () => {
    const files = await overwritten(1n);
    const file = await files.open("/f", "write");
    await file.truncate(10);
    await files.remove("/f");
    assert.equal(await files.stat("/f"), undefined);
    files.crash("drop-all");
    assert.deepEqual(files.contents("/f"), one);
  });

  test("what is written while a datasync is under way is not covered by it", async () => {
    const files = await overwritten(1n);
    const file = await files.open("/f", "write");
    const synced = file.datasync();
    file.writeSync([Uint8Array.of(3)], 0);
    await synced;
    files.crash("drop-all");
    assert.deepEqual(files.contents("/f"), two);
  });

  test("handles and locks of the dead process are dead", async () => {
    const files = await overwritten(1n);
    const file = await files.open("/f", "write");
    await files.lock("/f");
    const pending = file.datasync();
    files.crash("drop-all");
    assert.throws(() => {
      file.writeSync([two], 0);
    }, SimCrashedError);
    await assert.rejects(pending, SimCrashedError);
    assert.deepEqual(files.contents("/f"), one);
    assert.ok((await files.lock("/f")) !== undefined);
  });

  test("clone shares nothing, so one state can crash in many ways", async () => {
    const files = await overwritten(1n);
    const copy = files.clone(new SeededRandom(2n));
    copy.crash("drop-all");
    files.crash("keep-all");
    assert.deepEqual(copy.contents("/f"), one);
    assert.deepEqual(files.contents("/f"), two);
  });
});

describe("SimFileSystem faults (D3)", () => {
  test("a failed datasync drops pages, and the next one reports success (B3, C35)", async () => {
    const lost = new Set<number>();
    for (let seed = 0n; seed < 50n; seed++) {
      const files = await overwritten(seed);
      const file = await files.open("/f", "write");
      files.setFaultPolicy(failOnce("datasync", { kind: "error", errno: "EIO" }));
      await assert.rejects(file.datasync(), FileSystemError);
      await file.datasync();
      assert.deepEqual(files.contents("/f"), two, "the cache still shows the lost pages");
      files.crash("keep-all");
      lost.add(files.contents("/f").filter((byte) => byte === 1).length);
    }
    assert.ok(lost.has(3000) && lost.has(0) && lost.size > 5, String([...lost]));
  });

  test("a lying sync loses everything", async () => {
    const files = await overwritten(1n);
    const file = await files.open("/f", "write");
    files.setFaultPolicy(() => ({ kind: "lying-sync" }));
    await file.datasync();
    files.crash("drop-all");
    assert.deepEqual(files.contents("/f"), one);
  });

  test("short, lost and misdirected writes", async () => {
    const files = new SimFileSystem();
    const file = await files.open("/f", "create");
    files.setFaultPolicy(failOnce("write", { kind: "short-write", bytes: 2, errno: "ENOSPC" }));
    assert.throws(() => {
      file.writeSync([one], 0);
    }, /Cannot write "\/f": ENOSPC/);
    assert.deepEqual(files.contents("/f"), one.subarray(0, 2));
    files.setFaultPolicy(failOnce("write", { kind: "lost-write" }));
    file.writeSync([two], 0);
    assert.deepEqual(files.contents("/f"), one.subarray(0, 2));
    files.setFaultPolicy(failOnce("write", { kind: "misdirected-write", position: 1 }));
    file.writeSync([two.subarray(0, 2)], 0);
    assert.deepEqual(files.contents("/f"), Uint8Array.of(1, 2, 2));
  });

  test("a full disk refuses, and takes data again when space returns (B5)", async () => {
    const files = new SimFileSystem({ capacityBytes: 8192 });
    const file = await files.open("/f", "create");
    file.writeSync([new Uint8Array(8000)], 0);
    assert.throws(() => {
      file.writeSync([new Uint8Array(1000)], 8000);
    }, /ENOSPC/);
    await file.truncate(1 << 20);
    const other = await files.open("/g", "create");
    assert.throws(() => {
      other.writeSync([one], 0);
    }, /ENOSPC/);
    await files.remove("/f");
    other.writeSync([one], 0);
    files.setCapacity(0);
    assert.throws(() => {
      other.writeSync([one], 4096);
    }, /ENOSPC/);
  });

  test("delays take virtual time", async () => {
    const scheduler = new SimScheduler();
    const files = new SimFileSystem({ timers: new SimTimers(scheduler) });
    files.setFaultPolicy(() => ({ kind: "delay", millis: 500 }));
    let isOpen = false;
    void files.open("/f", "create").then(() => (isOpen = true));
    await scheduler.advanceAndDrain(499);
    assert.equal(isOpen, false);
    await scheduler.advanceAndDrain(1);
    assert.equal(isOpen, true);
  });

  test("a crash before or after an operation decides whether it took place", async () => {
    for (const when of ["before", "after"] as const) {
      const files = await overwritten(1n);
      files.setFaultPolicy(failOnce("remove", { kind: "crash", when, damage: "keep-all" }));
      await assert.rejects(files.remove("/f"), SimCrashedError);
      assert.equal((await files.list("/")).length, when === "before" ? 1 : 0);
    }
  });

  test("flipBit damages what is durable", async () => {
    const files = await overwritten(1n);
    files.crash("drop-all");
    files.flipBit("/f", 100, 7);
    assert.equal(files.contents("/f")[100], 129);
    files.crash("drop-all");
    assert.equal(files.contents("/f")[100], 129);
  });

  test("the same seed leaves the same disk", async () => {
    const damage = async (): Promise<string> => {
      const files = await overwritten(77n);
      files.crash();
      return Buffer.from(files.contents("/f")).toString("hex");
    };
    assert.equal(await damage(), await damage());
  });
});
