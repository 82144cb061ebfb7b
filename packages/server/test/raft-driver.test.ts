import assert from "node:assert/strict";
import { test } from "node:test";
import { noopLogger } from "@quorate/platform";
import { SimScheduler, SimTimers } from "@quorate/platform/sim";
import {
  decodeMessage,
  RaftNode,
  toConfiguration,
  toLogIndex,
  toMemberId,
  toTerm,
  type Message,
} from "@quorate/raft";
import { RaftDriver } from "../src/member/raft-driver.ts";

const [one, two, three] = [toMemberId(1n), toMemberId(2n), toMemberId(3n)];

/** A driver of member 1, its disk and its network held in hands. */
class Bench {
  readonly scheduler = new SimScheduler();
  readonly raft: RaftNode;
  readonly driver: RaftDriver;
  readonly pending: (() => void)[] = [];
  readonly committed: number[] = [];
  readonly sent: Message[] = [];

  constructor(
    voters: readonly ReturnType<typeof toMemberId>[],
    options: Partial<ConstructorParameters<typeof RaftNode>[0]> = {},
  ) {
    const configuration = toConfiguration(voters);
    this.raft = new RaftNode(
      { id: one, random: { nextInt: () => 0 }, preVote: false, holdCommits: true, ...options },
      {
        hardState: { term: toTerm(0), votedFor: undefined, commit: toLogIndex(0) },
        compacted: { index: toLogIndex(0), term: toTerm(0), configuration },
        entries: [],
        applied: toLogIndex(0),
      },
    );
    this.driver = new RaftDriver(
      this.raft,
      { append: (_append, onDurable) => this.pending.push(() => onDurable(undefined)) },
      {
        send: (_to, _kind, chunks) => {
          this.#take(Buffer.concat(chunks));
          return true;
        },
        setPeers: () => undefined,
        connectedSince: () => undefined,
        sendSnapshot: () => Promise.resolve(),
        close: () => Promise.resolve(),
      },
      {
        onSoftState: () => undefined,
        onCommitted: (entries) => this.committed.push(...entries.map(({ index }) => index)),
        onSnapshot: () => undefined,
        onReadState: () => undefined,
        onReadAbandoned: () => undefined,
        onSnapshotWanted: () => undefined,
        onPersisted: () => this.driver.drain(),
        onLogFailure: () => undefined,
      },
      {
        logger: noopLogger,
        timers: new SimTimers(this.scheduler),
      },
    );
  }

  /** The disk finishes everything. */
  sync(): void {
    while (this.pending.length > 0) this.pending.shift()?.();
  }

  propose(): number {
    const result = this.raft.propose(Uint8Array.of(1));
    assert.ok(result.kind === "accepted");
    this.driver.drain();
    return result.index;
  }

  /** A member acknowledges the log through `index`. */
  acknowledge(index: number, from: typeof two = two): void {
    this.raft.step({
      ...{ kind: "append-response", from, to: one, term: this.raft.term },
      ...{ index: toLogIndex(index), isRejected: false },
      ...{ hintIndex: toLogIndex(0), hintTerm: toTerm(0) },
    });
    this.driver.drain();
  }

  /** Member 1 leads three, and all of them know what is committed. */
  lead(): void {
    this.raft.campaign();
    this.driver.drain();
    this.sync();
    this.raft.step({
      ...{ kind: "vote-response", from: two, to: one, term: this.raft.term },
      ...{ isPreVote: false, isRejected: false },
    });
    this.driver.drain();
    this.sync();
    this.acknowledge(1);
    this.acknowledge(1, three);
    this.scheduler.advance(10);
    assert.deepEqual(this.takeCommits(), ["2: 1", "3: 1"]);
  }

  takeCommits(): string[] {
    const commits = this.sent.filter((message) => message.kind === "commit");
    this.sent.length = 0;
    return commits.map(({ to, commit }) => `${to}: ${commit}`);
  }

  #take(frame: Buffer): void {
    for (let at = 0; at < frame.length;) {
      const length = frame.readUInt32LE(at);
      this.sent.push(decodeMessage(frame.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
    }
  }
}

test("RaftDriver commits nothing before its append is durable, come what may (P4)", () => {
  const { raft, driver, pending, committed } = new Bench([one]);
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

test("RaftDriver tells of a held commit soon, if no append did before", () => {
  const bench = new Bench([one, two, three]);
  bench.lead();
  // Under load each append carries what was committed before it.
  for (let count = 0; count < 5; count += 1) {
    const index = bench.propose();
    bench.sync();
    bench.acknowledge(index);
    assert.deepEqual(bench.takeCommits(), []);
    bench.scheduler.advance(0.4);
  }
  bench.scheduler.advance(2);
  assert.deepEqual(bench.takeCommits(), ["2: 6", "3: 6"]);
  bench.scheduler.advance(10);
  assert.deepEqual(bench.takeCommits(), []);
  assert.equal(bench.scheduler.pending, 0, "nothing is held, no timer runs");
  const last = bench.propose();
  bench.sync();
  bench.acknowledge(last);
  bench.driver.close();
  bench.scheduler.advance(10);
  assert.deepEqual(bench.takeCommits(), []);
});

test("RaftDriver tells of a held commit soon, though commits go on and no append comes", () => {
  const bench = new Bench([one, two, three]);
  bench.lead();
  for (let index = 2; index <= 31; index += 1) assert.equal(bench.propose(), index);
  bench.sync();
  bench.takeCommits();
  let [toTwo, toThree] = [1, 1];
  for (let index = 2; index <= 31; index += 1) {
    bench.acknowledge(index);
    bench.scheduler.advance(0.4);
    for (const commit of bench.takeCommits()) {
      const [to, known] = commit.split(": ").map(Number);
      if (to === 2) toTwo = known ?? 0;
      else toThree = known ?? 0;
    }
    // What was committed 2 ms ago is known.
    assert.ok(Math.min(toTwo, toThree) >= index - 5, `committed ${index}, told 3 of ${toThree}`);
  }
});

test("RaftDriver tells a follower whose window is full soon, though others go on", () => {
  const bench = new Bench([one, two, three], { maxInflightAppends: 2 });
  bench.lead();
  const told: string[] = [];
  let index = bench.propose();
  for (let count = 0; count < 20; count += 1) {
    // Member 2 keeps up; member 3 has the first ones and acknowledges nothing.
    bench.sync();
    const next = bench.propose();
    bench.acknowledge(index);
    index = next;
    bench.scheduler.advance(0.4);
    for (const commit of bench.takeCommits()) if (commit.startsWith("3")) told.push(commit);
    if (count === 6) assert.deepEqual(told, ["3: 3"], "within 2 ms of its commit");
  }
  assert.deepEqual(told, ["3: 3"], "once: it can use no more than it has");
});
