import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decodeConfigurationEntry,
  decodeEntry,
  decodeHardState,
  decodeMessage,
  decodeSnapshotMark,
  encodeConfigurationEntry,
  encodeEntry,
  encodeHardState,
  encodeMessage,
  encodeSnapshotMark,
  RaftCodecError,
  toConfiguration,
  toLogIndex,
  toMemberId,
  toTerm,
  type Entry,
  type Message,
} from "@quorate/raft";
import { damage, fuzz, fuzzBytes, fuzzDamage } from "../../../test/support/fuzz.ts";
import { joinChunks } from "../src/byte-io.ts";

const memberId = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map(toMemberId);
const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const index = safe.map(toLogIndex);
const term = safe.map(toTerm);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 2040, maxLength: 2060, size: "max" }),
);
const configuration = fc
  .tuple(fc.uniqueArray(memberId, { maxLength: 5 }), fc.uniqueArray(memberId, { maxLength: 2 }))
  .map(([voters, learners]) =>
    toConfiguration(
      voters,
      learners.filter((id) => !voters.includes(id)),
    ),
  );
const mark = fc.record({ index, term, configuration }).map((each) => ({ ...each }));

const entry: fc.Arbitrary<Entry> = fc
  .record({
    index: fc.integer({ min: 1, max: 2 ** 53 - 1 }).map(toLogIndex),
    term,
    bytes,
    configuration,
    isChange: fc.boolean(),
  })
  .map(({ isChange, bytes: data, ...rest }) => ({
    index: rest.index,
    term: rest.term,
    kind: isChange ? "configuration" : "normal",
    data: isChange
      ? encodeConfigurationEntry({ configuration: rest.configuration, context: data })
      : data,
  }));

const head = { from: memberId, to: memberId, term };
const append = fc
  .record({
    ...head,
    previousIndex: fc.integer({ min: 0, max: 2 ** 52 }).map(toLogIndex),
    commit: index,
    entries: fc.array(entry, { maxLength: 4 }),
  })
  .map((message): Message => ({
    ...message,
    kind: "append",
    previousTerm: message.term,
    entries: message.entries.map((each, i) => ({
      ...each,
      index: toLogIndex(message.previousIndex + 1 + i),
      term: message.term,
    })),
  }));

const message: fc.Arbitrary<Message> = fc.oneof(
  append,
  fc.record({
    kind: fc.constant("append-response"),
    ...head,
    index,
    isRejected: fc.boolean(),
    hintIndex: index,
    hintTerm: term,
  }),
  fc.record({ kind: fc.constant("heartbeat"), ...head, commit: index, readRound: safe }),
  fc.record({ kind: fc.constant("heartbeat-response"), ...head, readRound: safe }),
  fc.record({
    kind: fc.constant("vote"),
    ...head,
    isPreVote: fc.boolean(),
    lastIndex: index,
    lastTerm: term,
    isLeaderTransfer: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("vote-response"),
    ...head,
    isPreVote: fc.boolean(),
    isRejected: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("snapshot"), ...head, snapshot: mark }),
  fc.record({ kind: fc.constant("timeout-now"), ...head }),
  fc.record({ kind: fc.constant("read-index"), ...head, requestId: safe }),
  fc.record({ kind: fc.constant("read-index-response"), ...head, requestId: safe, index }),
  fc.record({ kind: fc.constant("commit"), ...head, commit: index, commitTerm: term }),
);

fuzz("every message comes back as it was sent", { inputs: message, runs: 500 }, (sent) => {
  assert.deepEqual(decodeMessage(joinChunks(encodeMessage(sent))), { ...sent });
});

fuzz(
  "a message that is cut short or too long is refused",
  { inputs: fc.tuple(message, fc.nat()), runs: 500 },
  ([sent, at]) => {
    const whole = joinChunks(encodeMessage(sent));
    assert.throws(() => decodeMessage(whole.subarray(0, at % whole.length)), RaftCodecError);
    assert.throws(() => decodeMessage(Uint8Array.of(...whole, 0)), RaftCodecError);
  },
);

const setByte = fc
  .tuple(fc.nat(), fc.nat(255))
  .map(([at, value]) => ({ kind: "set" as const, at, bytes: Uint8Array.of(value) }));

fuzz(
  "a damaged message is refused or is a message, and never anything else",
  {
    inputs: fc.tuple(message, fc.array(fc.oneof(setByte, fuzzDamage), { maxLength: 3 })),
    runs: 1_000,
  },
  ([sent, damages]) => {
    const whole: Uint8Array = joinChunks(encodeMessage(sent));
    // A copy: a view into a Buffer is not equal to one of its own.
    const damaged = Uint8Array.from(damages.reduce<Uint8Array>(damage, whole));
    decodeOrRefuse(() => {
      const decoded = decodeMessage(damaged);
      assert.deepEqual(decodeMessage(joinChunks(encodeMessage(decoded))), decoded);
    });
  },
);

const decoders = [
  decodeMessage,
  decodeEntry,
  decodeConfigurationEntry,
  decodeSnapshotMark,
  decodeHardState,
];

fuzz(
  "random bytes never do more than fail",
  { inputs: fc.oneof(fc.uint8Array({ maxLength: 120 }), fuzzBytes()), runs: 2_000 },
  (random) => {
    for (const decode of decoders) decodeOrRefuse(() => decode(random));
  },
);

fuzz(
  "entries, marks and hard states come back as they were written",
  {
    inputs: fc.tuple(entry, mark, term, index, fc.option(memberId, { nil: undefined })),
    runs: 300,
  },
  ([e, m, t, i, v]) => {
    assert.deepEqual(decodeEntry(joinChunks(encodeEntry(e))), e);
    assert.deepEqual(decodeSnapshotMark(encodeSnapshotMark(m)), m);
    const state = { term: t, votedFor: v, commit: i };
    assert.deepEqual(decodeHardState(encodeHardState(state)), state);
  },
);

function decodeOrRefuse(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof RaftCodecError)) throw error;
  }
}

test("long data is a chunk of its own, not copied", () => {
  const data = new Uint8Array(1 << 20);
  const big: Entry = { index: toLogIndex(1), term: toTerm(1), kind: "normal", data };
  assert.ok(encodeEntry(big).some((chunk) => chunk.buffer === data.buffer));
});

test("counts that the bytes cannot hold are refused before anything is allocated", () => {
  const huge = Uint8Array.of(1, ...new Uint8Array(48).fill(1), 0xff, 0xff, 0xff, 0xff);
  huge.fill(0, 17, 49);
  assert.throws(() => decodeMessage(huge), /entries do not fit/);
});
