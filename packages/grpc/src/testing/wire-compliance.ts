import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { BidiStream, RpcMethod } from "../rpc-server.ts";
import { type Harness, type RpcServerFactory, startHarness } from "./harness.ts";
import { connectRaw, frame, openRaw, rawOutcome } from "./raw-call.ts";
import { readAll } from "./rpc-client.ts";
import { signal } from "./signal.ts";

/** Tests of the suite that an implementation fails, by their names, and why. */
export type KnownGaps = Readonly<Record<string, string>>;

const echoPath = "/test.Wire/Echo";
const chatPath = "/test.Wire/Chat";
const holdPath = "/test.Wire/Hold";

const echo: RpcMethod = {
  kind: "unary",
  path: echoPath,
  handle: (request, call) => call.respond([request]),
};

const chat: RpcMethod = {
  kind: "bidi-stream",
  path: chatPath,
  handle: (stream) => {
    stream.onMessage((message) => stream.write([message]));
    stream.onHalfClose(() => stream.end());
  },
};

interface WireTest {
  readonly name: string;
  body(harness: Harness): Promise<void>;
}

/** What RPC servers owe to requests that are unusual and still to be understood, or refused. */
export function describeWireDetails(factory: RpcServerFactory, knownGaps: KnownGaps): void {
  const run = async (body: (harness: Harness) => Promise<void>): Promise<void> => {
    const harness = await startHarness(factory, [echo, chat], { maxRequestBytes: 100_000 });
    try {
      await body(harness);
      assert.deepEqual(harness.handlerErrors, []);
    } finally {
      await harness.close();
    }
  };
  describe("details of the wire", () => {
    for (const { name, body } of wireTests) {
      const gap = knownGaps[name];
      if (gap === undefined) it(name, () => run(body));
      else it(`${name} (known gap: ${gap})`, () => assert.rejects(run(body), "the gap is closed"));
    }
  });
  describeManyStreams(factory);
}

const wireTests: readonly WireTest[] = [
  {
    name: "an :authority that is a URL is served: etcd 3.4's library sends it",
    body: (harness) =>
      withSession(harness, async (open) => {
        const stream = open(echoPath, { ":authority": "http://127.0.0.1:2379" });
        stream.end(frame(Buffer.from("a")));
        assert.equal((await rawOutcome(stream)).grpcStatus, "0");
      }),
  },
  {
    name: "a compressed message without an encoding is INTERNAL",
    body: (harness) =>
      withSession(harness, async (open) => {
        for (const encoding of [undefined, "identity"]) {
          const stream = open(echoPath, { "grpc-encoding": encoding });
          stream.end(frame(gzipSync("a"), true));
          assert.equal((await rawOutcome(stream)).grpcStatus, "13");
        }
      }),
  },
  {
    name: "a message of an unknown encoding is UNIMPLEMENTED",
    body: (harness) =>
      withSession(harness, async (open) => {
        const stream = open(echoPath, { "grpc-encoding": "br" });
        stream.end(frame(Buffer.from("a"), true));
        assert.equal((await rawOutcome(stream)).grpcStatus, "12");
      }),
  },
  {
    name: "a compressed message that is broken is INTERNAL",
    body: (harness) =>
      withSession(harness, async (open) => {
        for (const bytes of [Buffer.from("no gzip"), gzipSync("abc").subarray(0, -3)]) {
          const stream = open(echoPath, { "grpc-encoding": "gzip" });
          stream.end(frame(bytes, true));
          assert.equal((await rawOutcome(stream)).grpcStatus, "13");
        }
      }),
  },
  {
    name: "content types of gRPC may have a suffix",
    body: (harness) =>
      withSession(harness, async (open) => {
        for (const type of ["application/grpc+proto", "application/grpc;charset=utf-8"]) {
          const stream = open(echoPath, { "content-type": type });
          stream.end(frame(Buffer.from("a")));
          assert.equal((await rawOutcome(stream)).grpcStatus, "0", type);
        }
        const other = open(echoPath, { "content-type": "application/grpcx" });
        other.end(frame(Buffer.from("a")));
        assert.equal((await rawOutcome(other)).httpStatus, 415);
      }),
  },
  {
    name: "a message may be cut into frames at any byte",
    body: (harness) =>
      withSession(harness, async (open) => {
        const whole = frame(Buffer.from("hello"));
        for (let cut = 1; cut < whole.length; cut += 1) {
          const stream = open(echoPath);
          const sent = new Promise((resolve) => stream.write(whole.subarray(0, cut), resolve));
          await sent;
          stream.end(whole.subarray(cut));
          assert.deepEqual((await rawOutcome(stream)).body, whole, `cut at ${cut}`);
        }
      }),
  },
  {
    name: "a stream has a deadline as well",
    body: (harness) =>
      withSession(harness, async (open) => {
        const stream = open(chatPath, { "grpc-timeout": "30m" });
        assert.equal((await rawOutcome(stream)).grpcStatus, "4");
        assert.deepEqual(harness.observed, [`started ${chatPath}`, `ended ${chatPath} 4`]);
      }),
  },
  {
    name: "a header list above the limit fails its call; the connection goes on",
    body: (harness) =>
      withSession(harness, async (open) => {
        for (let round = 0; round < 3; round += 1) {
          const stream = open(echoPath, { big: "h".repeat(20_000) });
          stream.end(frame(Buffer.from("a")));
          assert.notEqual((await rawOutcome(stream)).grpcStatus, "0");
        }
        const next = open(echoPath);
        next.end(frame(Buffer.from("a")));
        assert.equal((await rawOutcome(next)).grpcStatus, "0");
      }),
  },
  {
    name: "what comes behind an early answer hurts nobody",
    body: (harness) =>
      withSession(harness, async (open) => {
        for (let round = 0; round < 20; round += 1) {
          const stream = open("/no.Such/Call");
          const outcome = rawOutcome(stream);
          stream.write(Buffer.alloc(60_000));
          assert.equal((await outcome).grpcStatus, "12");
        }
        const next = open(echoPath);
        next.end(frame(Buffer.from("a")));
        assert.equal((await rawOutcome(next)).grpcStatus, "0");
      }),
  },
];

type Open = (path: string, headers?: Parameters<typeof openRaw>[2]) => ReturnType<typeof openRaw>;

async function withSession(harness: Harness, body: (open: Open) => Promise<void>): Promise<void> {
  const session = await connectRaw(harness.port);
  try {
    await body((path, headers) => openRaw(session, path, headers));
  } finally {
    session.destroy();
  }
}

function describeManyStreams(factory: RpcServerFactory): void {
  describe("many streams of one connection", () => {
    it("are each their own", async () => {
      const harness = await startHarness(factory, [chat]);
      const client = harness.client();
      const streams = Array.from({ length: 500 }, () => client.bidiStream(chatPath));
      const outcomes = streams.map(readAll);
      for (const part of ["a", "b"]) {
        for (const [index, stream] of streams.entries()) stream.write(Buffer.from(part + index));
      }
      for (const stream of streams) stream.end();
      for (const [index, outcome] of (await Promise.all(outcomes)).entries()) {
        assert.deepEqual(outcome.messages.map(String), [`a${index}`, `b${index}`]);
        assert.equal(outcome.code, 0);
      }
      await harness.close();
    });

    it("end all at once with it, and each handler hears of it once", async () => {
      const streams: BidiStream[] = [];
      const allOpen = signal<void>();
      const allCancelled = signal<void>();
      let cancelled = 0;
      const hold: RpcMethod = {
        kind: "bidi-stream",
        path: holdPath,
        handle: (stream) => {
          streams.push(stream);
          stream.onCancel(() => {
            cancelled += 1;
            if (cancelled === 300) allCancelled.resolve();
          });
          if (streams.length === 300) allOpen.resolve();
        },
      };
      const harness = await startHarness(factory, [hold]);
      const session = await connectRaw(harness.port);
      for (let index = 0; index < 300; index += 1) openRaw(session, holdPath);
      await allOpen.promise;
      session.destroy();
      await allCancelled.promise;
      assert.ok(streams.every((stream) => stream.isCancelled && stream.write([Buffer.from("a")])));
      await harness.close();
      assert.equal(cancelled, 300);
      assert.equal(harness.openCalls, 0);
    });
  });
}
