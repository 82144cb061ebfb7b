import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { encodeFrame, FrameError, FrameKind, FrameReader } from "../src/peer/frame.ts";
import {
  decodeHello,
  decodeRefusal,
  encodeHello,
  encodeRefusal,
  peerProtocolVersion,
} from "../src/peer/handshake.ts";
import { encodeMessage, toLogIndex, toMemberId, toTerm } from "@quorate/raft";
import { encodeForward, encodeForwardRefusal } from "../src/member/forward.ts";

function read(bytes: Uint8Array, cuts: readonly number[]): { kind: number; payload: Buffer }[] {
  const frames: { kind: number; payload: Buffer }[] = [];
  const reader = new FrameReader((kind, payload) => {
    frames.push({ kind, payload: Buffer.from(payload) });
  });
  let begin = 0;
  for (const cut of [...cuts, bytes.length]) {
    const end = Math.min(bytes.length, begin + cut);
    reader.push(bytes.subarray(begin, end));
    begin = end;
  }
  reader.push(bytes.subarray(begin));
  return frames;
}

describe("FrameReader", () => {
  test("refuses a run of 0xff behind a length, whose own checksum it would be (B7)", () => {
    const length = Buffer.from([4, 0, 0, 0]);
    const run = Buffer.alloc(8, 0xff);
    assert.throws(() => read(Buffer.concat([length, run]), []), FrameError);
  });

  test("gives back what was framed, however the stream is cut", () => {
    const frame = fc.record({
      kind: fc.constantFrom(FrameKind.raft, FrameKind.ping, FrameKind.forward),
      chunks: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat(30)), (frames, cuts) => {
        const bytes = Buffer.concat(
          frames.flatMap(({ kind, chunks }) => encodeFrame(kind, chunks)),
        );
        const expected = frames.map(({ kind, chunks }) => ({
          kind,
          payload: Buffer.concat(chunks),
        }));
        assert.deepEqual(read(bytes, cuts), expected);
      }),
    );
  });

  test("a flipped bit in kind or payload is refused, and is never delivered", () => {
    const bytes = Buffer.concat(encodeFrame(FrameKind.raft, [Buffer.from("entries")]));
    for (let bit = 8 * 4; bit < bytes.length * 8; bit += 1) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => read(damaged, []), FrameError, `bit ${bit}`);
    }
  });

  test("a length of nothing or beyond the bound is refused before anything is kept", () => {
    for (const length of [0, 0xffffffff]) {
      const bytes = Buffer.alloc(9);
      bytes.writeUInt32LE(length, 0);
      assert.throws(() => read(bytes, []), FrameError);
    }
  });
});

test("what peers send is of the protocol version that they claim", () => {
  const hex = (...parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString("hex");
  const session = 0x01020304;
  const forward = { term: 3, session, forwardId: 5, batch: Uint8Array.of(0xbb) };
  const commit = encodeMessage({
    ...{ kind: "commit", from: toMemberId(1n), to: toMemberId(2n), term: toTerm(3) },
    ...{ commit: toLogIndex(4), commitTerm: toTerm(3) },
  });
  // A change here is a change of the protocol: raise the version.
  assert.deepEqual(
    {
      version: peerProtocolVersion,
      forward: hex(...encodeForward(forward)),
      refusal: hex(encodeForwardRefusal({ session, forwardId: 5, isCertain: true })),
      commit: hex(...commit),
    },
    {
      version: 4,
      forward: "0000000000000840" + "04030201" + "0000000000001440" + "bb",
      refusal: "04030201" + "0000000000001440" + "01",
      commit:
        "0b" +
        "0100000000000000" +
        "0200000000000000" +
        "0300000000000000" +
        "0400000000000000" +
        "0300000000000000",
    },
  );
});

describe("handshake", () => {
  const hello = {
    protocol: peerProtocolVersion,
    clusterId: 0xcdf818194e3a8c32n,
    from: toMemberId(0xffffffffffffffffn),
    to: toMemberId(1n),
    purpose: "messages",
    peerUrls: ["http://10.0.0.1:2380"],
  } as const;

  test("ids of 64 bits survive", () => {
    assert.deepEqual(decodeHello(encodeHello(hello)), hello);
    const refusal = { reason: "removed", message: "Member 1 was removed" } as const;
    assert.deepEqual(decodeRefusal(encodeRefusal(refusal)), refusal);
  });

  test("anything else is no hello", () => {
    const texts = [
      "",
      "{}",
      "[]",
      "null",
      "1",
      '{"protocol":1,"clusterId":"g","from":"1","to":"1"}',
    ];
    for (const text of texts) assert.equal(decodeHello(Buffer.from(text)), undefined, text);
    const zero = { ...JSON.parse(Buffer.from(encodeHello(hello)).toString()), from: "0" } as object;
    assert.equal(decodeHello(Buffer.from(JSON.stringify(zero))), undefined);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeHello(bytes)));
    assert.equal(decodeRefusal(Buffer.from("?")).reason, "malformed");
  });
});
