import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toConfiguration, toLogIndex, toMemberId, type RaftStatus } from "@quorate/raft";
import { Inflights } from "../src/inflights.ts";
import { Progress } from "../src/progress.ts";
import { bytesOf, ids, ScriptedCluster } from "./harness/scripted-cluster.ts";

const limits = { maxCount: 256, maxBytes: 1e9 };

test("Inflights counts messages and bytes, and frees what is acknowledged", () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 3 }), bytes: fc.nat(50) }),
    fc.record({ free: fc.nat(8) }),
  );
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 4 }), (steps, maxCount) => {
      const inflights = new Inflights(maxCount, 100);
      let model: { index: number; bytes: number }[] = [];
      let last = 0;
      let acknowledged = 0;
      for (const each of steps) {
        if ("add" in each) {
          last += each.add;
          inflights.add(last, each.bytes);
          model.push({ index: last, bytes: each.bytes });
        } else {
          acknowledged += each.free;
          inflights.freeThrough(acknowledged);
          const through = acknowledged;
          model = model.filter((message) => message.index > through);
        }
        const bytes = model.reduce((sum, message) => sum + message.bytes, 0);
        assert.deepEqual([inflights.count, inflights.bytes], [model.length, bytes]);
        assert.equal(inflights.isFull, model.length >= maxCount || bytes >= 100);
      }
    }),
  );
});

test("Progress: match never goes back and stays below next, whatever answers come", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("accept"), index: fc.nat(20) }),
    fc.record({ kind: fc.constant("reject"), index: fc.nat(20), hint: fc.nat(20) }),
    fc.record({ kind: fc.constantFrom("probe", "replicate"), index: fc.nat(20) }),
    fc.record({ kind: fc.constant("snapshot"), index: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const progress = new Progress(5, limits);
      for (const each of steps) {
        const { match } = progress;
        if (each.kind === "accept") progress.accepted(each.index);
        else if (each.kind === "reject") progress.rejected(each.index, each.hint);
        else if (each.kind === "probe") progress.becomeProbe();
        else if (each.kind === "replicate") progress.becomeReplicate();
        else if (each.index >= match) progress.becomeSnapshot(each.index);
        assert.ok(progress.match >= match, "match goes back");
        assert.ok(progress.next > progress.match, "next is not above match");
      }
    }),
  );
});

function followerOf(status: RaftStatus, id: number): { state: string; inflightAppends: number } {
  const follower = status.leadership?.followers.find((each) => each.id === BigInt(id));
  assert.ok(follower !== undefined);
  return follower;
}

test("an unreachable follower is probed: one message, not a window full", () => {
  const cluster = new ScriptedCluster({ configuration: toConfiguration(ids(1, 2, 3)) });
  cluster.elect(1);
  cluster.takeTrace();
  cluster.isolate(3);
  cluster.node(1).reportUnreachable(toMemberId(3n));
  for (let i = 0; i < 5; i += 1) {
    cluster.propose(1, "x");
    cluster.stabilize();
  }
  assert.equal(followerOf(cluster.node(1).status(), 3).state, "probe");
  const sent = cluster.takeTrace().match(/1->3 term 1 append/g) ?? [];
  assert.equal(sent.length, 1);
});

test("reads beyond maxPendingReads are dropped, on the leader and on a follower", () => {
  const configuration = toConfiguration(ids(1, 2, 3));
  const cluster = new ScriptedCluster({ configuration, raft: { maxPendingReads: 2 } });
  cluster.elect(1);
  for (const id of [1, 2]) {
    assert.equal(cluster.node(id).readIndex(1).kind, "accepted");
    assert.equal(cluster.node(id).readIndex(2).kind, "accepted");
    assert.deepEqual(cluster.node(id).readIndex(3), { kind: "dropped", reason: "too-many-reads" });
  }
});

test("a forwarded read whose question or answer is lost is given back", () => {
  const cluster = new ScriptedCluster({ configuration: toConfiguration(ids(1, 2, 3)) });
  cluster.elect(1);
  cluster.cut.add("2>1");
  cluster.node(2).readIndex(7);
  for (let i = 0; i < 10; i += 1) {
    for (const id of [1, 2, 3]) cluster.tick(id, 1);
    cluster.stabilize();
  }
  assert.deepEqual(cluster.member(2).abandonedReads, [7]);
  assert.equal(cluster.node(2).status().leader, 1n, "though the leader is still there");
});

test("nobody who leads, nobody to ask", () => {
  const cluster = new ScriptedCluster({ configuration: toConfiguration(ids(1, 2, 3)) });
  const node = cluster.node(1);
  const dropped = { kind: "dropped", reason: "no-leader" };
  assert.deepEqual(node.readIndex(1), dropped);
  assert.deepEqual(node.propose(bytesOf("x")), dropped);
  assert.deepEqual(node.proposeConfiguration([], bytesOf("")), dropped);
  assert.deepEqual(node.transferLeadership(toMemberId(2n)), dropped);
  cluster.elect(2);
  assert.deepEqual(node.propose(bytesOf("x")), { kind: "dropped", reason: "not-leader" });
});

test("committedEntries are bounded by bytes, one entry at least", () => {
  const configuration = toConfiguration(ids(1));
  const cluster = new ScriptedCluster({ configuration, raft: { maxCommittedBytes: 60 } });
  cluster.elect(1);
  for (const text of ["a".repeat(500), "b", "c", "d"]) cluster.propose(1, text);
  const { node } = cluster.member(1);
  const sizes: number[] = [];
  while (node.hasReady()) {
    const ready = node.ready();
    node.persisted(ready);
    if (ready.committedEntries.length > 0) sizes.push(ready.committedEntries.length);
  }
  assert.deepEqual(sizes, [1, 2, 1]);
});

test("compact keeps the base's term, the configuration and the count of bytes", () => {
  const cluster = new ScriptedCluster({ configuration: toConfiguration(ids(1)) });
  cluster.elect(1);
  for (const text of ["a", "bb", "ccc"]) cluster.propose(1, text);
  cluster.stabilize();
  const node = cluster.node(1);
  node.compact(toLogIndex(3));
  const { log, configuration } = node.status();
  assert.deepEqual([log.compactedIndex, log.lastIndex, log.bytes], [3, 4, 3 + 24]);
  assert.deepEqual(configuration.voters, ids(1));
  assert.deepEqual(node.markAt(toLogIndex(3)).term, 1);
  assert.throws(() => node.compact(toLogIndex(5)), /only applied entries/);
});

test("Readys are acknowledged in their order, each once", () => {
  const cluster = new ScriptedCluster({ configuration: toConfiguration(ids(1)) });
  const node = cluster.node(1);
  node.campaign();
  const first = node.ready();
  const second = node.ready();
  assert.throws(() => node.persisted(second), /in their order/);
  assert.ok(first.isSyncRequired && !second.isSyncRequired);
});

test("a leader whose own disk hangs takes no more than the backlog, though others commit", () => {
  const configuration = toConfiguration(ids(1, 2, 3));
  const cluster = new ScriptedCluster({ configuration, raft: { maxUncommittedBytes: 1_000 } });
  cluster.elect(1);
  cluster.member(1).isDiskSlow = true;
  let accepted = 0;
  while (accepted < 100 && cluster.propose(1, "x".repeat(100)).kind === "accepted") {
    accepted += 1;
    cluster.stabilize();
  }
  assert.equal(cluster.node(1).status().log.uncommittedBytes, 0);
  assert.equal(accepted, 8);
  cluster.persist(1);
  assert.equal(cluster.propose(1, "x").kind, "accepted");
});
