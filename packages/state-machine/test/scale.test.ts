import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBackend } from "@quorate/mvcc";
import type { StateMachine } from "@quorate/state-machine";
import { openMachine, TestLog, type Proposal } from "./support/machine.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

function applyAll(machine: StateMachine, log: TestLog, proposals: readonly Proposal[]): void {
  for (let begin = 0; begin < proposals.length; begin += 1000) {
    const { outcomes } = machine.apply(log.append(...proposals.slice(begin, begin + 1000)));
    for (const { kind } of outcomes) assert.notEqual(kind, "refused");
  }
}

test("B18: 10^5 keys on one lease are revoked in one revision", async () => {
  const machine = await openMachine();
  const log = new TestLog();
  const count = 100_000;
  applyAll(machine, log, [{ kind: "lease-grant", message: { id: 7n, ttl: 60 } }]);
  applyAll(
    machine,
    log,
    Array.from({ length: count }, (_, index) => ({
      kind: "put",
      message: { key: bytes(`key/${(index * 7919) % count}`), value: bytes("v"), lease: 7n },
    })),
  );
  assert.equal(machine.leases.keysOf(7n).length, count);
  const before = machine.store.currentRevision;
  applyAll(machine, log, [{ kind: "lease-revoke", message: { id: 7n } }]);
  assert.equal(machine.store.currentRevision, before + 1);
  assert.equal(machine.leases.attachedKeys, 0);
  assert.equal(machine.store.range({ key: "\0", rangeEnd: "\0" }).count, 0);
});

test("C49: leases by the hundred thousand are granted, reloaded and expired", async () => {
  const backend = new MemoryBackend();
  const machine = await openMachine(backend);
  const log = new TestLog();
  const count = 100_000;
  const idAt = (index: number): bigint => BigInt(index - count / 2) * 92_233_720_368_547n + 1n;
  applyAll(
    machine,
    log,
    Array.from({ length: count }, (_, index) => ({
      kind: "lease-grant",
      message: { id: idAt(index), ttl: 60 },
    })),
  );
  applyAll(machine, log, [
    { kind: "put", message: { key: bytes("a"), lease: idAt(0) } },
    { kind: "put", message: { key: bytes("b"), lease: idAt(count - 1) } },
  ]);
  await backend.flush();
  const reopened = await openMachine(backend.crash());
  assert.equal(reopened.leases.size, count);
  assert.deepEqual(reopened.leases.keysOf(idAt(0)), ["a"]);
  assert.equal(reopened.stateHash(), machine.stateHash());
  const ids = Array.from({ length: 1000 }, (_, index) => idAt(index));
  const [expired] = reopened.apply(
    log.append({ kind: "lease-expire", message: { term: log.term, ids } }),
  ).outcomes;
  assert.equal(expired?.kind, "lease-expire");
  assert.equal(reopened.leases.size, count - 1000);
  assert.equal(reopened.leases.has(idAt(0)), false);
});
