import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GrpcJsServer, InvalidOptionsError } from "@quorate/grpc";
import { firstSpeaker } from "../src/first-bytes.ts";
import { PingPolicy } from "../src/ping-policy.ts";
import { unknownMethodMessage } from "../src/wire-text.ts";

describe("firstSpeaker", () => {
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const of = (text: string): string => firstSpeaker(Buffer.from(text, "latin1"));

  it("waits while the bytes may still become the preface", () => {
    for (let length = 0; length < 16; length += 1) {
      assert.equal(of(preface.slice(0, length)), "undecided", `${length} bytes`);
    }
    for (let length = 16; length <= preface.length; length += 1) {
      assert.equal(of(preface.slice(0, length)), "http2", `${length} bytes`);
    }
  });

  it("decides at the first byte that is not the preface's", () => {
    for (const text of ["G", "POST / HTTP/1.1", "PRI * HTTP/1.1\r\n", "PUT", "\0"]) {
      assert.equal(of(text), "http1", text);
    }
    assert.equal(of("\x16\x03\x01"), "tls");
  });
});

describe("PingPolicy", () => {
  it("takes the third ping that comes too soon as abuse", () => {
    const policy = new PingPolicy(5_000);
    const verdicts = [0, 10, 20, 30].map((millis) => policy.isAbuse(millis, 1));
    assert.deepEqual(verdicts, [false, false, false, true]);
  });

  it("lets pings at the interval go on for ever while calls are open", () => {
    const policy = new PingPolicy(5_000);
    for (let round = 0; round < 100; round += 1) assert.ok(!policy.isAbuse(round * 5_000, 1));
  });

  it("wants two hours between pings of a connection without calls", () => {
    const policy = new PingPolicy(5_000);
    const verdicts = [0, 1, 2, 3].map((round) => policy.isAbuse(round * 60_000, 0));
    assert.deepEqual(verdicts, [false, false, false, true]);
  });

  it("forgets strikes when the server sent something", () => {
    const policy = new PingPolicy(5_000);
    for (let round = 0; round < 100; round += 1) {
      assert.ok(!policy.isAbuse(round, 0));
      policy.forgive();
    }
  });

  it("allows everything with interval 0", () => {
    const policy = new PingPolicy(0);
    for (let round = 0; round < 10; round += 1) assert.ok(!policy.isAbuse(round, 0));
  });
});

describe("unknownMethodMessage", () => {
  it("tells service from method", () => {
    const services = new Set(["a.B"]);
    assert.equal(unknownMethodMessage("/a.B/C", services), "unknown method C for service a.B");
    assert.equal(unknownMethodMessage("/a.X/C", services), "unknown service a.X");
    assert.equal(unknownMethodMessage("/nothing", services), 'malformed method name: "/nothing"');
  });
});

describe("GrpcJsServer options", () => {
  it("are checked all at once", () => {
    assert.throws(
      () =>
        new GrpcJsServer(
          { maxRequestBytes: 0, maxConcurrentStreams: 2 ** 32 },
          {
            onHandlerError: () => undefined,
          },
        ),
      (error: unknown) => error instanceof InvalidOptionsError && error.problems.length === 2,
    );
  });
});
