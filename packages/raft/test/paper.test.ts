/**
 * One test for each claim of Ongaro's thesis ("Consensus: Bridging Theory and Practice", 2014) that
 * the code relies on, titled by section.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  toConfiguration,
  toLogIndex,
  toMemberId,
  toTerm,
  type Entry,
  type Message,
} from "@quorate/raft";
import { bytesOf, ids, ScriptedCluster, type ScriptedOptions } from "./harness/scripted-cluster.ts";

const plain = { preVote: false, checkQuorum: false };

function clusterOf(count: number, raft: ScriptedOptions["raft"] = plain): ScriptedCluster {
  const voters = Array.from({ length: count }, (_, i) => i + 1);
  return new ScriptedCluster({ configuration: toConfiguration(ids(...voters)), raft });
}

function roleOf(cluster: ScriptedCluster, id: number): string {
  return cluster.node(id).status().role;
}

function entry(index: number, term: number): Entry {
  return { index: toLogIndex(index), term: toTerm(term), kind: "normal", data: bytesOf("x") };
}

/** A message from 2 to 1 but for what `body` says. */
function message<K extends Message["kind"]>(
  kind: K,
  term: number,
  body: Omit<Extract<Message, { kind: K }>, "kind" | "from" | "to" | "term">,
): Message {
  const head = { kind, from: toMemberId(2n), to: toMemberId(1n), term: toTerm(term) };
  return { ...head, ...body } as Extract<Message, { kind: K }>;
}

test("§3.3 a node that sees a higher term follows it at once, whatever it was", () => {
  for (const role of ["follower", "candidate", "leader"]) {
    const cluster = clusterOf(3);
    if (role === "candidate") cluster.node(1).campaign();
    if (role === "leader") cluster.elect(1);
    assert.equal(roleOf(cluster, 1), role);
    cluster.node(1).step(message("heartbeat", 9, { commit: toLogIndex(0), readRound: 0 }));
    const status = cluster.node(1).status();
    assert.deepEqual([status.role, status.term, status.leader], ["follower", 9, 2n]);
  }
});

test("§3.3 requests of a lower term change nothing", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.elect(2);
  const before = cluster.node(1).status();
  cluster.node(1).step(
    message("append", 1, {
      previousIndex: toLogIndex(1),
      previousTerm: toTerm(1),
      entries: [entry(2, 1)],
      commit: toLogIndex(2),
    }),
  );
  assert.deepEqual(cluster.node(1).status(), before);
});

test("§3.4 a follower that hears nothing for the election timeout campaigns", () => {
  const cluster = clusterOf(3);
  cluster.tick(1, 9);
  assert.equal(roleOf(cluster, 1), "follower");
  cluster.tick(1, 1);
  const { role, term, votedFor } = cluster.node(1).status();
  assert.deepEqual([role, term, votedFor], ["candidate", 1, 1n]);
});

test("§3.4 election timeouts are spread, and drawn anew for every wait", () => {
  for (const id of [1, 2, 3]) {
    const cluster = clusterOf(3);
    cluster.tick(id, 10 + id - 2);
    assert.equal(roleOf(cluster, id), "follower", `${id} is too early`);
    cluster.tick(id, 1);
    assert.equal(roleOf(cluster, id), "candidate", `${id} is too late`);
  }
});

test("§3.4 a candidate without a result starts another election in a new term", () => {
  const cluster = clusterOf(3);
  cluster.tick(1, 10);
  cluster.tick(1, 10);
  assert.equal(cluster.node(1).status().term, 2);
});

test("§3.4 a candidate follows whoever leads its term", () => {
  const cluster = clusterOf(3);
  cluster.node(1).campaign();
  cluster.node(1).step(message("heartbeat", 1, { commit: toLogIndex(0), readRound: 0 }));
  assert.deepEqual([roleOf(cluster, 1), cluster.node(1).status().leader], ["follower", 2n]);
});

test("§3.4 heartbeats keep followers from campaigning", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  for (let i = 0; i < 50; i += 1) {
    cluster.tick(1, 1);
    cluster.tick(2, 1);
    cluster.tick(3, 1);
    cluster.stabilize();
  }
  assert.equal(cluster.node(2).status().term, 1);
});

test("§3.4 one vote a term, first come first served, and again to the same candidate", () => {
  const cluster = clusterOf(3);
  const vote = { isPreVote: false, lastIndex: toLogIndex(0), lastTerm: toTerm(0) };
  const ask = (from: bigint): string => {
    cluster.node(1).step({
      ...message("vote", 1, { ...vote, isLeaderTransfer: false }),
      from: toMemberId(from),
    });
    cluster.process(1);
    return cluster.takeTrace().split("\n").at(-1)?.trim() ?? "";
  };
  assert.equal(ask(2n), "1->2 term 1 vote granted");
  assert.equal(ask(3n), "1->3 term 1 vote refused");
  assert.equal(ask(2n), "1->2 term 1 vote granted");
});

test("§3.4 a refused candidate does not reset the timer of those who refuse it", () => {
  const cluster = clusterOf(3);
  fill(cluster, 1, [8]);
  cluster.tick(1, 9);
  const stale = { isPreVote: false, lastIndex: toLogIndex(0), lastTerm: toTerm(0) };
  cluster.node(1).step(message("vote", 9, { ...stale, isLeaderTransfer: false }));
  cluster.tick(1, 1);
  assert.deepEqual([roleOf(cluster, 1), cluster.node(1).status().term], ["candidate", 10]);
});

test("§3.5 an entry is committed when a majority has it, and followers are told", () => {
  const cluster = clusterOf(5);
  cluster.elect(1);
  cluster.isolate(1, 2, 3);
  cluster.propose(1, "a");
  cluster.stabilize();
  assert.deepEqual(cluster.member(1).applied, ["a"]);
  assert.deepEqual(cluster.member(3).applied, ["a"]);
  assert.deepEqual(cluster.member(4).applied, []);
});

test("§3.5 a commit covers everything before it, entries of earlier leaders too", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.isolate(1);
  cluster.propose(1, "a");
  cluster.process(1);
  cluster.heal();
  cluster.member(1).restart();
  cluster.elect(1);
  assert.deepEqual(cluster.member(2).applied, ["a"]);
});

test("§3.5 an append is refused where index and term before it do not match", () => {
  const cluster = clusterOf(3);
  cluster.node(1).step(
    message("append", 2, {
      previousIndex: toLogIndex(3),
      previousTerm: toTerm(1),
      entries: [entry(4, 2)],
      commit: toLogIndex(4),
    }),
  );
  cluster.process(1);
  assert.match(cluster.takeTrace(), /append rejected at 3, hint 0\/0/);
  assert.equal(cluster.node(1).status().log.lastIndex, 0);
});

test("§3.5 conflicting entries are replaced, missing ones filled in (figure 3.6)", () => {
  const leaderLog = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const followerLogs = {
    a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
    b: [1, 1, 1, 4],
    c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    e: [1, 1, 1, 4, 4, 4, 4],
    f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  for (const [name, terms] of Object.entries(followerLogs)) {
    const cluster = clusterOf(3);
    fill(cluster, 1, leaderLog);
    fill(cluster, 2, terms);
    fill(cluster, 3, []);
    cluster.node(1).campaign();
    // A later campaign, should (d) have refused the first one.
    for (let i = 0; i < 3; i += 1) {
      cluster.stabilize();
      if (roleOf(cluster, 1) !== "leader") cluster.node(1).campaign();
    }
    cluster.tick(1, 1);
    cluster.stabilize();
    const terminal = cluster.member(2).disk.entries.map((each) => each.term);
    assert.deepEqual(terminal, [...leaderLog, cluster.node(1).status().term], `follower (${name})`);
  }
});

test("§3.5 repeated and late appends never shorten a log", () => {
  const cluster = clusterOf(3);
  const append = (count: number): Message =>
    message("append", 1, {
      previousIndex: toLogIndex(0),
      previousTerm: toTerm(0),
      entries: Array.from({ length: count }, (_, i) => entry(i + 1, 1)),
      commit: toLogIndex(0),
    });
  cluster.node(1).step(append(5));
  cluster.node(1).step(append(2));
  assert.equal(cluster.node(1).status().log.lastIndex, 5);
});

test("§3.5 a follower takes for committed only what the message has shown to match", () => {
  const cluster = clusterOf(3);
  fill(cluster, 1, [1, 1, 1]);
  const append = (previous: number, entries: readonly Entry[]): Message =>
    message("append", 9, {
      previousIndex: toLogIndex(previous),
      previousTerm: toTerm(1),
      entries,
      commit: toLogIndex(3),
    });
  cluster.node(1).step(append(1, []));
  assert.equal(cluster.node(1).status().log.commitIndex, 1, "2 and 3 may be the leader's or not");
  cluster.node(1).step(append(1, [entry(2, 9)]));
  assert.deepEqual(
    [cluster.node(1).status().log.commitIndex, cluster.node(1).status().log.lastIndex],
    [2, 2],
  );
});

test("§3.6.1 votes go to logs as up to date: last term first, then length", () => {
  const cases = [
    { own: [1], lastIndex: 1, lastTerm: 1, isGranted: true },
    { own: [1], lastIndex: 2, lastTerm: 1, isGranted: true },
    { own: [1, 1], lastIndex: 1, lastTerm: 1, isGranted: false },
    { own: [1, 1], lastIndex: 1, lastTerm: 2, isGranted: true },
    { own: [2], lastIndex: 9, lastTerm: 1, isGranted: false },
  ];
  for (const each of cases) {
    const cluster = clusterOf(3);
    fill(cluster, 1, each.own);
    cluster.node(1).step(
      message("vote", 9, {
        isPreVote: false,
        lastIndex: toLogIndex(each.lastIndex),
        lastTerm: toTerm(each.lastTerm),
        isLeaderTransfer: false,
      }),
    );
    cluster.process(1);
    assert.equal(/granted/.test(cluster.takeTrace()), each.isGranted, JSON.stringify(each));
  }
});

test("§3.6.2 replicas are counted only for entries of the leader's own term", () => {
  const cluster = clusterOf(3, { ...plain, maxAppendBytes: 1 });
  cluster.elect(1);
  cluster.isolate(1);
  cluster.propose(1, "old");
  cluster.process(1);
  cluster.heal();
  cluster.member(1).restart();
  cluster.node(1).campaign();
  cluster.process(1);
  // The vote, the probe that is refused, and the old entry alone.
  for (let round = 0; round < 3; round += 1) {
    cluster.deliver();
    cluster.process(2);
    cluster.deliver();
    if (round < 2) cluster.process(1);
  }
  const { log, leadership } = cluster.node(1).status();
  assert.equal(leadership?.followers[0]?.matchIndex, 2, "1 and 2 have the old entry");
  assert.equal(log.commitIndex, 1, "but it is of term 1");
  cluster.stabilize();
  assert.equal(cluster.node(1).status().log.commitIndex, 3);
});

test("§3.8 term, vote and log survive a restart", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.propose(1, "a");
  cluster.stabilize();
  for (const id of [1, 2, 3]) {
    const before = cluster.node(id).status();
    cluster.member(id).restart();
    const after = cluster.node(id).status();
    assert.deepEqual([after.term, after.votedFor], [before.term, before.votedFor]);
    assert.deepEqual(after.log.lastIndex, before.log.lastIndex);
    assert.equal(after.role, "follower");
  }
});

test("§3.10 a transfer brings the target up to date and stops new proposals", () => {
  const cluster = clusterOf(3, { preVote: true, checkQuorum: true });
  cluster.elect(1);
  cluster.isolate(3);
  cluster.propose(1, "a");
  cluster.stabilize();
  cluster.heal();
  assert.deepEqual(cluster.node(1).transferLeadership(toMemberId(3n)), { kind: "accepted" });
  assert.deepEqual(cluster.propose(1, "b"), { kind: "dropped", reason: "transferring" });
  cluster.tick(1, 1);
  cluster.stabilize();
  assert.equal(roleOf(cluster, 3), "leader");
  assert.deepEqual(cluster.member(3).applied, ["a"]);
});

test("§4.1 a configuration is in force when it is appended, not when it is committed", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.isolate(1);
  const [four] = ids(4);
  assert.ok(four !== undefined);
  cluster.node(1).proposeConfiguration([{ kind: "add-voter", memberId: four }], bytesOf("ctx"));
  const { configuration, isConfigurationCommitted } = cluster.node(1).status();
  assert.deepEqual([configuration.voters.length, isConfigurationCommitted], [4, false]);
});

test("§4.1 a member follows and elects members that are not in its own configuration", () => {
  const cluster = clusterOf(3);
  const [stranger] = ids(77);
  assert.ok(stranger !== undefined);
  const vote = message("vote", 3, {
    isPreVote: false,
    lastIndex: toLogIndex(0),
    lastTerm: toTerm(0),
    isLeaderTransfer: false,
  });
  cluster.node(1).step({ ...vote, from: stranger });
  cluster.process(1);
  assert.match(cluster.takeTrace(), /1->77 term 3 vote granted/);
  const heartbeat = message("heartbeat", 3, { commit: toLogIndex(0), readRound: 0 });
  cluster.node(1).step({ ...heartbeat, from: stranger });
  assert.equal(cluster.node(1).status().leader, stranger);
});

test("§4.2.1 a learner gets the log and neither votes for a commit nor campaigns", () => {
  const cluster = new ScriptedCluster({
    configuration: toConfiguration(ids(1, 2), ids(3)),
    raft: plain,
  });
  cluster.elect(1);
  cluster.isolate(1, 3);
  cluster.propose(1, "a");
  cluster.stabilize();
  assert.equal(cluster.node(3).status().log.lastIndex, 2);
  assert.equal(cluster.node(1).status().log.commitIndex, 1, "1 and learner 3 are no majority");
  cluster.tick(3, 100);
  cluster.node(3).campaign();
  assert.equal(roleOf(cluster, 3), "follower");
});

test("§4.2.2 a leader that removes itself commits without counting itself, then steps down", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  const [one] = ids(1);
  assert.ok(one !== undefined);
  cluster.isolate(1, 2);
  cluster.node(1).proposeConfiguration([{ kind: "remove", memberId: one }], bytesOf(""));
  cluster.stabilize();
  assert.equal(roleOf(cluster, 1), "leader", "1 of {2 3} has it: not committed");
  cluster.heal();
  cluster.tick(1, 1);
  cluster.stabilize();
  assert.equal(roleOf(cluster, 1), "follower");
  assert.equal(cluster.node(2).status().isConfigurationCommitted, true);
});

test("§4.2.2 a server whose removal is not committed may still win, to commit it", () => {
  // {1 2}: 1 leads and removes itself; only 1 has the entry when it restarts. 2 cannot win, its log
  // is shorter. 1 must lead once more, by the vote of 2 alone.
  const cluster = clusterOf(2);
  cluster.elect(1);
  const [one] = ids(1);
  assert.ok(one !== undefined);
  cluster.isolate(1);
  cluster.node(1).proposeConfiguration([{ kind: "remove", memberId: one }], bytesOf(""));
  cluster.process(1);
  cluster.member(1).restart();
  cluster.heal();
  cluster.node(2).campaign();
  cluster.stabilize();
  assert.equal(roleOf(cluster, 2), "follower");
  cluster.tick(1, 10);
  cluster.stabilize();
  assert.deepEqual(cluster.node(2).status().configuration.voters, ids(2));
  assert.equal(cluster.node(2).status().isConfigurationCommitted, true);
  assert.equal(roleOf(cluster, 2), "leader");
  cluster.tick(1, 100);
  assert.equal(roleOf(cluster, 1), "follower", "a committed removal ends all campaigns");
});

test("§4.2.3 while a leader is heard, requests for votes are dropped and move no term", () => {
  const cluster = clusterOf(3, { preVote: false, checkQuorum: true });
  cluster.elect(1);
  cluster.node(3).campaign();
  cluster.stabilize(2, 3);
  assert.deepEqual([cluster.node(2).status().term, cluster.node(2).status().leader], [1, 1n]);
});

test("§4.3 in a joint configuration elections and commits need both majorities", () => {
  const cluster = clusterOf(3);
  for (const id of ids(4, 5)) cluster.add(id, toConfiguration([]));
  cluster.elect(1);
  const [two, three, four, five] = ids(2, 3, 4, 5);
  assert.ok(two && three && four && five);
  cluster.isolate(1, 4, 5);
  cluster.node(1).proposeConfiguration(
    [
      { kind: "add-voter", memberId: four },
      { kind: "add-voter", memberId: five },
      { kind: "remove", memberId: two },
      { kind: "remove", memberId: three },
    ],
    bytesOf(""),
  );
  cluster.stabilize();
  assert.equal(cluster.node(1).status().log.commitIndex, 1, "all of {1 4 5}, but 1 of {1 2 3}");
  cluster.node(4).campaign();
  cluster.stabilize();
  assert.notEqual(roleOf(cluster, 4), "leader");
  cluster.heal();
  for (let i = 0; i < 3 && roleOf(cluster, 4) !== "leader"; i += 1) {
    cluster.node(4).campaign();
    cluster.stabilize();
  }
  assert.deepEqual(cluster.node(4).status().configuration, toConfiguration(ids(1, 4, 5)));
});

test("§4.3 the joint phase is left when its own entry is committed, not before", () => {
  const cluster = clusterOf(3, { ...plain, maxAppendBytes: 1 });
  cluster.elect(1);
  const [two, four] = ids(2, 4);
  assert.ok(two && four);
  cluster.propose(1, "before");
  cluster.node(1).proposeConfiguration(
    [
      { kind: "add-voter", memberId: four },
      { kind: "remove", memberId: two },
    ],
    bytesOf(""),
  );
  cluster.process(1);
  const isBefore = (each: Message): boolean => each.kind === "append" && each.previousIndex === 1;
  cluster.deliver(isBefore);
  cluster.drop();
  for (const id of [2, 3]) cluster.process(id);
  cluster.deliver();
  const { log, configuration } = cluster.node(1).status();
  assert.deepEqual([log.commitIndex, log.lastIndex], [2, 3]);
  assert.equal(configuration.votersOutgoing.length, 3);
});

test("§5 a snapshot replaces the log of a follower that needs what is compacted away", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.isolate(3);
  for (const text of ["a", "b", "c"]) cluster.propose(1, text);
  cluster.stabilize();
  cluster.node(1).compact(toLogIndex(4));
  cluster.heal();
  cluster.tick(1, 1);
  cluster.stabilize();
  assert.deepEqual(cluster.member(3).applied, ["snapshot 4"]);
  assert.equal(cluster.node(3).status().log.commitIndex, 4);
});

test("§6.2 a leader that hears no majority for an election timeout steps down", () => {
  const cluster = clusterOf(3, { preVote: true, checkQuorum: true });
  cluster.elect(1);
  cluster.isolate(1);
  cluster.tick(1, 20);
  assert.deepEqual([roleOf(cluster, 1), cluster.node(1).status().leader], ["follower", undefined]);
});

test("§6.4 a read waits for a round of heartbeats that starts after it", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.propose(1, "a");
  cluster.stabilize();
  assert.deepEqual(cluster.node(1).readIndex(1), { kind: "accepted" });
  cluster.process(1);
  assert.equal(cluster.member(1).reads.size, 0);
  cluster.stabilize();
  assert.equal(cluster.member(1).reads.get(1), 2);
});

test("§9.6 a pre-vote moves no term and promises nothing", () => {
  const cluster = clusterOf(3, { preVote: true, checkQuorum: true });
  cluster.tick(1, 10);
  cluster.process(1);
  assert.deepEqual([roleOf(cluster, 1), cluster.node(1).status().term], ["pre-candidate", 0]);
  cluster.deliver();
  cluster.process(2);
  const { term, votedFor } = cluster.node(2).status();
  assert.deepEqual([term, votedFor], [0, undefined]);
});

test("§10.2.1 the leader writes in parallel and counts itself when that is done", () => {
  const cluster = clusterOf(3);
  cluster.elect(1);
  cluster.member(1).isDiskSlow = true;
  cluster.propose(1, "a");
  cluster.stabilize(1, 2);
  assert.equal(cluster.node(1).status().log.commitIndex, 1, "2 has it, 1 does not: no majority");
  cluster.persist(1);
  assert.equal(cluster.node(1).status().log.commitIndex, 2);
});

/** Gives a member a log of entries of the given terms, as if it had written them long ago. */
function fill(cluster: ScriptedCluster, id: number, terms: readonly number[]): void {
  const member = cluster.member(id);
  // Of a term after all of them: whoever campaigns now is the first of its term.
  const term = toTerm(Math.max(8, ...terms));
  member.disk.hardState = { term, votedFor: undefined, commit: toLogIndex(0) };
  member.disk.entries = terms.map((each, i) => entry(i + 1, each));
  member.restart();
}
