/** B16: a data directory that goes back in time is noticed by those who were promised something. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  RaftNode,
  toConfiguration,
  toLogIndex,
  toMemberId,
  toTerm,
  type Message,
} from "@quorate/raft";
import { bytesOf, ids, ScriptedCluster } from "./harness/scripted-cluster.ts";
import { SimDisk } from "./simulation/sim-disk.ts";

const plain = { preVote: false, checkQuorum: false };

function clusterOf(count: number): ScriptedCluster {
  const voters = Array.from({ length: count }, (_, i) => i + 1);
  return new ScriptedCluster({ configuration: toConfiguration(ids(...voters)), raft: plain });
}

/** What `member` finds when `witness` tells it what it has promised. */
function judge(cluster: ScriptedCluster, member: number, witness: number): string | undefined {
  const promises = cluster.node(witness).promisesOf(toMemberId(BigInt(member)));
  if (promises === undefined) return undefined;
  return cluster.node(member).forgottenPromise(toMemberId(BigInt(witness)), promises);
}

function copyOf(cluster: ScriptedCluster, id: number): SimDisk {
  const { hardState, compacted, entries } = cluster.member(id).disk;
  const copy = new SimDisk(hardState, compacted);
  copy.entries = [...entries];
  return copy;
}

function putBack(cluster: ScriptedCluster, id: number, copy: SimDisk): void {
  const member = cluster.member(id);
  member.disk.hardState = copy.hardState;
  member.disk.entries = [...copy.entries];
  member.appliedIndex = Math.min(member.appliedIndex, copy.entries.length);
  member.restart();
}

test("B16 a leader knows that a follower's log has lost what it acknowledged", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  const copy = copyOf(cluster, 3);
  cluster.propose(1, "a");
  cluster.stabilize();
  assert.equal(judge(cluster, 3, 1), undefined);
  putBack(cluster, 3, copy);
  assert.equal(judge(cluster, 3, 1), "its log ends at 1 and it has acknowledged 2");
  assert.equal(judge(cluster, 3, 2), undefined, "2 was promised nothing");
});

test("B16 entries that are not committed count while the term lasts", () => {
  const cluster = clusterOf(5);
  cluster.elect(1);
  const copy = copyOf(cluster, 2);
  cluster.isolate(3, 4, 5);
  cluster.propose(1, "a");
  cluster.stabilize(1, 2);
  assert.equal(cluster.node(1).status().log.commitIndex, 1);
  putBack(cluster, 2, copy);
  assert.equal(judge(cluster, 2, 1), "its log ends at 1 and it has acknowledged 2");
});

test("B16 what a later leader has cut off is not missed, what is committed is", () => {
  const cluster = clusterOf(5);
  cluster.elect(1);
  cluster.propose(1, "committed");
  cluster.stabilize();
  const copy = copyOf(cluster, 2);
  cluster.isolate(3, 4, 5);
  for (const text of ["b", "c", "d"]) cluster.propose(1, text);
  cluster.stabilize(1, 2);
  cluster.heal();
  cluster.isolate(1);
  cluster.tick(3, 40);
  cluster.stabilize();
  assert.equal(cluster.node(3).status().role, "leader");
  assert.equal(cluster.node(2).status().log.lastIndex, 3, "three entries were cut off, one came");
  assert.equal(judge(cluster, 2, 1), undefined);
  copy.entries = copy.entries.slice(0, 1);
  copy.hardState = { ...cluster.member(2).disk.hardState, commit: toLogIndex(0) };
  putBack(cluster, 2, copy);
  assert.match(judge(cluster, 2, 1) ?? "", /has acknowledged 2/);
});

test("B16 a forgotten vote and a forgotten term are told by whom they were given to", () => {
  const cluster = clusterOf(3);
  const copy = copyOf(cluster, 2);
  cluster.elect(1);
  const { hardState } = cluster.member(2).disk;
  assert.equal(hardState.votedFor, toMemberId(1n));
  putBack(cluster, 2, copy);
  assert.equal(judge(cluster, 2, 1), "it is in term 0 and was in term 1");
  copy.hardState = { ...hardState, votedFor: undefined };
  copy.entries = [...cluster.member(1).disk.entries];
  putBack(cluster, 2, copy);
  assert.equal(judge(cluster, 2, 1), "it has forgotten its vote of term 1");
});

test("B16 a newcomer that has promised nothing has forgotten nothing", () => {
  const cluster = clusterOf(1);
  const newcomer = cluster.add(toMemberId(2n), toConfiguration([]));
  const [none, index] = [toTerm(0), toLogIndex(0)];
  const nothing = { term: none, votedTerm: none, acceptedTerm: none };
  const promises = { ...nothing, acceptedIndex: index, committedIndex: index };
  assert.equal(newcomer.node.forgottenPromise(toMemberId(1n), promises), undefined);
});

test("B16 on probation a member follows a leader and takes no part in elections", () => {
  const disk = new SimDisk(
    { term: toTerm(3), votedFor: undefined, commit: toLogIndex(0) },
    { index: toLogIndex(0), term: toTerm(0), configuration: toConfiguration(ids(1, 2, 3)) },
  );
  const node = new RaftNode(
    { ...plain, id: toMemberId(1n), random: { nextInt: () => 0 }, isOnProbation: true },
    { ...disk, applied: toLogIndex(0), entries: [] },
  );
  const from = toMemberId(2n);
  const vote: Message = {
    ...{ kind: "vote", from, to: toMemberId(1n), term: toTerm(4) },
    ...{ isPreVote: false, lastIndex: toLogIndex(9), lastTerm: toTerm(3) },
    isLeaderTransfer: false,
  };
  node.step(vote);
  for (let tick = 0; tick < 50; tick += 1) node.tick();
  node.campaign();
  let ready = node.ready();
  assert.deepEqual([...ready.messages, ...ready.messagesAfterPersist], []);
  node.persisted(ready);
  const [previousIndex, previousTerm] = [toLogIndex(0), toTerm(0)];
  const data = bytesOf("x");
  const entry = { index: toLogIndex(1), term: toTerm(4), kind: "normal", data } as const;
  const head = { kind: "append", from, to: toMemberId(1n), term: toTerm(4) } as const;
  node.step({ ...head, previousIndex, previousTerm, entries: [entry], commit: toLogIndex(0) });
  ready = node.ready();
  assert.deepEqual(
    ready.messagesAfterPersist.map(({ kind }) => kind),
    ["append-response"],
  );
  node.persisted(ready);
  node.endProbation();
  for (let tick = 0; tick < 20; tick += 1) node.tick();
  assert.equal(node.status().role, "candidate");
});
