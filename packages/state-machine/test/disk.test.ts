import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { NodeFileSystem, NodeTimers } from "@quorate/platform";
import { LmdbBackend, MemoryBackend, type WatchBatch } from "@quorate/mvcc";
import type { StateMachine } from "@quorate/state-machine";
import { openMachine, replay, TestLog } from "./support/machine.ts";
import { sampleLog } from "./support/sample-log.ts";

let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "quorate-state-machine-"));
});
after(async () => {
  await rm(directory, { recursive: true, force: true });
});

const openDisk = (path: string): Promise<LmdbBackend> =>
  LmdbBackend.open(path, {}, { timers: new NodeTimers() });

async function machineAt(log: TestLog, index: number): Promise<StateMachine> {
  const machine = await openMachine();
  for (const entry of log.entries.slice(0, index)) machine.apply(entry);
  return machine;
}

test("C25: a process killed under load leaves data and applied index of one entry", async () => {
  const path = join(directory, "killed");
  const log = sampleLog(20_000);
  const child = join(import.meta.dirname, "programs/apply-until-killed.ts");
  const flags = ["--conditions=@quorate/source", "--import", "tsx", child, path, "20000"];
  let previous = 0;
  for (let round = 0; round < 2; round += 1) {
    const applying = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
    let durable = 0;
    for await (const line of createInterface({ input: applying.stdout })) {
      assert.notEqual(line, "end", "the log was too short to be killed in the middle");
      durable = Number(line);
      if (durable > previous) break;
    }
    const exited = once(applying, "exit");
    applying.kill("SIGKILL");
    await exited;
    const backend = await openDisk(path);
    const survivor = await openMachine(backend);
    assert.ok(survivor.appliedIndex >= durable, `${survivor.appliedIndex} >= ${durable}`);
    const expected = await machineAt(log, survivor.appliedIndex);
    assert.equal(survivor.stateHash(), expected.stateHash());
    assert.deepEqual(await survivor.store.hashKv(0), await expected.store.hashKv(0));
    previous = survivor.appliedIndex;
    survivor.close();
    await backend.close();
  }
});

test("P8: memory and disk agree entry by entry, over restarts", async () => {
  const path = join(directory, "restarted");
  const log = sampleLog(300);
  const expected = await openMachine();
  let backend = await openDisk(path);
  let machine = await openMachine(backend);
  for (const entry of log.entries) {
    expected.apply(entry);
    machine.apply(entry);
    if (entry.index % 25 !== 0) continue;
    assert.equal(machine.stateHash(), expected.stateHash());
    machine.close();
    await backend.close();
    backend = await openDisk(path);
    machine = await openMachine(backend);
    assert.equal(machine.appliedIndex, entry.index);
    assert.equal(machine.stateHash(), expected.stateHash());
  }
  assert.deepEqual(await machine.store.hashKv(0), await expected.store.hashKv(0));
  await backend.close();
});

for (const kind of ["memory", "disk"] as const) {
  const openBackend = (name: string): Promise<LmdbBackend> | MemoryBackend =>
    kind === "disk"
      ? openDisk(join(directory, name))
      : new MemoryBackend({ fileSystem: new NodeFileSystem() });

  test(`a snapshot carries the whole state to another member, ${kind}`, async () => {
    const log = sampleLog(200);
    log.configure({ voters: [1n] }, { kind: "bootstrap", members: [{ id: 1n, peerUrls: ["u"] }] });
    const sender = await openMachine(await openBackend("sender"));
    replay(sender, log);
    const path = join(directory, `${kind}.snapshot`);
    const copying = sender.snapshotTo(path);
    sender.apply(log.append({ kind: "put", message: { key: Buffer.from("late") } }));
    const snapshot = await copying;
    assert.ok(snapshot.index >= 201 && snapshot.term === 1);
    assert.deepEqual(snapshot.configuration.voters, [1n]);

    const receiver = await openMachine(await openBackend("receiver"));
    replay(receiver, sampleLog(20));
    await receiver.restoreFrom(path);
    assert.equal(receiver.appliedIndex, snapshot.index);
    replay(receiver, log);
    assert.equal(receiver.stateHash(), sender.stateHash());
    assert.deepEqual(receiver.leases.keysOf(5n), sender.leases.keysOf(5n));
    assert.equal(receiver.members.members[0]?.id, 1n);
    for (const member of [sender, receiver]) {
      member.close();
      await member.store.backend.close();
    }
  });

  test(`a snapshot of a member that applied nothing since it started, ${kind}`, async () => {
    const backend = await openBackend("idle");
    const log = sampleLog(5);
    replay(await openMachine(backend), log);
    await backend.flush();
    const idle = await openMachine(backend);
    const { index } = await idle.snapshotTo(join(directory, `${kind}-idle.snapshot`));
    assert.equal(index, 5);
    await backend.close();
  });
}

test("W2: watchers go on where they were when a snapshot replaces the state", async () => {
  const fileSystem = new NodeFileSystem();
  const sender = await openMachine(new MemoryBackend({ fileSystem }));
  const receiver = await openMachine(new MemoryBackend({ fileSystem }));
  const log = new TestLog();
  const put = (text: string): void => {
    const key = Buffer.from(text);
    sender.apply(log.append({ kind: "put", message: { key } }));
  };
  put("a");
  replay(receiver, log);
  const batches: WatchBatch[] = [];
  const delivered = new Promise<void>((resolve) => {
    const stream = receiver.store.openWatchStream({
      send: (_watchId, batch) => {
        batches.push(batch);
        if (batches.flatMap(({ events }) => events).length === 2) resolve();
        return true;
      },
      flush: () => undefined,
      compacted: () => assert.fail("nothing was compacted"),
    });
    stream.watch({ key: "\0", rangeEnd: "\0" });
  });
  put("b");
  put("c");
  const path = join(directory, "watched.snapshot");
  await sender.snapshotTo(path);
  await receiver.restoreFrom(path);
  await delivered;
  assert.equal(batches.at(-1)?.revision, 4);
  receiver.close();
});
