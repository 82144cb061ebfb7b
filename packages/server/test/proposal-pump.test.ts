import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@quorate/platform/sim";
import { emptyConfiguration, RaftNode, toConfiguration, toLogIndex, toTerm } from "@quorate/raft";
import { toMemberId, type MemberId } from "@quorate/raft";
import { decodeBatch, encodeBatch, type RequestOutcome } from "@quorate/state-machine";
import { ForwardFilter, decodeForward, encodeForward } from "../src/member/forward.ts";
import { decodeForwardRefusal, encodeForwardRefusal } from "../src/member/forward.ts";
import { ForwardIntake } from "../src/member/forward-intake.ts";
import { toProposal, type MemberProposal } from "../src/member/outcome.ts";
import { ProposalPump } from "../src/member/proposal-pump.ts";
import { ProposalQueue } from "../src/member/proposal-queue.ts";
import { FrameKind } from "../src/peer/frame.ts";
import type { PeerTransport } from "../src/peer/peer-transport.ts";

const self = toMemberId(1n);
const other = toMemberId(2n);
const session = 77;

interface Sent {
  readonly to: MemberId;
  readonly kind: FrameKind;
  readonly payload: Uint8Array;
}

function createRaft(voters: readonly MemberId[]): RaftNode {
  const raft = new RaftNode(
    { id: self, random: new SeededRandom(1n), maxUncommittedBytes: 1_000 },
    {
      hardState: { term: toTerm(3), votedFor: undefined, commit: toLogIndex(1) },
      compacted: {
        ...{ index: toLogIndex(1), term: toTerm(1) },
        configuration: { ...emptyConfiguration, ...toConfiguration(voters) },
      },
      entries: [],
      applied: toLogIndex(1),
    },
  );
  if (!voters.includes(other)) raft.campaign();
  else follow(raft, other);
  return raft;
}

/** The leader of the node's term makes itself heard. */
function follow(raft: RaftNode, from: MemberId): void {
  const { term } = raft;
  const commit = toLogIndex(1);
  raft.step({ kind: "heartbeat", from, to: self, term, commit, readRound: 0 });
}

function createPump(voters: readonly MemberId[]) {
  const sent: Sent[] = [];
  const transport: PeerTransport = {
    send: (to, kind, chunks) => {
      sent.push({ to, kind, payload: Buffer.concat(chunks) });
      return true;
    },
    setPeers: () => undefined,
    connectedSince: () => 0,
    sendSnapshot: () => Promise.reject(new Error("not expected")),
    close: () => Promise.resolve(),
  };
  const queue = new ProposalQueue<MemberProposal, RequestOutcome>({
    ...{ memberId: self, firstSequence: 1, timeoutMillis: 1_000 },
    ...{ requestsMax: 100_000, bytesMax: 1e9, batchBytesMax: 800, batchRequestsMax: 10 },
    ...{ onBatch: () => undefined, onFailure: () => undefined },
  });
  const forwards = new ForwardIntake(new ForwardFilter(), transport, { batchBytesMax: 800 });
  const raft = createRaft(voters);
  const pump = new ProposalPump({ raft, queue, forwards, transport, session });
  const add = (size: number): void => {
    const bytes = Buffer.alloc(size);
    const message = { version: "3.7.0" };
    queue.add(
      0,
      toProposal({ kind: "cluster-version", message }, bytes, () => undefined),
    );
  };
  return { pump, queue, forwards, raft, sent, add };
}

/** Carries out what consensus asks for, as if the disk were infinitely fast. */
function settle(raft: RaftNode): number {
  let entries = 0;
  while (raft.hasReady()) {
    const ready = raft.ready();
    entries += ready.entries.filter(({ data }) => data.length > 0).length;
    raft.persisted(ready);
  }
  return entries;
}

test("ProposalPump forwards again after a refusal only when time has passed", () => {
  const { pump, sent, add } = createPump([self, other, toMemberId(3n)]);
  const leader = { isSelf: false, other };
  add(10);
  pump.run(leader, false);
  const forward = decodeForward(sent[0]?.payload ?? new Uint8Array(0));
  assert.ok(forward);
  pump.handleRefusal(encodeForwardRefusal({ ...forward, isCertain: true }));
  pump.run(leader, false);
  pump.run(leader, false);
  assert.equal(sent.length, 1, "refused frames are not sent back and forth at wire speed");
  pump.release();
  pump.run(leader, false);
  assert.equal(sent.length, 2);
});

test("ProposalPump sends again on a new connection what the old one may have lost (P6)", () => {
  const { pump, queue, sent, add } = createPump([self, other, toMemberId(3n)]);
  const leader = { isSelf: false, other };
  for (let count = 0; count < 3; count += 1) {
    add(700);
    pump.run(leader, false);
  }
  const ids = (): (number | undefined)[] =>
    sent.splice(0).map(({ payload }) => decodeForward(payload)?.forwardId);
  assert.deepEqual(ids(), [1, 2, 3]);
  pump.handleConnected(toMemberId(3n));
  pump.run(leader, false);
  assert.deepEqual(ids(), [], "another member's connection has lost nothing of it");
  queue.giveBack(2);
  pump.handleConnected(other);
  pump.run(leader, false);
  assert.deepEqual(ids(), [1, 3, 4], "under their numbers, before newer ones");
  pump.run(leader, false);
  assert.deepEqual(ids(), [], "once a connection");
  pump.handleConnected(other);
  pump.run({ isSelf: false, other: undefined }, false);
  assert.deepEqual(ids(), [], "who does not lead is told nothing");
});

test("ProposalPump repeats to the leader whoever else has a new connection (P6)", () => {
  const third = toMemberId(3n);
  for (const views of [[other], [undefined, other]]) {
    const { pump, sent, add } = createPump([self, other, third]);
    add(700);
    pump.run({ isSelf: false, other }, false);
    pump.handleConnected(other);
    pump.handleConnected(third);
    sent.length = 0;
    for (const view of views) pump.run({ isSelf: false, other: view }, false);
    assert.deepEqual(
      sent.map(({ to, payload }) => [to, decodeForward(payload)?.forwardId]),
      [[other, 1]],
    );
  }
});

test("ProposalPump believes a refusal of what it has sent twice only if it is certain (P6)", () => {
  const { pump, queue, sent, add } = createPump([self, other, toMemberId(3n)]);
  const leader = { isSelf: false, other };
  add(700);
  pump.run(leader, false);
  pump.handleConnected(other);
  pump.run(leader, false);
  add(700);
  pump.run(leader, false);
  const [first, again, second] = sent.map(({ payload }) => decodeForward(payload));
  assert.ok(first && again && second);
  assert.equal(first.forwardId, again.forwardId);
  // The first frame came, the leader stepped down, the second one was refused.
  pump.handleRefusal(encodeForwardRefusal({ ...again, isCertain: false }));
  assert.equal(queue.hasWaiting, false, "it may be in the log");
  add(700);
  const before = sent.length;
  pump.run(leader, false);
  assert.equal(sent.length, before, "who refuses is not asked again at once");
  queue.takeBatch(3);
  pump.handleRefusal(encodeForwardRefusal({ ...second, isCertain: false }));
  assert.equal(queue.hasWaiting, true, "what was sent once and refused is in no log");
  queue.takeBatch(3);
  pump.handleRefusal(encodeForwardRefusal({ ...again, isCertain: true }));
  assert.equal(queue.hasWaiting, true, "the leader of its term saw it for the first time");
});

test("what a leader has no room for is proposed again, though it was sent twice", () => {
  const follower = createPump([self, other, toMemberId(3n)]);
  const leader = createPump([self]);
  settle(leader.raft);
  const { term } = leader.raft;
  const view = { isSelf: false, other };
  const heartbeat = { kind: "heartbeat", commit: toLogIndex(1), readRound: 0 } as const;
  follower.raft.step({ ...heartbeat, from: other, to: self, term });
  assert.equal(follower.raft.term, term);
  for (let count = 0; count < 1_500; count += 1) {
    follower.add(700);
    follower.pump.run(view, false);
  }
  // The connection broke before anything of it arrived; the next one brings it all at once.
  follower.sent.length = 0;
  follower.pump.handleConnected(other);
  follower.pump.run(view, false);
  assert.equal(follower.sent.length, 1_500);
  let entered = 0;
  for (let round = 0; round < 3; round += 1) {
    for (const { payload } of follower.sent.splice(0)) {
      leader.forwards.handleForward(self, payload, term);
    }
    for (const { payload } of leader.sent.splice(0)) follower.pump.handleRefusal(payload);
    while (leader.forwards.hasWaiting) {
      leader.pump.run({ isSelf: true, other: undefined }, false);
      entered += settle(leader.raft);
    }
    // Time has passed.
    follower.pump.release();
    follower.pump.run(view, false);
  }
  assert.equal(entered, 1_500, "each of them once");
});

test("ForwardIntake tells what it is sure of: never entered, or not here (P6)", () => {
  const { forwards, raft, sent } = createPump([self]);
  const forward = (forwardId: number, term: number, size: number): void => {
    const batch = encodeBatch(other, [
      { sequence: forwardId, kind: "put", authRevision: 0, bytes: Buffer.alloc(size) },
    ]);
    const frame = encodeForward({ term, session: 1, forwardId, batch });
    forwards.handleForward(other, Buffer.concat(frame), raft.term);
  };
  const refusals = (): unknown[] =>
    sent.splice(0).map(({ payload }) => {
      const { forwardId, isCertain } = decodeForwardRefusal(payload) ?? assert.fail();
      return [forwardId, isCertain];
    });
  forward(1, raft.term - 1, 5);
  assert.deepEqual(refusals(), [[1, false]], "another term: an earlier frame may have entered");
  forward(2, raft.term, 5);
  forward(3, raft.term, 65 * 1024 * 1024);
  assert.deepEqual(refusals(), [[3, true]], "no room");
  forward(3, raft.term, 5);
  assert.deepEqual(refusals(), [], "and a later frame of it does not enter either");
  const text = Buffer.from("no batch");
  const frame = encodeForward({ term: raft.term, session: 1, forwardId: 4, batch: text });
  forwards.handleForward(other, Buffer.concat(frame), raft.term);
  assert.deepEqual(refusals(), [[4, true]], "malformed");
  forwards.refuse();
  assert.deepEqual(refusals(), [[2, true]], "what waits was never proposed");
  forward(5, raft.term, 5);
  forwards.join(undefined, raft.term + 1);
  assert.deepEqual(refusals(), [[5, true]], "nor is it when the term is over");
});

test("frames of forwarding carry the number of a batch however many there were", () => {
  const [term, session, batch] = [2 ** 40, 2 ** 32 - 1, Buffer.from("batch")];
  for (const forwardId of [1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
    const forward = { term, session, forwardId, batch };
    const decoded = decodeForward(Buffer.concat(encodeForward(forward)));
    assert.deepEqual(decoded && { ...decoded, batch: Buffer.from(decoded.batch) }, forward);
    const refusal = { session, forwardId, isCertain: forwardId > 1 };
    assert.deepEqual(decodeForwardRefusal(encodeForwardRefusal(refusal)), refusal);
  }
  assert.equal(decodeForward(Buffer.alloc(19)), undefined);
  assert.equal(decodeForwardRefusal(Buffer.alloc(12)), undefined);
});

test("ForwardIntake takes each batch once, whatever is repeated and whenever it comes (P6)", () => {
  const random = new SeededRandom(5n);
  for (let round = 0; round < 200; round += 1) {
    const { forwards, raft } = createPump([self]);
    const frames = Array.from({ length: 8 }, (_, at) => {
      const request = { sequence: at + 1, kind: "put", authRevision: 0, bytes: Buffer.alloc(1) };
      const batch = encodeBatch(other, [{ ...request, kind: "put" }]);
      const frame = encodeForward({ term: raft.term, session: 1, forwardId: at + 1, batch });
      return Buffer.concat(frame);
    });
    // The old connection brings a beginning of what was sent on it, in part after the new one has
    // begun; the new one brings everything without an outcome, and more.
    const lost = random.nextInt(6);
    const streams = [frames.slice(0, lost), frames.slice(random.nextInt(lost + 1))];
    const before = random.nextInt(lost + 1);
    const settled = frames.length - (streams[1]?.length ?? 0);
    const first = streams[0]?.splice(0, Math.max(before, settled)) ?? [];
    for (const frame of first) forwards.handleForward(other, frame, raft.term);
    while (streams.some((stream) => stream.length > 0)) {
      const frame = streams[random.nextInt(2)]?.shift();
      if (frame !== undefined) forwards.handleForward(other, frame, raft.term);
    }
    const joined = forwards.join(undefined, raft.term);
    assert.ok(joined);
    assert.deepEqual(
      decodeBatch(joined).map(({ sequence }) => sequence),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
  }
});

test("ProposalPump knows a refusal of its process's earlier life (P6)", () => {
  const { pump, queue, sent, add } = createPump([self, other, toMemberId(3n)]);
  add(10);
  pump.run({ isSelf: false, other }, false);
  const forward = decodeForward(sent[0]?.payload ?? new Uint8Array(0));
  assert.ok(forward);
  pump.handleRefusal(encodeForwardRefusal({ ...forward, session: session + 1, isCertain: true }));
  assert.equal(queue.hasWaiting, false, "a batch that a leader has is not proposed again");
});

test("ProposalPump keeps what a full backlog does not take, and forwards with it", () => {
  const { pump, queue, forwards, raft, sent, add } = createPump([self]);
  settle(raft);
  const leader = { isSelf: true, other: undefined };
  for (let count = 0; count < 3; count += 1) {
    add(700);
    pump.run(leader, false);
  }
  const batch = encodeBatch(other, [
    { sequence: 9, kind: "put", authRevision: 0, bytes: Buffer.alloc(5) },
  ]);
  const frame = encodeForward({ term: raft.term, session: 1, forwardId: 1, batch });
  forwards.handleForward(other, Buffer.concat(frame), raft.term);
  pump.run(leader, false);
  assert.deepEqual(sent, [], "nothing is refused while this member leads");
  let entries = 0;
  for (let turn = 0; turn < 5; turn += 1) {
    entries += settle(raft);
    pump.run(leader, false);
  }
  assert.equal(entries, 3, "two of the own batches, then the third one with the forwarded one");
  assert.equal(forwards.hasWaiting || queue.hasWaiting, false);
});

test("ForwardIntake refuses what would hold more than 64 MiB", () => {
  const { forwards, raft, sent } = createPump([self]);
  const bytes = Buffer.alloc(20 * 1024 * 1024);
  for (let forwardId = 1; forwardId <= 5; forwardId += 1) {
    const batch = encodeBatch(other, [
      { sequence: forwardId, kind: "put", authRevision: 0, bytes },
    ]);
    const frame = encodeForward({ term: raft.term, session: 1, forwardId, batch });
    forwards.handleForward(other, Buffer.concat(frame), raft.term);
  }
  assert.deepEqual(
    sent.map(({ kind }) => kind),
    [FrameKind.forwardRefused, FrameKind.forwardRefused],
  );
});

test("ProposalQueue takes 20,000 lost batches back at once", { timeout: 10_000 }, () => {
  const { queue, add } = createPump([self]);
  for (let count = 0; count < 20_000; count += 1) {
    add(1);
    queue.takeBatch(1);
  }
  const begin = performance.now();
  queue.beginTerm(2);
  assert.ok(performance.now() - begin < 1_000, "a change of leader stalls the event loop");
  assert.equal(queue.hasWaiting, true);
});
