import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import type { BidiStream, RpcMethod, RpcStream } from "../rpc-server.ts";
import { StatusCode } from "../status-code.ts";
import { type Harness, type RpcServerFactory, startHarness } from "./harness.ts";
import { connectRaw, frame, openRaw, rawOutcome } from "./raw-call.ts";
import { readAll } from "./rpc-client.ts";
import { signal } from "./signal.ts";

const path = "/test.Stream/Call";
const bytes = (text: string): Buffer => Buffer.from(text);

function bidi(handle: (stream: BidiStream) => void): RpcMethod {
  return { kind: "bidi-stream", path, handle };
}

function serverStream(handle: (request: Uint8Array, stream: RpcStream) => void): RpcMethod {
  return { kind: "server-stream", path, handle };
}

const echo = bidi((stream) => {
  stream.onMessage((message) => stream.write([message]));
  stream.onHalfClose(() => stream.end());
});

/** What an RPC server owes streaming calls. */
export function describeStreamingCalls(factory: RpcServerFactory): void {
  const run: Run = async (methods, body, options = {}) => {
    const harness = await startHarness(factory, methods, options);
    try {
      await body(harness);
    } finally {
      await harness.close();
    }
  };
  describeMessages(run);
  describeBackPressure(run);
  describeStreamEnds(run);
}

type Run = (
  methods: readonly RpcMethod[],
  body: (harness: Harness) => Promise<void>,
  options?: Parameters<typeof startHarness>[2],
) => Promise<void>;

function describeMessages(run: Run): void {
  describe("streamed messages", () => {
    it("arrive in order, then the end", async () => {
      const count = serverStream((request, stream) => {
        for (let index = 0; index < Number(request.toString()); index += 1) {
          stream.write([bytes("n"), bytes(String(index))]);
        }
        stream.end();
      });
      await run([count], async (harness) => {
        const { code, messages } = await readAll(harness.client().serverStream(path, bytes("500")));
        assert.equal(code, 0);
        assert.deepEqual(
          messages.map(String),
          Array.from({ length: 500 }, (_, index) => `n${index}`),
        );
      });
    });

    it("arrive one by one where several were written as one framed piece", async () => {
      const parts = [frame(bytes("one")), frame(bytes("")), frame(Buffer.alloc(40_000, "3"))];
      const pieces = Buffer.concat(parts);
      const framed = serverStream((_request, stream) => {
        stream.write([bytes("before")]);
        for (let index = 0; index < 3; index += 1) stream.writeFramed(pieces, parts.length);
        stream.write([bytes("behind")]);
        stream.end();
      });
      await run([framed], async (harness) => {
        const { code, messages } = await readAll(harness.client().serverStream(path, bytes("")));
        assert.equal(code, 0);
        const piece = ["one", "", "3".repeat(40_000)];
        assert.deepEqual(messages.map(String), [
          "before",
          ...[...piece, ...piece, ...piece],
          "behind",
        ]);
      });
    });

    it("arrive before the error that ends the stream", async () => {
      const failing = serverStream((_request, stream) => {
        stream.write([bytes("one")]);
        stream.fail({ code: StatusCode.OUT_OF_RANGE, message: "compacted" });
        stream.write([bytes("ignored")]);
      });
      await run([failing], async (harness) => {
        const outcome = await readAll(harness.client().serverStream(path, bytes("")));
        assert.deepEqual(outcome, { code: 11, details: "compacted", messages: [bytes("one")] });
      });
    });

    it("go both ways at once", async () => {
      await run([echo], async (harness) => {
        const stream = harness.client().bidiStream(path);
        for (const text of ["a", "b", "c"]) {
          stream.write(bytes(text));
          const [answer] = await once(stream, "data");
          assert.equal(String(answer), text);
        }
        stream.end();
        assert.equal((await readAll(stream)).code, 0);
      });
    });

    it("go on after the caller's half close", async () => {
      const after = bidi((stream) => {
        stream.onHalfClose(() => {
          setImmediate(() => {
            stream.write([bytes("after")]);
            stream.end();
          });
        });
      });
      await run([after], async (harness) => {
        const stream = harness.client().bidiStream(path);
        stream.end();
        assert.deepEqual((await readAll(stream)).messages, [bytes("after")]);
      });
    });

    it("that are many and tiny in one frame arrive one by one, also after a pause", async () => {
      const opened = signal<BidiStream>();
      let received = 0;
      const counting = bidi((stream) => {
        stream.pause();
        stream.onMessage(() => (received += 1));
        stream.onHalfClose(() => stream.end());
        opened.resolve(stream);
      });
      await run([counting], async (harness) => {
        const session = await connectRaw(harness.port);
        const stream = openRaw(session, path);
        stream.end(Buffer.concat(Array.from({ length: 12_000 }, () => frame(Buffer.alloc(0)))));
        const serverSide = await opened.promise;
        if (!stream.writableFinished) await once(stream, "finish");
        assert.equal(received, 0);
        serverSide.resume();
        assert.equal((await rawOutcome(stream)).grpcStatus, "0");
        assert.equal(received, 12_000);
        session.destroy();
      });
    });
  });
}

function describeBackPressure(run: Run): void {
  describe("back-pressure", () => {
    it("of a slow reader stops the writer, tells its backlog and lets it go on", async () => {
      const message = Buffer.alloc(16_384);
      const stopped = signal<number>();
      const drained = signal<number>();
      let written = 0;
      const flood = serverStream((_request, stream) => {
        let drains = 0;
        const fill = (): void => {
          while (written < 400) {
            written += 1;
            if (!stream.write([message])) {
              stopped.resolve(stream.bufferedBytes);
              return;
            }
          }
          if (drains > 0) drained.resolve(stream.bufferedBytes);
          stream.end();
        };
        stream.onDrain(() => {
          drains += 1;
          fill();
        });
        fill();
      });
      await run(
        [flood],
        async (harness) => {
          const session = await connectRaw(harness.port);
          const stream = openRaw(session, path);
          stream.pause();
          stream.end(frame(bytes("")));
          assert.ok((await stopped.promise) >= 200_000);
          const atStop = written;
          // Another call's round trip gives the writer time to be wrong.
          await rawOutcome(openRaw(session, "/no.Such/Call").end());
          await rawOutcome(openRaw(session, "/no.Such/Call").end());
          assert.ok(written - atStop <= 8, `${written - atStop} messages more than the stop`);
          stream.resume();
          const { body, grpcStatus } = await rawOutcome(stream);
          assert.equal(grpcStatus, "0");
          assert.equal(body.length, 400 * (message.length + 5));
          await drained.promise;
          session.destroy();
        },
        { writeBufferBytes: 200_000 },
      );
    });

    it("of the handler holds messages and half close back until it resumes", async () => {
      const opened = signal<BidiStream>();
      const seen: string[] = [];
      const slow = bidi((stream) => {
        stream.onMessage((message) => {
          seen.push(message.toString());
          stream.pause();
        });
        stream.onHalfClose(() => {
          seen.push("half-close");
          stream.end();
        });
        opened.resolve(stream);
      });
      await run([slow], async (harness) => {
        const client = harness.client();
        const stream = client.bidiStream(path);
        const ended = readAll(stream);
        for (const text of ["a", "b", "c"]) stream.write(bytes(text));
        stream.end();
        const serverSide = await opened.promise;
        for (const expected of [["a"], ["a", "b"], ["a", "b", "c"]]) {
          await client.unary("/no.Such/Call", bytes("")).outcome;
          assert.deepEqual(seen, expected);
          serverSide.resume();
        }
        assert.equal((await ended).code, 0);
        assert.deepEqual(seen, ["a", "b", "c", "half-close"]);
      });
    });

    it("that ends within the listener that began it loses nothing", async () => {
      const opened = signal<BidiStream>();
      const seen: string[] = [];
      const nervous = bidi((stream) => {
        stream.pause();
        stream.onMessage((message) => {
          seen.push(message.toString());
          stream.pause();
          stream.resume();
        });
        stream.onHalfClose(() => {
          seen.push("half-close");
          stream.end();
        });
        opened.resolve(stream);
      });
      await run([nervous], async (harness) => {
        const session = await connectRaw(harness.port);
        const stream = openRaw(session, path);
        stream.end(Buffer.concat(["a", "b", "c"].map((text) => frame(bytes(text)))));
        const serverSide = await opened.promise;
        // A round trip behind it: all of it has come, and waits.
        await rawOutcome(openRaw(session, "/no.Such/Call").end());
        assert.deepEqual(seen, []);
        serverSide.resume();
        assert.equal((await rawOutcome(stream)).grpcStatus, "0");
        assert.deepEqual(seen, ["a", "b", "c", "half-close"]);
        session.destroy();
      });
    });
  });
}

function describeStreamEnds(run: Run): void {
  describe("the end of a stream", () => {
    const hanging = () => {
      const opened = signal<BidiStream>();
      const cancelled = signal<void>();
      const method = bidi((stream) => {
        stream.onCancel(() => cancelled.resolve());
        stream.write([bytes("hello")]);
        opened.resolve(stream);
      });
      return { method, opened: opened.promise, cancelled: cancelled.promise };
    };

    it("by the caller's cancel reaches the handler, whose writes go nowhere then", async () => {
      const { method, opened, cancelled } = hanging();
      await run([method], async (harness) => {
        const stream = harness.client().bidiStream(path);
        const ended = readAll(stream);
        await once(stream, "data");
        stream.cancel();
        await cancelled;
        const serverSide = await opened;
        assert.equal(serverSide.isCancelled, true);
        assert.equal(serverSide.write([bytes("late")]), true);
        assert.equal(serverSide.bufferedBytes, 0);
        assert.equal((await ended).code, StatusCode.CANCELLED);
      });
    });

    it("by a listener that throws is INTERNAL", async () => {
      const error = new Error("broken");
      const broken = bidi((stream) => {
        stream.onMessage(() => {
          throw error;
        });
      });
      await run([broken], async (harness) => {
        const stream = harness.client().bidiStream(path);
        stream.write(bytes(""));
        assert.equal((await readAll(stream)).code, StatusCode.INTERNAL);
        assert.deepEqual(harness.handlerErrors, [{ path, error }]);
      });
    });

    it("by a message over the limit tells both sides", async () => {
      const { method, cancelled } = hanging();
      await run(
        [method],
        async (harness) => {
          const stream = harness.client().bidiStream(path);
          stream.write(Buffer.alloc(101));
          const { code, details } = await readAll(stream);
          assert.equal(code, StatusCode.RESOURCE_EXHAUSTED);
          assert.equal(details, "grpc: received message larger than max (101 vs. 100)");
          await cancelled;
        },
        { maxRequestBytes: 100 },
      );
    });

    it("is counted once, with all messages", async () => {
      await run([echo], async (harness) => {
        const stream = harness.client().bidiStream(path);
        stream.write(bytes("abc"));
        stream.end();
        await readAll(stream);
        assert.deepEqual(harness.observed, [
          `started ${path}`,
          `received ${path} 3`,
          `sent ${path} 3`,
          `ended ${path} 0`,
        ]);
      });
    });
  });

  describe("close", () => {
    it("lets calls under way finish and takes no new ones", async () => {
      const begun = signal<() => void>();
      const held: RpcMethod = {
        kind: "unary",
        path,
        handle: (request, call) => begun.resolve(() => call.respond([request])),
      };
      await run([held], async (harness) => {
        const client = harness.client();
        const first = client.unary(path, bytes("a")).outcome;
        const answer = await begun.promise;
        const closed = harness.rpc.close(60_000);
        const second = await client.unary(path, bytes("b"), { timeoutMillis: 5_000 }).outcome;
        assert.equal(second.code, StatusCode.UNAVAILABLE);
        answer();
        assert.deepEqual((await first).messages, [bytes("a")]);
        await closed;
      });
    });

    it("ends what is left at the deadline with UNAVAILABLE: clients go elsewhere", async () => {
      const opened = signal<BidiStream>();
      const cancelled = signal<void>();
      const method = bidi((stream) => {
        stream.onCancel(() => cancelled.resolve());
        opened.resolve(stream);
      });
      await run([method], async (harness) => {
        const ended = readAll(harness.client().bidiStream(path));
        await opened.promise;
        await harness.rpc.close(10);
        const { code, details } = await ended;
        assert.deepEqual({ code, details }, { code: 14, details: "server is shutting down" });
        await cancelled.promise;
        assert.deepEqual(harness.observed, [`started ${path}`, `ended ${path} 14`]);
      });
    });

    it("is done at once without calls, and twice is as good as once", async () => {
      await run([echo], async (harness) => {
        const stream = harness.client().bidiStream(path);
        stream.end();
        await readAll(stream);
        await Promise.all([harness.rpc.close(60_000), harness.rpc.close(60_000)]);
      });
    });
  });
}
