import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { RpcMethod, UnaryCall, UnaryHandler } from "../rpc-server.ts";
import { StatusCode } from "../status-code.ts";
import { type Harness, type RpcServerFactory, startHarness } from "./harness.ts";
import { connectRaw, frame, openRaw, rawOutcome } from "./raw-call.ts";
import { signal } from "./signal.ts";

const path = "/test.Unary/Call";
const bytes = (text: string): Buffer => Buffer.from(text);

function unary(handle: UnaryHandler): RpcMethod {
  return { kind: "unary", path, handle };
}

const echo = unary((request, call) => call.respond([request]));

/** What an RPC server owes unary calls. */
export function describeUnaryCalls(factory: RpcServerFactory): void {
  const run = async (
    methods: readonly RpcMethod[],
    body: (harness: Harness) => Promise<void>,
    options: Parameters<typeof startHarness>[2] = {},
  ): Promise<void> => {
    const harness = await startHarness(factory, methods, options);
    try {
      await body(harness);
    } finally {
      await harness.close();
    }
  };

  describe("unary answers", () => {
    it("come back byte for byte, in one message whatever the number of chunks", async () => {
      const join = unary((request, call) => call.respond([bytes("<"), request, bytes(">")]));
      await run([join], async (harness) => {
        for (const text of ["", "a", "x".repeat(100_000)]) {
          const { code, messages } = await harness.client().unary(path, bytes(text)).outcome;
          assert.deepEqual({ code, messages }, { code: 0, messages: [bytes(`<${text}>`)] });
        }
      });
    });

    it("may have no chunks at all", async () => {
      await run([unary((_request, call) => call.respond([]))], async (harness) => {
        const { messages } = await harness.client().unary(path, bytes("a")).outcome;
        assert.deepEqual(messages, [Buffer.alloc(0)]);
      });
    });

    it("may come late and in another order than the requests", async () => {
      const waiting: UnaryCall[] = [];
      const late = unary((request, call) => {
        waiting.push(call);
        if (waiting.length < 3) return;
        for (const each of waiting.reverse()) setImmediate(() => each.respond([request]));
      });
      await run([late], async (harness) => {
        const client = harness.client();
        const calls = ["a", "b", "c"].map((text) => client.unary(path, bytes(text)).outcome);
        for (const { code } of await Promise.all(calls)) assert.equal(code, 0);
      });
    });

    it("are the first one given: later ones are ignored", async () => {
      const twice = unary((request, call) => {
        call.respond([request]);
        call.respond([bytes("again")]);
        call.fail({ code: StatusCode.INTERNAL, message: "again" });
      });
      await run([twice], async (harness) => {
        const { code, messages } = await harness.client().unary(path, bytes("a")).outcome;
        assert.deepEqual({ code, messages }, { code: 0, messages: [bytes("a")] });
        assert.deepEqual(harness.handlerErrors, []);
      });
    });

    it("come to thousands of calls at once, each its own", async () => {
      const later = unary((request, call) => {
        setImmediate(() => call.respond([request]));
      });
      await run([later], async (harness) => {
        const clients = [harness.client(), harness.client(), harness.client()];
        const calls = Array.from({ length: 3_000 }, async (_, index) => {
          const client = clients[index % clients.length] ?? harness.client();
          const { messages } = await client.unary(path, bytes(`call ${index}`)).outcome;
          return messages[0]?.toString() === `call ${index}`;
        });
        assert.ok((await Promise.all(calls)).every(Boolean));
      });
    });
  });

  describe("unary errors", () => {
    it("carry code and text byte for byte", async () => {
      const text = 'etcdserver: "100%" größer\n→ 日本';
      const fail = unary((_request, call) => {
        call.fail({ code: StatusCode.FAILED_PRECONDITION, message: text });
      });
      await run([fail], async (harness) => {
        const { code, details } = await harness.client().unary(path, bytes("")).outcome;
        assert.deepEqual({ code, details }, { code: 9, details: text });
      });
    });

    it("survive text that has no UTF-8 form", async () => {
      const fail = unary((_request, call) => {
        call.fail({ code: StatusCode.UNKNOWN, message: "half \ud83d pair" });
      });
      await run([fail], async (harness) => {
        const { details } = await harness.client().unary(path, bytes("")).outcome;
        assert.equal(details, "half \ufffd pair");
      });
    });

    it("are INTERNAL when the handler throws; the owner hears it, others do not", async () => {
      const error = new Error("secret detail");
      const other: RpcMethod = { ...echo, path: "/test.Unary/Other" };
      const broken = unary(() => {
        throw error;
      });
      await run([broken, other], async (harness) => {
        const client = harness.client();
        const { code, details } = await client.unary(path, bytes("")).outcome;
        assert.deepEqual({ code, details }, { code: 13, details: "internal error" });
        assert.deepEqual(harness.handlerErrors, [{ path, error }]);
        assert.equal((await client.unary(other.path, bytes("a")).outcome).code, 0);
      });
    });

    it("name an unknown service or method in grpc-go's words", async () => {
      await run([echo], async (harness) => {
        const client = harness.client();
        const method = await client.unary("/test.Unary/No", bytes("")).outcome;
        assert.equal(method.code, StatusCode.UNIMPLEMENTED);
        assert.equal(method.details, "unknown method No for service test.Unary");
        const service = await client.unary("/no.Such/Call", bytes("")).outcome;
        assert.equal(service.code, StatusCode.UNIMPLEMENTED);
        assert.equal(service.details, "unknown service no.Such");
        assert.deepEqual(harness.observed, []);
      });
    });
  });

  describeCancel(run);
  describeLimits(run);
  describeHeaders(run);
}

type Run = (
  methods: readonly RpcMethod[],
  body: (harness: Harness) => Promise<void>,
  options?: Parameters<typeof startHarness>[2],
) => Promise<void>;

function describeCancel(run: Run): void {
  describe("unary calls that nobody waits for", () => {
    const hanging = () => {
      const begun = signal<UnaryCall>();
      const cancelled = signal<void>();
      const method = unary((_request, call) => {
        call.onCancel(() => cancelled.resolve());
        begun.resolve(call);
      });
      return { method, begun: begun.promise, cancelled: cancelled.promise };
    };

    it("tell the handler that the caller has cancelled; a late answer is ignored", async () => {
      const { method, begun, cancelled } = hanging();
      await run([method], async (harness) => {
        const call = harness.client().unary(path, bytes("ab"));
        const serverSide = await begun;
        assert.equal(serverSide.isCancelled, false);
        call.cancel();
        await cancelled;
        assert.equal(serverSide.isCancelled, true);
        serverSide.respond([bytes("late")]);
        assert.equal((await call.outcome).code, StatusCode.CANCELLED);
        assert.deepEqual(harness.observed, [
          `started ${path}`,
          `received ${path} 2`,
          `ended ${path} 1`,
        ]);
      });
    });

    it("run a listener that is set after the cancel", async () => {
      const { method, begun, cancelled } = hanging();
      await run([method], async (harness) => {
        harness.client().unary(path, bytes("")).cancel();
        const call = harness.client().unary(path, bytes(""));
        const serverSide = await begun;
        call.cancel();
        await cancelled;
        await new Promise<void>((resolve) => serverSide.onCancel(resolve));
      });
    });

    it("tell the handler that the connection is gone", async () => {
      const { method, begun, cancelled } = hanging();
      await run([method], async (harness) => {
        const session = await connectRaw(harness.port);
        openRaw(session, path).end(frame(bytes("")));
        await begun;
        session.destroy();
        await cancelled;
      });
    });

    it("end by themselves at the deadline", async () => {
      const { method, begun, cancelled } = hanging();
      await run([method], async (harness) => {
        const session = await connectRaw(harness.port);
        const stream = openRaw(session, path, { "grpc-timeout": "600m" });
        stream.end(frame(bytes("")));
        const outcome = rawOutcome(stream);
        const left = (await begun).remainingMillis() ?? -1;
        assert.ok(left > 0 && left <= 600, `${left} ms left`);
        await cancelled;
        const { grpcStatus, grpcMessage } = await outcome;
        assert.equal(grpcStatus, String(StatusCode.DEADLINE_EXCEEDED));
        assert.equal(grpcMessage, "context deadline exceeded");
        session.destroy();
      });
    });

    it("may have a deadline months away, or none", async () => {
      const left: (number | undefined)[] = [];
      const method = unary((request, call) => {
        left.push(call.remainingMillis());
        call.respond([request]);
      });
      await run([method], async (harness) => {
        const session = await connectRaw(harness.port);
        for (const timeout of ["1000H", "99999999H", undefined]) {
          const stream = openRaw(session, path, { "grpc-timeout": timeout });
          stream.end(frame(bytes("")));
          assert.equal((await rawOutcome(stream)).grpcStatus, "0");
        }
        assert.deepEqual(
          left.map((each) => each !== undefined && Math.round(each / 60_000)),
          [60_000, 5_999_999_940, false],
        );
        session.destroy();
      });
    });
  });
}

function describeLimits(run: Run): void {
  describe("request limits", () => {
    const limit = { maxRequestBytes: 1_000 };

    it("pass a message of the limit and refuse one byte more, in grpc-go's words", async () => {
      await run(
        [echo],
        async (harness) => {
          const client = harness.client();
          assert.equal((await client.unary(path, Buffer.alloc(1_000)).outcome).code, 0);
          const { code, details } = await client.unary(path, Buffer.alloc(1_001)).outcome;
          assert.equal(code, StatusCode.RESOURCE_EXHAUSTED);
          assert.equal(details, "grpc: received message larger than max (1001 vs. 1000)");
        },
        limit,
      );
    });

    it("are judged on the length prefix, before the bytes have come", async () => {
      await run(
        [echo],
        async (harness) => {
          const session = await connectRaw(harness.port);
          const stream = openRaw(session, path);
          stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
          const { grpcStatus, grpcMessage } = await rawOutcome(stream);
          assert.equal(grpcStatus, String(StatusCode.RESOURCE_EXHAUSTED));
          assert.equal(grpcMessage, "grpc: received message larger than max (4294967295 vs. 1000)");
          session.destroy();
        },
        limit,
      );
    });

    it("hold for what a compressed message grows to", async () => {
      await run(
        [echo],
        async (harness) => {
          const session = await connectRaw(harness.port);
          for (const [size, status] of [
            [1_000, "0"],
            [10_000_000, "8"],
          ] as const) {
            const stream = openRaw(session, path, { "grpc-encoding": "gzip" });
            stream.end(frame(gzipSync(Buffer.alloc(size)), true));
            assert.equal((await rawOutcome(stream)).grpcStatus, status);
          }
          session.destroy();
        },
        { maxRequestBytes: 100_000 },
      );
    });

    it("may be high: megabytes go both ways", async () => {
      await run(
        [echo],
        async (harness) => {
          const big = Buffer.alloc(8_000_000, "abc");
          const { messages } = await harness.client().unary(path, big).outcome;
          assert.ok(messages[0]?.equals(big));
        },
        { maxRequestBytes: 8_000_000 },
      );
    });

    it("refuse a call without a message, with two, and with half of one", async () => {
      await run([echo], async (harness) => {
        const session = await connectRaw(harness.port);
        const whole = frame(bytes("abc"));
        for (const body of [Buffer.alloc(0), Buffer.concat([whole, whole]), whole.subarray(0, 6)]) {
          const stream = openRaw(session, path);
          stream.end(body);
          assert.equal((await rawOutcome(stream)).grpcStatus, String(StatusCode.INTERNAL));
        }
        session.destroy();
      });
    });
  });
}

function describeHeaders(run: Run): void {
  describe("request headers", () => {
    it("are found by lower-case name: the first value, binary ones decoded", async () => {
      const seen: (string | undefined)[] = [];
      const method = unary((request, call) => {
        for (const name of ["token", "twice", "data-bin", "absent"]) seen.push(call.header(name));
        call.respond([request]);
      });
      await run([method], async (harness) => {
        const session = await connectRaw(harness.port);
        const stream = openRaw(session, path, {
          token: "a.1, b",
          twice: ["first", "second"],
          "data-bin": Buffer.from("\0\xff", "latin1").toString("base64"),
        });
        stream.end(frame(bytes("")));
        await rawOutcome(stream);
        assert.deepEqual(seen, ["a.1, b", "first", "\0\xff", undefined]);
        session.destroy();
      });
    });

    it("come with the address of the caller", async () => {
      const method = unary((_request, call) => call.respond([bytes(call.peer)]));
      await run([method], async (harness) => {
        const { messages } = await harness.client().unary(path, bytes("")).outcome;
        assert.match(messages[0]?.toString() ?? "", /^127\.0\.0\.1:\d+$/);
      });
    });

    it("that are no gRPC are refused by HTTP status", async () => {
      await run([echo], async (harness) => {
        const session = await connectRaw(harness.port);
        const statusOf = async (headers: Record<string, string>): Promise<number> => {
          const stream = openRaw(session, path, headers);
          stream.end();
          return (await rawOutcome(stream)).httpStatus;
        };
        assert.equal(await statusOf({ "content-type": "text/html" }), 415);
        assert.equal(await statusOf({ ":method": "PUT" }), 405);
        assert.equal(await statusOf({ "grpc-timeout": "soon" }), 400);
        session.destroy();
      });
    });
  });
}
