import assert from "node:assert/strict";
import { test } from "node:test";
import { CompactedError, MemoryBackend } from "@quorate/mvcc";
import { ApplyFailedError, type StateMachine } from "@quorate/state-machine";
import { FaultyBackend, InjectedFault } from "./support/faulty-backend.ts";
import { openMachine, replay, TestLog, TestMember, type Proposal } from "./support/machine.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

const put = (key: string, value: string, lease = 0n): Proposal => ({
  kind: "put",
  message: { key: bytes(key), value: bytes(value), lease },
});

/** A log whose last entry holds one request of every kind that writes several rows. */
function logWithEveryKind(): TestLog {
  const log = new TestLog();
  log.configure({ voters: [1n] }, { kind: "bootstrap", members: [{ id: 1n, peerUrls: ["u"] }] });
  log.append({ kind: "lease-grant", message: { id: -7n, ttl: 9 } });
  log.append(put("a", "1", -7n), put("b", "1", -7n), put("c", "1"));
  log.append(
    put("d", "1", -7n),
    {
      kind: "txn",
      message: {
        success: [
          { request: { case: "requestPut", value: { key: bytes("e"), value: bytes("1") } } },
          { request: { case: "requestDeleteRange", value: { key: bytes("c") } } },
        ],
      },
    },
    { kind: "lease-grant", message: { id: 8n, ttl: 9 } },
    { kind: "lease-checkpoint", message: { checkpoints: [{ id: 8n, remainingTtl: 4 }] } },
    { kind: "lease-revoke", message: { id: -7n } },
    { kind: "alarm", message: { action: 1, alarm: 1, memberId: 5n } },
    { kind: "alarm", message: { action: 2, alarm: 1, memberId: 5n } },
    { kind: "compact", message: { revision: 3 } },
    { kind: "member-attributes", message: { memberId: 1n, name: "one", clientUrls: ["c"] } },
    { kind: "cluster-version", message: { version: "3.7.0" } },
  );
  log.configure(
    { voters: [1n, 2n] },
    { kind: "add", member: { id: 2n, peerUrls: ["v"] }, isLearner: false },
  );
  return log;
}

async function hashAfter(log: TestLog, index: number): Promise<string> {
  const machine = await openMachine();
  for (const entry of log.entries.slice(0, index)) machine.apply(entry);
  const hash = machine.stateHash();
  machine.close();
  return hash;
}

/** Applies up to the entry, then applies it with a fault at the given write. */
async function applyWithFault(
  log: TestLog,
  index: number,
  writes: number,
): Promise<{ machine: StateMachine; memory: MemoryBackend; error: unknown }> {
  const memory = new MemoryBackend();
  const backend = new FaultyBackend(memory);
  const machine = await openMachine(backend);
  for (const entry of log.entries.slice(0, index - 1)) machine.apply(entry);
  backend.writesUntilFault = writes;
  const entry = log.entries[index - 1];
  assert.ok(entry !== undefined);
  try {
    machine.apply(entry);
    return { machine, memory, error: undefined };
  } catch (error) {
    return { machine, memory, error };
  }
}

test("C25, C29: an entry that breaks at any write is fatal and leaves nothing behind", async () => {
  const log = logWithEveryKind();
  const hashes = await Promise.all(
    Array.from({ length: log.entries.length + 1 }, (_, index) => hashAfter(log, index)),
  );
  let faults = 0;
  for (let index = 1; index <= log.entries.length; index += 1) {
    for (let writes = 0; ; writes += 1) {
      const { machine, memory, error } = await applyWithFault(log, index, writes);
      if (error === undefined) {
        machine.close();
        break;
      }
      faults += 1;
      const where = `entry ${index}, write ${writes}`;
      assert.ok(error instanceof ApplyFailedError && error.cause instanceof InjectedFault, where);
      assert.throws(() => machine.stateHash(), ApplyFailedError, where);
      assert.throws(() => replay(machine, log), ApplyFailedError, where);
      // A commit that was already on its way takes ended units only.
      await memory.flush();
      const survivor = await openMachine(memory.crash());
      assert.equal(survivor.appliedIndex, index - 1, where);
      assert.equal(survivor.stateHash(), hashes[index - 1], where);
      replay(survivor, log);
      assert.equal(survivor.stateHash(), hashes.at(-1), where);
      survivor.close();
    }
  }
  assert.ok(faults > 30, `${faults} faults`);
});

test("C29: what looks like a refusal is fatal once a request began to change", async () => {
  const backend = new FaultyBackend(new MemoryBackend(), () => new CompactedError(1, 2));
  const machine = await openMachine(backend);
  const log = new TestLog();
  backend.writesUntilFault = 1;
  const entry = log.append(put("a", "1"), put("b", "1"));
  assert.throws(() => machine.apply(entry), ApplyFailedError);
});

test("C29: what is half applied is not read, by one key neither", async () => {
  const backend = new FaultyBackend(new MemoryBackend());
  const machine = await openMachine(backend);
  const log = new TestLog();
  machine.apply(log.append(put("a", "1")));
  assert.ok(machine.get("a"));
  assert.equal(machine.get("b"), undefined);
  backend.writesUntilFault = 1;
  assert.throws(() => machine.apply(log.append(put("a", "2"), put("b", "2"))), ApplyFailedError);
  assert.throws(() => machine.get("a"), ApplyFailedError);
  assert.throws(() => machine.get("b"), ApplyFailedError);
});

test("C25: whatever was flushed, index and data belong together after a crash", async () => {
  const log = logWithEveryKind();
  for (let flushed = 0; flushed <= log.entries.length; flushed += 1) {
    const memory = new MemoryBackend();
    const machine = await openMachine(memory);
    for (const entry of log.entries) {
      if (entry.index === flushed + 1) await memory.flush();
      machine.apply(entry);
    }
    machine.close();
    const survivor = await openMachine(memory.crash());
    const expected = flushed === log.entries.length ? 0 : flushed;
    assert.equal(survivor.appliedIndex, expected);
    assert.equal(survivor.stateHash(), await hashAfter(log, expected));
    survivor.close();
  }
});

test("an entry that is missing before this one is fatal", async () => {
  const machine = await openMachine();
  const log = logWithEveryKind();
  const second = log.entries[1];
  assert.ok(second !== undefined);
  assert.throws(() => machine.apply(second), ApplyFailedError);
});

test("entries that were applied before are passed over", async () => {
  const member = await TestMember.start();
  member.apply(put("a", "1"));
  const hash = member.machine.stateHash();
  assert.deepEqual(replay(member.machine, member.log), []);
  assert.equal(member.machine.stateHash(), hash);
});

test("an entry that is no batch is fatal, a request that is no message is refused", async () => {
  const member = await TestMember.start();
  const entry = member.log.appendRaw({ kind: "put", bytes: Uint8Array.of(0x0a, 5, 1) });
  const [outcome] = member.machine.apply(entry).outcomes;
  assert.ok(outcome?.kind === "refused");
  assert.equal(outcome.error.code, "malformed-request");
  const broken = { ...member.log.append(put("a", "1")), kind: "normal", data: bytes("x") } as const;
  assert.throws(() => member.machine.apply(broken), ApplyFailedError);
});

test("M4: a configuration that names strangers or forgets members is fatal", async () => {
  const bootstrap = { kind: "bootstrap", members: [{ id: 1n, peerUrls: ["u"] }] } as const;
  for (const voters of [[1n, 2n], []]) {
    const machine = await openMachine();
    const log = new TestLog();
    const entry = log.configure({ voters }, bootstrap);
    assert.throws(() => machine.apply(entry), ApplyFailedError);
  }
});
