/** Questions between members, promises, and the frames of a received state (B7, B16, B21, S11). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { noopLogger } from "@quorate/platform";
import { SimClock, SimFileSystem, SimScheduler } from "@quorate/platform/sim";
import {
  emptyConfiguration,
  encodeMessage,
  toLogIndex,
  toMemberId,
  toTerm,
  type SnapshotMessage,
} from "@quorate/raft";
import { MemberChangeError, type RequestedMemberChange } from "@quorate/state-machine";
import { damage, fuzz, fuzzBytes, fuzzDamage, type Damage } from "../../../test/support/fuzz.ts";
import { LeaderRequestKind, LeaderRequests } from "../src/member/leader-requests.ts";
import {
  decodeMemberQuestion,
  decodeMemberVerdict,
  encodeMemberQuestion,
  encodeMemberVerdict,
} from "../src/member/member-question.ts";
import { decodePromises, encodePromises } from "../src/member/promise-exchange.ts";
import { StateIntake } from "../src/member/snapshot-transfer.ts";
import { FrameKind } from "../src/peer/frame.ts";
import type { PeerTransport } from "../src/peer/peer-transport.ts";
import { SnapshotIntake } from "../src/peer/snapshot-intake.ts";

const damages = fc.array(fuzzDamage, { maxLength: 3 });

function damaged(bytes: Uint8Array, all: readonly Damage[]): Uint8Array {
  let result = bytes;
  for (const each of all) result = damage(result, each);
  return result;
}

const memberId = fc.bigInt(0n, 2n ** 64n - 1n);
const address = fc.record({ id: memberId, peerUrls: fc.array(fc.string(), { maxLength: 3 }) });
const changes: fc.Arbitrary<RequestedMemberChange> = fc.oneof(
  fc
    .record({ member: address, isLearner: fc.boolean() })
    .map((change) => ({ kind: "add" as const, ...change })),
  address.map((member) => ({ kind: "update" as const, member })),
  memberId.map((id) => ({ kind: "remove" as const, id })),
  memberId.map((id) => ({ kind: "promote" as const, id })),
);

fuzz(
  "questions about members and their answers are read or refused",
  { inputs: fc.tuple(fc.nat(), changes, damages, fuzzBytes(60)), runs: 400 },
  ([term, change, all, random]) => {
    const requestId = { member: 7n, sequence: 3 };
    const whole = encodeMemberQuestion({ term, requestId, change });
    const read = decodeMemberQuestion(whole);
    assert.ok(read !== undefined);
    assert.deepEqual(encodeMemberQuestion(read), whole);
    for (const bytes of [damaged(whole, all), random]) {
      const question = decodeMemberQuestion(bytes);
      assert.ok(question === undefined || kinds.includes(question.change.kind));
    }
    const answer = encodeMemberVerdict({ kind: "refused", error: refusal });
    for (const bytes of [damaged(answer, all), random]) {
      const verdict = decodeMemberVerdict(bytes);
      if (verdict?.kind !== "refused") continue;
      assert.ok(verdict.error instanceof MemberChangeError, String(verdict.error));
    }
  },
);

const refusal = new MemberChangeError("member-not-found", "Cannot remove 7: it is no member");
const kinds: readonly string[] = ["add", "update", "remove", "promote"];

const count = fc.oneof(fc.nat(), fc.constantFrom(0, 1, 2 ** 53 - 1));

fuzz(
  "promises are read as they were told, or refused",
  { inputs: fc.tuple(fc.array(count, { minLength: 5, maxLength: 5 }), damages), runs: 400 },
  ([[term = 0, voted = 0, accepted = 0, acceptedAt = 0, committed = 0], all]) => {
    const promises = {
      ...{ term: toTerm(term), votedTerm: toTerm(voted), acceptedTerm: toTerm(accepted) },
      ...{ acceptedIndex: toLogIndex(acceptedAt), committedIndex: toLogIndex(committed) },
    };
    const whole = encodePromises(promises);
    assert.deepEqual(decodePromises(whole), promises);
    const read = decodePromises(damaged(whole, all));
    const numbers: readonly number[] = Object.values(read ?? {});
    assert.ok(numbers.every((each) => Number.isSafeInteger(each) && each >= 0));
  },
);

/** A transport that keeps what is sent. */
function keepingTransport(sent: Uint8Array[]): PeerTransport {
  return {
    send: (_to, _kind, chunks) => sent.push(Buffer.concat(chunks)) > 0,
    setPeers: () => undefined,
    connectedSince: () => 0,
    sendSnapshot: () => Promise.reject(new Error("not expected")),
    close: () => Promise.resolve(),
  };
}

fuzz(
  "a question to the leader is answered once, whatever frames come beside it",
  { inputs: fc.tuple(fc.array(fc.tuple(fuzzBytes(20), damages)), fc.nat()), runs: 300 },
  async ([frames, firstId]) => {
    const sent: Uint8Array[] = [];
    const answers: string[] = [];
    const transport = keepingTransport(sent);
    const requests = new LeaderRequests(transport, new SimClock(new SimScheduler()), firstId, () =>
      Promise.resolve(undefined),
    );
    const leader = toMemberId(2n);
    const asked = requests.ask(leader, LeaderRequestKind.leaseRenew, Uint8Array.of(1), 1_000);
    void asked.then(({ kind }) => answers.push(kind));
    const [question = new Uint8Array(0)] = sent;
    let isAnswered = false;
    for (const [random, all] of frames) {
      for (const frame of [random, damaged(question, all)]) {
        isAnswered ||= frame.length >= 5 && isSameId(frame, question);
        requests.handleResponse(frame);
      }
      requests.handleRequest(leader, random);
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(answers.length, isAnswered ? 1 : 0);
    const answerable = frames.filter(([random]) => random.length >= 5);
    assert.equal(sent.length, 1 + answerable.length, "each question has one answer");
    requests.close();
    await asked;
    assert.equal(answers.length, 1);
  },
);

function isSameId(frame: Uint8Array, question: Uint8Array): boolean {
  return Buffer.compare(frame.subarray(0, 4), question.subarray(0, 4)) === 0;
}

const from = toMemberId(2n);
const message: SnapshotMessage = {
  ...{ kind: "snapshot", from, to: toMemberId(3n), term: toTerm(4) },
  snapshot: { index: toLogIndex(70), term: toTerm(4), configuration: emptyConfiguration },
};
const begin = Buffer.concat(encodeMessage(message));
const chunk = Buffer.alloc(100, "state");

/** A frame of a stream: those in order, others, and some that are damaged. */
const streamFrames = fc.oneof(
  fc.constant("begin" as const),
  fc.constant("chunk" as const),
  fc.constant("end" as const),
  fc.tuple(fc.constantFrom(...Object.values(FrameKind)), fuzzBytes(60)),
);

fuzz(
  "frames of a state come in any order: it is complete as it was sent, or leaves nothing",
  { inputs: fc.array(streamFrames, { maxLength: 8 }), runs: 300 },
  async (frames) => {
    const files = new SimFileSystem();
    await files.makeDirectory("/snap");
    const told: string[] = [];
    const intake = new StateIntake(
      { fileSystem: files, directory: "/snap", from, verify: () => Promise.resolve() },
      { onComplete: () => told.push("complete"), onEnd: (isOk) => told.push(`end ${isOk}`) },
    );
    const stream = new SnapshotIntake(toSocket(new PassThrough()), intake, noopLogger);
    const chunks: Buffer[] = [];
    for (const frame of frames) {
      if (frame === "begin") stream.handle(FrameKind.snapshotBegin, begin);
      else if (frame === "chunk") {
        chunks.push(chunk);
        stream.handle(FrameKind.snapshotChunk, chunk);
      } else if (frame === "end") {
        const sha256 = createHash("sha256").update(Buffer.concat(chunks)).digest();
        stream.handle(FrameKind.snapshotEnd, sha256);
      } else stream.handle(...frame);
    }
    stream.abort();
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(told.filter((each) => each.startsWith("end")).length === 1, told.join());
    const left = await files.list("/snap");
    assert.equal(left.length, told.includes("complete") ? 1 : 0, `${told.join()}: ${left.join()}`);
    if (isInOrder(frames)) assert.deepEqual(told, ["complete", "end true"]);
  },
);

/** All of a socket that an intake uses; its errors are heard, as those of connections are. */
function toSocket(stream: PassThrough): Socket {
  stream.on("error", () => undefined);
  return Object.assign(stream, { destroySoon: () => stream.end() }) as unknown as Socket;
}

/** Begin, chunks, end, and whatever comes then. */
function isInOrder(frames: readonly unknown[]): boolean {
  const last = frames.indexOf("end");
  const body = frames.slice(1, Math.max(last, 1));
  return frames[0] === "begin" && last > 0 && body.every((each) => each === "chunk");
}
