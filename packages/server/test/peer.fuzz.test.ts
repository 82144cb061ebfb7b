/**
 * What members send each other, and the settings of a member, with any damage (B21, S11).
 *
 * JSON doors: the hello, refusals and cluster questions of peers are the only JSON that a member
 * reads today. There is no JSON gateway for the API yet, and there are no rule filters; their
 * fuzzers come with them.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { damage, fuzz, fuzzBytes, fuzzDamage } from "../../../test/support/fuzz.ts";
import { readArguments, readConfigFile, readEnvironment } from "../src/config/sources.ts";
import { readOptions } from "../src/config/options.ts";
import { parseDuration } from "../src/config/duration.ts";
import { flags } from "../src/config/flags.ts";
import { decodeForward, decodeForwardRefusal, encodeForward } from "../src/member/forward.ts";
import { decodeIds, decodeSeconds } from "../src/member/lease-frames.ts";
import { decodeClusterDescription, decodeClusterQuestion } from "../src/peer/cluster-question.ts";
import { encodeFrame, FrameError, FrameKind, FrameReader } from "../src/peer/frame.ts";
import { decodeHello, decodeRefusal, encodeHello } from "../src/peer/handshake.ts";
import { toMemberId } from "@quorate/raft";

const damages = fc.array(fuzzDamage, { maxLength: 3 });
const cuts = fc.array(fc.nat(40), { maxLength: 30 });

fuzz(
  "a stream of frames gives the frames that were sent, in order, up to the damage",
  { inputs: fc.tuple(fc.array(fuzzBytes(60), { maxLength: 8 }), damages, cuts), runs: 500 },
  ([payloads, all, sizes]) => {
    const sent = Buffer.concat(payloads.flatMap((each) => encodeFrame(FrameKind.raft, [each])));
    let bytes: Uint8Array = sent;
    for (const each of all) bytes = damage(bytes, each);
    const heard: Uint8Array[] = [];
    const reader = new FrameReader((_kind, payload) => heard.push(payload), 4_096);
    try {
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const end = at + (sizes[turn % Math.max(1, sizes.length)] ?? 0) + 1;
        reader.push(bytes.subarray(at, end));
        at = end;
      }
    } catch (error) {
      assert.ok(error instanceof FrameError, String(error));
    }
    if (Buffer.compare(bytes, sent) === 0) assert.equal(heard.length, payloads.length);
    const isKnown = (each: Uint8Array): boolean =>
      payloads.some((payload) => Buffer.compare(payload, each) === 0);
    assert.ok(heard.every(isKnown), "a damaged frame was handed on");
  },
);

const texts = fc.oneof(
  fc.json().map((text) => Buffer.from(text)),
  fuzzBytes(80),
  fc
    .record({
      protocol: fc.oneof(fc.constant(3), fc.anything()),
      clusterId: fc.oneof(fc.constant("ff"), fc.anything()),
      from: fc.oneof(fc.constant("1"), fc.anything()),
      to: fc.oneof(fc.constant("2"), fc.anything()),
      purpose: fc.oneof(fc.constant("messages"), fc.anything()),
      peerUrls: fc.oneof(fc.array(fc.anything()), fc.anything()),
      members: fc.anything(),
      removedIds: fc.array(fc.anything()),
      isFresh: fc.boolean(),
      isFreshWanted: fc.anything(),
      appliedIndex: fc.anything(),
      reason: fc.anything(),
      message: fc.anything(),
    })
    .map((fields) => Buffer.from(toJson(fields))),
);

/** As JSON has it, with what it has not as text. */
function toJson(fields: Record<string, unknown>): string {
  return JSON.stringify(fields, (_key, each: unknown) =>
    typeof each === "bigint" ? each.toString() : each,
  );
}

fuzz("first frames are read or refused", { inputs: texts, runs: 500 }, (bytes) => {
  const hello = decodeHello(bytes);
  if (hello !== undefined) assert.deepEqual(decodeHello(encodeHello(hello)), hello);
  assert.equal(typeof decodeRefusal(bytes).message, "string");
  decodeClusterQuestion(bytes);
  const description = decodeClusterDescription(bytes);
  assert.ok(description === undefined || description.members.every(({ id }) => id >= 0n));
});

fuzz(
  "a hello keeps what it says",
  { inputs: fc.tuple(fc.bigInt(1n, 2n ** 64n - 1n), fc.array(fc.string())), runs: 200 },
  ([id, peerUrls]) => {
    const from = toMemberId(id);
    const hello = {
      protocol: 3,
      clusterId: id,
      from,
      to: from,
      purpose: "messages",
      peerUrls,
    } as const;
    assert.deepEqual(decodeHello(encodeHello(hello)), hello);
  },
);

fuzz(
  "frames of forwards and leases are read or refused",
  { inputs: fc.tuple(fuzzBytes(80), fc.nat(), fc.nat(), damages), runs: 500 },
  ([bytes, term, forwardId, all]) => {
    const forward = { term, session: forwardId >>> 0, forwardId, batch: bytes };
    const payload = Buffer.concat(encodeForward(forward));
    const decoded = decodeForward(payload);
    assert.ok(decoded !== undefined);
    assert.equal(Buffer.compare(decoded.batch, bytes), 0);
    let damaged: Uint8Array = payload;
    for (const each of all) damaged = damage(damaged, each);
    for (const each of [bytes, damaged]) {
      const read = decodeForward(each);
      assert.ok(read === undefined || read.batch.length === each.length - 20);
      decodeForwardRefusal(each);
      assert.ok(decodeIds(each).length <= each.length / 8);
      assert.ok(decodeSeconds(each).length <= each.length / 8);
    }
  },
);

const names = fc.constantFrom(...flags.map(({ name }) => name));
const words = fc.oneof(
  fc.string(),
  fc.constantFrom("true", "-1", "1e9", "1h", "9999999999h", "0x10", "http://:0", "a=http://b:1"),
  fc.constantFrom("http://[::1]:99999", "__proto__", "off", "periodic", "\0", "NaN"),
);

fuzz(
  "settings from anywhere are options or problems, never an exception",
  {
    inputs: fc.tuple(
      fc.array(fc.oneof(fc.tuple(names, words), fc.tuple(fc.string(), words))),
      fc.array(words),
      fc.oneof(fc.string(), fc.json({ maxDepth: 4 })),
    ),
    runs: 400,
  },
  ([settings, rest, file]) => {
    const args = settings.map(([name, text]) => `--${name}=${text}`);
    const lines = settings.map(([name, text]) => `${name}: ${text}`).join("\n");
    const source = readArguments([...args, ...rest]);
    const environment = settings.map(([name, text]) => {
      return [`ETCD_${name.toUpperCase().replaceAll("-", "_")}`, text] as const;
    });
    readEnvironment(Object.fromEntries(environment), source);
    for (const each of [source, readConfigFile("f", file), readConfigFile("f", lines)]) {
      const problems = [...each.problems];
      readOptions(each.texts, problems);
      assert.ok(problems.every((problem) => typeof problem === "string" && problem !== ""));
    }
    for (const text of rest) {
      const millis = parseDuration(text);
      assert.ok(millis === undefined || !Number.isNaN(millis), text);
    }
  },
);
