import assert from "node:assert/strict";
import { test } from "node:test";
import { noopLogger } from "@quorate/platform";
import { RaftNode, toConfiguration, toLogIndex, toMemberId, toTerm } from "@quorate/raft";
import { RaftDriver } from "../src/member/raft-driver.ts";

test("RaftDriver commits nothing before its append is durable, come what may (P4)", () => {
  const id = toMemberId(1n);
  const none = { index: toLogIndex(0), term: toTerm(0), configuration: toConfiguration([id]) };
  const raft = new RaftNode(
    { id, random: { nextInt: () => 0 } },
    {
      hardState: { term: toTerm(0), votedFor: undefined, commit: toLogIndex(0) },
      compacted: none,
      entries: [],
      applied: toLogIndex(0),
    },
  );
  const pending: (() => void)[] = [];
  const committed: number[] = [];
  const driver = new RaftDriver(
    raft,
    { append: (_append, onDurable) => pending.push(() => onDurable(undefined)) },
    {
      send: () => false,
      setPeers: () => undefined,
      connectedSince: () => undefined,
      sendSnapshot: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    {
      onSoftState: () => undefined,
      onCommitted: (entries) => committed.push(...entries.map(({ index }) => index)),
      onSnapshot: () => undefined,
      onReadState: () => undefined,
      onReadAbandoned: () => undefined,
      onSnapshotWanted: () => undefined,
      onPersisted: () => driver.drain(),
      onLogFailure: () => undefined,
    },
    noopLogger,
  );
  raft.campaign();
  driver.drain();
  while (pending.length > 0) pending.shift()?.();
  const before = committed.length;
  assert.equal(raft.propose(Uint8Array.of(1)).kind, "accepted");
  driver.drain();
  assert.equal(pending.length, 1, "the entry is on its way to the disk");
  // A read is answered without the disk: its Ready must not carry the entry's along.
  assert.equal(raft.readIndex(1).kind, "accepted");
  driver.drain();
  driver.drain();
  assert.equal(committed.length, before, "nothing is committed before the disk has it");
  pending.shift()?.();
  assert.equal(committed.length, before + 1);
});
