/**
 * Bugs that other implementations have had, each as the schedule that shows it. The numbers are
 * those of the project's list of known bugs (C1 ...); C1 is `testdata/figure-8.txt` as well.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  emptyConfiguration,
  RaftAssertionError,
  RaftForgottenError,
  RaftNode,
  RaftStateError,
  toConfiguration,
  toLogIndex,
  toMemberId,
  toTerm,
  type ConfigurationChange,
  type Entry,
  type Message,
  type Ready,
} from "@quorate/raft";
import { EntryWindow } from "../src/entry-window.ts";
import { bytesOf, ids, ScriptedCluster, type ScriptedOptions } from "./harness/scripted-cluster.ts";

const plain = { preVote: false, checkQuorum: false };

function clusterOf(count: number, raft?: ScriptedOptions["raft"]): ScriptedCluster {
  const voters = Array.from({ length: count }, (_, i) => i + 1);
  const configuration = toConfiguration(ids(...voters));
  return new ScriptedCluster(raft === undefined ? { configuration } : { configuration, raft });
}

function change(kind: ConfigurationChange["kind"], id: number): ConfigurationChange {
  return { kind, memberId: toMemberId(BigInt(id)) };
}

function propose(cluster: ScriptedCluster, id: number, ...changes: ConfigurationChange[]): string {
  const result = cluster.node(id).proposeConfiguration(changes, bytesOf(""));
  return result.kind === "accepted" ? "accepted" : result.reason;
}

function entry(index: number, term: number): Entry {
  return { index: toLogIndex(index), term: toTerm(term), kind: "normal", data: bytesOf("x") };
}

test("C2 etcd#741: a leader that was replaced answers no read", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.isolate(1);
  cluster.tick(2, 30);
  cluster.tick(3, 10);
  cluster.stabilize();
  cluster.propose(2, "new");
  cluster.stabilize();
  assert.deepEqual(cluster.member(3).applied, ["new"]);
  assert.equal(cluster.node(1).status().role, "leader", "it does not know yet");
  cluster.node(1).readIndex(1);
  cluster.stabilize();
  cluster.heal();
  cluster.tick(1, 1);
  cluster.stabilize();
  assert.equal(cluster.member(1).reads.size, 0);
  assert.deepEqual(cluster.member(1).abandonedReads, [1]);
});

test("C2 a leader that was replaced answers no question of a follower that knows", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.node(3).readIndex(1);
  cluster.process(3);
  const early = cluster.inFlight;
  cluster.inFlight = [];
  cluster.isolate(1);
  cluster.tick(2, 30);
  cluster.tick(3, 10);
  cluster.stabilize();
  cluster.propose(2, "new");
  cluster.stabilize();
  assert.deepEqual(cluster.member(3).abandonedReads, [1], "its leader is another one");
  // The question from before comes late; the answer of the old leader counts for nobody.
  cluster.heal();
  for (const question of early) cluster.step(question);
  cluster.process(1);
  assert.ok(cluster.inFlight.some(({ kind, to }) => kind === "read-index-response" && to === 3n));
  cluster.deliver();
  cluster.stabilize();
  assert.equal(cluster.member(3).reads.size, 0);
});

test("C2 §6.4 one question of a follower is no quorum of five or of a joint change", () => {
  const cluster = clusterOf(5);
  cluster.elect(1);
  cluster.isolate(1, 3);
  cluster.node(3).readIndex(1);
  cluster.stabilize();
  assert.equal(cluster.member(3).reads.size, 0);
  const joint = clusterOf(3);
  joint.elect(1);
  for (const id of [4, 5]) joint.add(toMemberId(BigInt(id)), emptyConfiguration);
  const changes = [4n, 5n].map((id) => ({ kind: "add-voter", memberId: toMemberId(id) }) as const);
  assert.equal(joint.node(1).proposeConfiguration(changes, new Uint8Array(0)).kind, "accepted");
  joint.isolate(1, 3);
  joint.stabilize();
  joint.node(3).readIndex(1);
  joint.stabilize();
  assert.equal(joint.member(3).reads.size, 0);
  joint.heal();
  joint.tick(1, 1);
  joint.stabilize();
  assert.equal(joint.member(3).reads.size, 1);
});

test("C3 etcd#7331: a new leader answers no read before it has committed in its term", () => {
  const cluster = clusterOf(3, plain);
  cluster.elect(1);
  cluster.propose(1, "a");
  cluster.process(1);
  cluster.deliver();
  cluster.process(2);
  cluster.process(3);
  cluster.deliver();
  cluster.process(1);
  assert.deepEqual(cluster.member(1).applied, ["a"]);
  // "a" is acknowledged to a client; 2 has it but does not know that it is committed.
  cluster.drop();
  cluster.node(2).campaign();
  cluster.process(2);
  cluster.deliver();
  cluster.process(3);
  cluster.deliver();
  assert.equal(cluster.node(2).status().role, "leader");
  assert.equal(cluster.node(2).status().log.commitIndex, 1);
  cluster.node(2).readIndex(1);
  cluster.process(2);
  const isHeartbeat = (message: Message): boolean => message.kind === "heartbeat";
  assert.ok(!cluster.inFlight.some(isHeartbeat), "no round before the commit");
  cluster.stabilize();
  assert.ok((cluster.member(2).reads.get(1) ?? 0) >= 2, "the read sees the acknowledged write");
});

test("C3 a new leader answers no follower's read before it has committed in its term", () => {
  const cluster = clusterOf(3, plain);
  cluster.elect(1);
  cluster.propose(1, "a");
  for (const id of [1, 2, 3]) {
    cluster.process(id);
    cluster.deliver();
  }
  cluster.process(1);
  assert.deepEqual(cluster.member(1).applied, ["a"]);
  cluster.drop();
  cluster.isolate(1);
  cluster.node(2).campaign();
  cluster.process(2);
  cluster.deliver();
  cluster.process(3);
  cluster.deliver();
  // 3 follows the new leader, and its disk has not yet the entry that would commit everything.
  cluster.member(3).isDiskSlow = true;
  cluster.process(2);
  cluster.deliver();
  cluster.node(3).readIndex(1);
  cluster.stabilize();
  assert.equal(cluster.node(2).status().log.commitIndex, 1);
  assert.equal(cluster.member(3).reads.size, 0);
  cluster.member(3).isDiskSlow = false;
  cluster.persist(3);
  cluster.stabilize();
  assert.ok((cluster.member(3).reads.get(1) ?? 0) >= 2, "the read sees the acknowledged write");
});

test("C4 etcd#20418: late and repeated heartbeat answers confirm no later read", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.node(1).readIndex(1);
  cluster.process(1);
  cluster.deliver();
  cluster.process(2);
  cluster.process(3);
  const answers = [...cluster.inFlight];
  assert.equal(answers.length, 2);
  cluster.stabilize();
  assert.equal(cluster.member(1).reads.size, 1);
  cluster.isolate(1);
  cluster.node(1).readIndex(2);
  cluster.process(1);
  for (const answer of [...answers, ...answers]) cluster.step(answer);
  cluster.process(1);
  assert.equal(cluster.member(1).reads.size, 1, "the second read is still open");
});

test("C4 an answer to a read of the process's earlier life confirms nothing in this one", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  const lives = [11, 22].map((nonce) => {
    const random = { nextInt: (bound: number) => nonce % bound };
    const { hardState, compacted, entries } = cluster.member(3).disk;
    const state = { hardState, compacted, entries, applied: toLogIndex(1) };
    const node = new RaftNode({ id: toMemberId(3n), random }, state);
    node.step({
      ...{ kind: "heartbeat", from: toMemberId(1n), to: toMemberId(3n), term: toTerm(1) },
      ...{ commit: toLogIndex(1), readRound: 0 },
    });
    node.readIndex(1);
    return node;
  });
  const [before, after] = lives;
  assert.ok(before !== undefined && after !== undefined);
  const asked = before.ready().messages.find((message) => message.kind === "read-index");
  assert.ok(asked?.kind === "read-index");
  after.ready();
  after.step({
    ...{ kind: "read-index-response", from: toMemberId(1n), to: toMemberId(3n), term: toTerm(1) },
    ...{ requestId: asked.requestId, index: toLogIndex(1) },
  });
  assert.deepEqual(after.ready().readStates, []);
});

test("C5 etcd#14370: one member commits and applies nothing before its disk has it", () => {
  const cluster = clusterOf(1);
  cluster.elect(1);
  const member = cluster.member(1);
  member.isDiskSlow = true;
  cluster.propose(1, "a");
  cluster.stabilize();
  assert.deepEqual([member.applied, member.node.status().log.commitIndex], [[], 1]);
  cluster.persist(1);
  cluster.process(1);
  assert.deepEqual(member.applied, ["a"]);
});

test("C8 ZooKeeper 3911: no answer and no vote leaves before the disk has what it says", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  for (const member of cluster.members.values()) member.isDiskSlow = true;
  cluster.propose(1, "a");
  cluster.stabilize();
  assert.doesNotMatch(cluster.takeTrace().split("\n").slice(-4).join("\n"), /accepted through 2/);
  cluster.node(3).step({
    ...{ kind: "vote", from: toMemberId(2n), to: toMemberId(3n), term: toTerm(5) },
    ...{ isPreVote: false, lastIndex: toLogIndex(9), lastTerm: toTerm(4), isLeaderTransfer: true },
  });
  const ready: Ready = cluster.node(3).ready();
  assert.deepEqual(ready.messages, []);
  assert.deepEqual(
    ready.messagesAfterPersist.map((message) => message.kind),
    ["vote-response"],
  );
  assert.ok(ready.isSyncRequired);
});

test("C8 a request for votes waits for the disk: a crash could shorten the log it names", () => {
  const cluster = clusterOf(3, plain);
  cluster.elect(1);
  cluster.member(2).isDiskSlow = true;
  cluster.propose(1, "a");
  cluster.process(1);
  cluster.deliver();
  cluster.process(2);
  cluster.node(2).campaign();
  const ready = cluster.node(2).ready();
  assert.deepEqual(ready.messages, []);
  assert.deepEqual(
    ready.messagesAfterPersist.map((message) => message.kind),
    ["vote", "vote"],
  );
});

test("C10 ZooKeeper-4925: a hole in the log stops the member, in memory and at the start", () => {
  const window = new EntryWindow(toLogIndex(0), toTerm(0));
  window.append([entry(1, 1)]);
  assert.throws(() => window.append([entry(3, 1)]), RaftAssertionError);
  const state = {
    hardState: { term: toTerm(1), votedFor: undefined, commit: toLogIndex(0) },
    compacted: {
      index: toLogIndex(0),
      term: toTerm(0),
      configuration: toConfiguration(ids(1)),
    },
    applied: toLogIndex(0),
  };
  const options = { id: toMemberId(1n), random: { nextInt: () => 0 } };
  assert.throws(
    () => new RaftNode(options, { ...state, entries: [entry(1, 1), entry(3, 1)] }),
    RaftStateError,
  );
  const lost = { ...state.hardState, commit: toLogIndex(2) };
  assert.throws(
    () => new RaftNode(options, { ...state, hardState: lost, entries: [entry(1, 1)] }),
    /commit is 2, the log ends at 1/,
  );
});

test("C11 etcd#22442, C12 cockroach#36353: an overwrite leaves nothing of the old tail", () => {
  const cluster = clusterOf(3, plain);
  cluster.elect(1);
  cluster.isolate(1);
  for (const text of ["x1", "x2", "x3", "x4"]) cluster.propose(1, text);
  cluster.process(1);
  cluster.elect(2);
  cluster.propose(2, "y");
  cluster.stabilize();
  cluster.heal();
  cluster.tick(2, 1);
  cluster.stabilize();
  cluster.node(1).compact(toLogIndex(2));
  assert.equal(cluster.node(1).status().log.lastIndex, 3);
  assert.deepEqual(
    cluster.member(1).disk.entries.map((each) => each.term),
    [1, 2, 2],
  );
  cluster.member(1).restart();
  cluster.elect(1);
  assert.deepEqual(cluster.member(3).applied, ["y"]);
});

test("C12 cockroach#36353: who was overwritten and leads sends what stands there now", () => {
  const cluster = clusterOf(5, plain);
  cluster.elect(1);
  cluster.isolate(1, 5);
  for (const text of ["x1", "x2", "x3", "x4"]) cluster.propose(1, text);
  cluster.stabilize();
  assert.equal(cluster.node(5).status().log.lastIndex, 5, "5 has the old tail as well");
  cluster.elect(2);
  for (const text of ["y1", "y2"]) cluster.propose(2, text);
  cluster.stabilize();
  // 1 learns what stands there now and leads, in the same life; 5 gets it from nobody else.
  cluster.heal();
  cluster.isolate(5);
  cluster.tick(2, 1);
  cluster.stabilize();
  cluster.elect(1);
  cluster.heal();
  cluster.isolate(2, 3, 4);
  cluster.tick(1, 1);
  cluster.stabilize();
  const { entries } = cluster.member(5).disk;
  assert.deepEqual(
    entries.map(({ term }) => term),
    [1, 2, 2, 2, 3],
  );
  assert.deepEqual(entries.slice(0, 4), cluster.member(2).disk.entries.slice(0, 4));
  cluster.heal();
  cluster.tick(1, 1);
  cluster.stabilize();
  assert.deepEqual(cluster.member(5).applied, ["y1", "y2"]);
});

/** A follower (1) whose log holds `terms`, the first `commit` of them committed. */
function followerWith(terms: readonly number[], commit: number): ScriptedCluster {
  const cluster = clusterOf(3, plain);
  const member = cluster.member(1);
  member.disk.hardState = { term: toTerm(5), votedFor: undefined, commit: toLogIndex(commit) };
  member.disk.entries = terms.map((term, i) => entry(i + 1, term));
  member.restart();
  cluster.process(1);
  cluster.takeTrace();
  return cluster;
}

function snapshot(index: number, term: number): Message {
  const configuration = toConfiguration(ids(1, 2, 3));
  return {
    ...{ kind: "snapshot", from: toMemberId(2n), to: toMemberId(1n), term: toTerm(6) },
    snapshot: { index: toLogIndex(index), term: toTerm(term), configuration },
  };
}

test("C13 hashicorp/raft#704, #212: snapshots against every shape of log", () => {
  const shapes = [
    { name: "older than commit", at: snapshot(2, 1), last: 5, commit: 3, installs: false },
    { name: "at commit", at: snapshot(3, 1), last: 5, commit: 3, installs: false },
    { name: "inside, matching", at: snapshot(4, 2), last: 5, commit: 4, installs: false },
    { name: "at the end, matching", at: snapshot(5, 2), last: 5, commit: 5, installs: false },
    { name: "inside, conflicting", at: snapshot(4, 4), last: 4, commit: 4, installs: true },
    { name: "at the end, conflicting", at: snapshot(5, 4), last: 5, commit: 5, installs: true },
    { name: "beyond the end", at: snapshot(9, 4), last: 9, commit: 9, installs: true },
  ];
  for (const shape of shapes) {
    const cluster = followerWith([1, 1, 1, 2, 2], 3);
    cluster.node(1).step(shape.at);
    cluster.process(1);
    const { log } = cluster.node(1).status();
    assert.deepEqual([log.lastIndex, log.commitIndex], [shape.last, shape.commit], shape.name);
    assert.equal(
      cluster.member(1).applied[0]?.startsWith("snap") ?? false,
      shape.installs,
      shape.name,
    );
    const { length } = cluster.inFlight;
    const answer = cluster.inFlight[length - 1];
    assert.ok(answer?.kind === "append-response" && !answer.isRejected, shape.name);
    assert.equal(answer.index, shape.commit, `${shape.name}: acknowledges what it has`);
    // The same one again, late: nothing more happens.
    cluster.node(1).step(shape.at);
    assert.equal(cluster.node(1).status().log.lastIndex, shape.last, shape.name);
    assert.equal(cluster.node(1).status().isInstallingSnapshot, false, shape.name);
  }
});

test("C9, C13 entries that follow a snapshot still being installed wait for it", () => {
  const cluster = followerWith(
    Array.from({ length: 12 }, () => 1),
    1,
  );
  const member = cluster.member(1);
  member.isDiskSlow = true;
  member.node.step(snapshot(9, 4));
  member.node.step({
    ...{ kind: "append", from: toMemberId(2n), to: toMemberId(1n), term: toTerm(6) },
    ...{ previousIndex: toLogIndex(9), previousTerm: toTerm(4), entries: [entry(10, 6)] },
    commit: toLogIndex(10),
  });
  cluster.process(1);
  assert.equal(member.applied.length, 1, "only what was there before");
  member.node.campaign();
  assert.equal(member.node.status().role, "follower", "no campaign with half a state");
  cluster.persist(1);
  cluster.process(1);
  assert.deepEqual(member.applied, ["snapshot 9", "x"]);
});

test("C14 NuRaft#185: a member whose disk went back in time stops, and its leader notices", () => {
  const cluster = clusterOf(3, plain);
  cluster.elect(1);
  cluster.propose(1, "a");
  cluster.stabilize();
  const member = cluster.member(3);
  member.disk.entries = [];
  member.disk.hardState = { ...member.disk.hardState, commit: toLogIndex(0) };
  member.appliedIndex = 0;
  member.restart();
  cluster.tick(1, 1);
  cluster.process(1);
  assert.throws(
    () => cluster.deliver((message) => message.to === member.id),
    (error) => error instanceof RaftForgottenError && /entries were lost/.test(error.message),
  );
  cluster.propose(1, "b");
  cluster.process(1);
  cluster.deliver((message) => message.kind === "append");
  cluster.process(3);
  cluster.deliver((message) => message.from === member.id);
  cluster.process(1);
  cluster.deliver((message) => message.kind === "append");
  cluster.process(3);
  cluster.deliver((message) => message.from === member.id);
  const [, third] = cluster.node(1).status().leadership?.followers ?? [];
  assert.equal(third?.hasRegressed, true);
});

test("C15 yugabyte#23453: a conflict at or below the commit index stops the member", () => {
  const append = (previous: number, previousTerm: number, entries: readonly Entry[]): Message => ({
    ...{ kind: "append", from: toMemberId(2n), to: toMemberId(1n), term: toTerm(6) },
    ...{ previousIndex: toLogIndex(previous), previousTerm: toTerm(previousTerm), entries },
    commit: toLogIndex(0),
  });
  for (const message of [append(1, 1, [entry(2, 6)]), append(2, 4, []), append(3, 6, [])]) {
    const cluster = followerWith([1, 1, 1, 2], 3);
    assert.throws(() => cluster.node(1).step(message), RaftAssertionError);
  }
  const cluster = followerWith([1, 1, 1, 2], 3);
  cluster.node(1).step(append(3, 1, [entry(4, 6)]));
  assert.equal(cluster.node(1).status().log.lastTerm, 6, "above it is an everyday matter");
});

test("C17 hashicorp/raft#487, #493: whatever becomes of a transfer, writes resume", () => {
  const endings: Record<string, (cluster: ScriptedCluster) => void> = {
    "the target is dead": (cluster) => cluster.isolate(2),
    "the target is slow": (cluster) => {
      cluster.member(2).isDiskSlow = true;
      cluster.propose(1, "first");
    },
    "timeout-now is lost": (cluster) => void cluster.cut.add("1>2"),
    "the votes are lost": (cluster) => {
      cluster.cut.add("2>1");
      cluster.cut.add("2>3");
    },
  };
  for (const [name, prepare] of Object.entries(endings)) {
    const cluster = clusterOf(3);
    cluster.elect(1);
    prepare(cluster);
    cluster.node(1).transferLeadership(toMemberId(2n));
    for (let i = 0; i < 10; i += 1) {
      cluster.tick(1, 1);
      cluster.stabilize();
    }
    assert.equal(cluster.node(1).status().leadership?.transferTarget, undefined, name);
    assert.equal(cluster.propose(1, "after").kind, "accepted", name);
    cluster.stabilize();
    assert.ok(cluster.member(3).applied.includes("after"), name);
  }
});

test("C17 B17: leadership is handed to no member that was just removed", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  assert.equal(propose(cluster, 1, change("remove", 3)), "accepted");
  assert.deepEqual(cluster.node(1).transferLeadership(toMemberId(3n)), {
    kind: "dropped",
    reason: "not-a-voter",
  });
  cluster.stabilize();
  assert.equal(cluster.propose(1, "after").kind, "accepted");
});

test("C17 B17: a removal of who is to lead waits for the end of the transfer, and ends it", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.node(1).transferLeadership(toMemberId(3n));
  cluster.process(1);
  const late = cluster.inFlight.filter(({ kind }) => kind === "timeout-now");
  assert.equal(late.length, 1, "it was told to lead");
  cluster.drop(({ kind }) => kind === "timeout-now");
  assert.equal(propose(cluster, 1, change("remove", 3)), "transferring");
  assert.equal(cluster.node(1).status().leadership?.transferTarget, toMemberId(3n));
  for (let i = 0; i < 10; i += 1) {
    cluster.tick(1, 1);
    cluster.stabilize();
  }
  assert.equal(propose(cluster, 1, change("remove", 3)), "accepted", "an election timeout later");
  cluster.stabilize();
  // What told it to lead arrives when it is gone.
  const { term } = cluster.node(1).status();
  for (const message of late) cluster.step(message);
  cluster.stabilize();
  assert.equal(cluster.node(1).status().term, term, "it disturbs nobody (M3)");
  assert.equal(cluster.propose(1, "after").kind, "accepted");
  cluster.stabilize();
  assert.deepEqual(cluster.member(2).applied, ["after"]);
});

test("C19 raft-dev 2015: a new leader changes no membership before its first commit", () => {
  // Ongaro's schedule: 1 leads {1 2 3 4} and appends {1 2 3 4 5}, which reaches nobody but 5. 2
  // leads the next term and wants {2 3 4}. Were it allowed to before its own entry is committed, {2
  // 3} could commit it while 1, back with the votes of {1 4 5}, commits its own: two majorities
  // without a common member.
  const cluster = clusterOf(4, plain);
  cluster.add(toMemberId(5n), toConfiguration([]));
  cluster.elect(1);
  cluster.isolate(1, 5);
  assert.equal(propose(cluster, 1, change("add-voter", 5)), "accepted");
  cluster.stabilize();
  cluster.node(2).campaign();
  cluster.process(2);
  cluster.deliver();
  cluster.process(3);
  cluster.process(4);
  cluster.deliver();
  assert.equal(cluster.node(2).status().role, "leader");
  assert.equal(propose(cluster, 2, change("remove", 1)), "not-ready");
  cluster.stabilize();
  assert.equal(propose(cluster, 2, change("remove", 1)), "accepted");
  cluster.stabilize();
  cluster.heal();
  cluster.node(1).campaign();
  cluster.member(1).restart();
  cluster.node(1).campaign();
  cluster.stabilize();
  assert.notEqual(cluster.node(1).status().role, "leader", "4 has the newer entry");
});

test("C20 redpanda#17675: no second change before the first is committed", () => {
  const cluster = new ScriptedCluster({ configuration: toConfiguration(ids(1), ids(2, 3)) });
  cluster.elect(1);
  assert.equal(propose(cluster, 1, change("add-voter", 2)), "accepted");
  assert.equal(propose(cluster, 1, change("add-voter", 3)), "change-in-progress");
  cluster.process(1);
  assert.equal(propose(cluster, 1, change("add-voter", 3)), "change-in-progress");
  cluster.stabilize();
  assert.equal(propose(cluster, 1, change("add-voter", 3)), "accepted");
});

test("C21 etcd#7280, cockroach#42251: the leader dies at every step of a removal", () => {
  // {1 2}, 2 removed. After `step` deliveries 1 is gone for a while; nobody may be stuck.
  for (let step = 0; step < 6; step += 1) {
    const cluster = clusterOf(2, plain);
    cluster.elect(1);
    assert.equal(propose(cluster, 1, change("remove", 2)), "accepted");
    for (let i = 0; i < step; i += 1) {
      if (i % 2 === 0) for (const id of [1, 2]) cluster.process(id);
      else cluster.deliver();
    }
    cluster.drop();
    cluster.member(1).restart();
    for (let i = 0; i < 60; i += 1) {
      cluster.tick(1, 1);
      cluster.tick(2, 1);
      cluster.stabilize();
    }
    const leaders = [1, 2].filter((id) => cluster.node(id).status().role === "leader");
    assert.equal(leaders.length, 1, `after ${step} steps nobody leads`);
    const [leader = 0] = leaders;
    assert.ok(cluster.node(leader).status().isConfigurationCommitted, `after ${step} steps`);
  }
});

test("C21 who is removed may be gone once one member has the entry on its disk", () => {
  for (const count of [2, 3, 4]) {
    for (const isRestarted of [false, true]) {
      const cluster = clusterOf(count, plain);
      cluster.elect(1);
      assert.equal(propose(cluster, 1, change("remove", count)), "accepted");
      cluster.process(1);
      cluster.isolate(count);
      cluster.drop();
      if (isRestarted) cluster.member(1).restart();
      for (let i = 0; i < 60; i += 1) {
        for (let id = 1; id < count; id += 1) cluster.tick(id, 1);
        cluster.stabilize();
      }
      const { role, isConfigurationCommitted } = cluster.node(1).status();
      const name = `${count} members, ${isRestarted ? "restarted" : "in one life"}`;
      // Nobody else has it, so nobody else can lead where each vote of who is left is needed.
      if (count < 4) assert.equal(role, "leader", name);
      assert.ok(isConfigurationCommitted, name);
    }
  }
});

test("C22 RethinkDB: a removed member that was cut off forms no quorum when it is back", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.isolate(3);
  assert.equal(propose(cluster, 1, change("remove", 3)), "accepted");
  cluster.stabilize();
  cluster.add(toMemberId(4n), toConfiguration([]));
  assert.equal(propose(cluster, 1, change("add-voter", 4)), "accepted");
  cluster.stabilize();
  assert.equal(cluster.node(1).status().isConfigurationCommitted, true);
  // 3 still believes in {1 2 3}. The machine of 3 comes back; it asks, and nobody is moved.
  cluster.heal();
  const { term } = cluster.node(1).status();
  for (let i = 0; i < 60; i += 1) {
    for (const id of [1, 2, 3, 4]) cluster.tick(id, 1);
    cluster.stabilize();
  }
  assert.deepEqual(
    [cluster.node(1).status().role, cluster.node(1).status().term],
    ["leader", term],
  );
  assert.notEqual(cluster.node(3).status().role, "leader");
});

test("C22 M3: an answer of a removed member, of whatever term, deposes nobody", () => {
  const cluster = clusterOf(3, plain);
  cluster.elect(1);
  assert.equal(propose(cluster, 1, change("remove", 3)), "accepted");
  cluster.stabilize();
  cluster.tick(1, 10);
  for (const kind of ["append-response", "heartbeat-response", "vote-response"] as const) {
    cluster.node(1).step({
      ...{ from: toMemberId(3n), to: toMemberId(1n), term: toTerm(99) },
      ...{ index: toLogIndex(0), isRejected: true, hintIndex: toLogIndex(0), hintTerm: toTerm(0) },
      ...{ readRound: 0, isPreVote: false, kind },
    });
  }
  assert.equal(cluster.node(1).status().role, "leader");
});

test("C23 camunda#57386: the leader dies at any step of a joint change; the next ends it", () => {
  for (let step = 0; step < 12; step += 1) {
    const cluster = clusterOf(3, plain);
    cluster.add(toMemberId(4n), toConfiguration([]));
    cluster.elect(1);
    assert.equal(propose(cluster, 1, change("add-voter", 4), change("remove", 3)), "accepted");
    for (let i = 0; i < step; i += 1) {
      if (i % 2 === 0) for (const id of [1, 2, 3, 4]) cluster.process(id);
      else cluster.deliver();
    }
    cluster.isolate(1);
    cluster.drop();
    for (let i = 0; i < 100; i += 1) {
      for (const id of [2, 3, 4]) cluster.tick(id, 1);
      cluster.stabilize();
    }
    const leaders = [2, 3, 4].filter((id) => cluster.node(id).status().role === "leader");
    assert.equal(leaders.length, 1, `after ${step} steps`);
    const { configuration, isConfigurationCommitted } = cluster.node(leaders[0] ?? 0).status();
    assert.deepEqual(configuration.votersOutgoing, [], `joint for ever after ${step} steps`);
    assert.equal(isConfigurationCommitted, true, `after ${step} steps`);
  }
});
