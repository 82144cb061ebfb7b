import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import { describe, it } from "node:test";
import type { RpcMethod } from "../rpc-server.ts";
import { type Harness, type RpcServerFactory, startHarness } from "./harness.ts";
import { connectRaw, frame, openRaw, rawOutcome } from "./raw-call.ts";

const path = "/test.Robust/Echo";
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

const echo: RpcMethod = {
  kind: "unary",
  path,
  handle: (message, call) => call.respond([message]),
};

/** What an RPC server owes to itself and its other clients, whoever connects. */
export function describeRobustness(factory: RpcServerFactory): void {
  const run = async (
    body: (harness: Harness) => Promise<void>,
    options: Parameters<typeof startHarness>[2] = {},
  ): Promise<void> => {
    const harness = await startHarness(factory, [echo], options);
    try {
      await body(harness);
      const { code } = await harness.client().unary(path, Buffer.from("canary")).outcome;
      assert.equal(code, 0, "the server still serves others");
      assert.deepEqual(harness.handlerErrors, []);
    } finally {
      await harness.close();
    }
  };
  describeStrangers(run);
  describeAbuse(run);
}

type Run = (
  body: (harness: Harness) => Promise<void>,
  options?: Parameters<typeof startHarness>[2],
) => Promise<void>;

function describeStrangers(run: Run): void {
  describe("one port", () => {
    it("answers HTTP/1.1 on the same port, keep-alive included", async () => {
      await run(async ({ port }) => {
        for (const each of ["/a", "/b"]) assert.equal(await get(port, each), `http ${each}`);
      });
    });

    it("knows gRPC when the preface comes byte by byte", async () => {
      await run(async (harness) => {
        const socket = harness.socket();
        socket.setNoDelay(true);
        for (const character of preface) {
          socket.write(character);
          await new Promise((resolve) => setImmediate(resolve));
        }
        socket.write(emptySettings);
        const [answer] = await once(socket, "data");
        assert.equal(answer[3], 4, "the first frame is SETTINGS");
      });
    });

    it("closes connections that say nothing, or only half of the preface", async () => {
      await run(
        async (harness) => {
          const silent = harness.socket();
          const half = harness.socket();
          half.write(preface.slice(0, 10));
          await Promise.all([untilClosed(silent), untilClosed(half)]);
        },
        { port: { firstBytesTimeoutMillis: 50 } },
      );
    });

    it("answers garbage and goes on", async () => {
      await run(async (harness) => {
        for (const garbage of [
          "\0\x01\x02\r\n\r\n",
          "GET\r\n\r\n",
          `${"x".repeat(100_000)}\r\n\r\n`,
        ]) {
          const socket = harness.socket();
          socket.write(garbage, "latin1");
          await untilClosed(socket);
        }
      });
    });
  });
}

function describeAbuse(run: Run): void {
  describe("malformed and hostile HTTP/2", () => {
    it("kills only its own connection, whatever bytes are changed", async () => {
      // Some of these connections end in a state in which only an unanswered ping tells the server.
      const quick = { keepaliveTimeMillis: 20, keepaliveTimeoutMillis: 20 };
      const conversation = Buffer.concat([Buffer.from(preface), emptySettings, requestFrames()]);
      await run(async (harness) => {
        let state = 12_345;
        const random = (bound: number): number => {
          state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
          return Math.floor((state / 2 ** 32) * bound);
        };
        const rounds = Array.from({ length: 200 }, async () => {
          const mangled = Buffer.from(conversation);
          for (let change = random(4); change >= 0; change -= 1) {
            mangled[preface.length + random(mangled.length - preface.length)] = random(256);
          }
          const socket = harness.socket();
          socket.end(mangled);
          await untilClosed(socket);
        });
        await Promise.all(rounds);
      }, quick);
    });

    it("disconnects who pings too often, as grpc-go does", async () => {
      await run(
        async (harness) => {
          const session = await connectRaw(harness.port);
          const goaway = once(session, "goaway");
          for (let ping = 0; ping < 5; ping += 1) session.ping(() => undefined);
          const [code, , data] = await goaway;
          assert.equal(code, constants.NGHTTP2_ENHANCE_YOUR_CALM);
          assert.equal(String(data), "too_many_pings");
        },
        { pingIntervalMinMillis: 5_000 },
      );
    });

    it("lets calls between pings forgive them", async () => {
      await run(
        async (harness) => {
          const session = await connectRaw(harness.port);
          for (let ping = 0; ping < 8; ping += 1) {
            const stream = openRaw(session, path);
            stream.end(frame(Buffer.from("a")));
            assert.equal((await rawOutcome(stream)).grpcStatus, "0");
            await new Promise((resolve) => session.ping(resolve));
          }
          session.destroy();
        },
        { pingIntervalMinMillis: 5_000 },
      );
    });

    it("closes a connection whose client does not answer pings", async () => {
      await run(
        async (harness) => {
          const socket = harness.socket();
          socket.write(Buffer.concat([Buffer.from(preface), emptySettings]));
          await untilClosed(socket);
        },
        { keepaliveTimeMillis: 30, keepaliveTimeoutMillis: 30 },
      );
    });

    it("announces its limit of concurrent calls", async () => {
      await run(
        async (harness) => {
          const session = await connectRaw(harness.port);
          assert.equal(session.remoteSettings.maxConcurrentStreams, 7);
          session.destroy();
        },
        { maxConcurrentStreams: 7 },
      );
    });

    it("survives thousands of calls that are reset at once", async () => {
      await run(async (harness) => {
        const session = await connectRaw(harness.port);
        for (let index = 0; index < 3_000 && !session.destroyed; index += 1) {
          openRaw(session, path).close(constants.NGHTTP2_CANCEL);
        }
        await new Promise<void>((resolve) => session.close(() => resolve()));
      });
    });

    it("survives header lists beyond the limit", async () => {
      await run(async (harness) => {
        const session = await connectRaw(harness.port);
        const stream = openRaw(session, path, { huge: "h".repeat(60_000) });
        stream.end(frame(Buffer.from("a")));
        assert.notEqual((await rawOutcome(stream)).grpcStatus, "0");
        session.destroy();
      });
    });
  });
}

async function get(port: number, target: string): Promise<string> {
  const call = request({ host: "127.0.0.1", port, path: target });
  call.end();
  const [response] = await once(call, "response");
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return text;
}

/** Reads and forgets until the other side closes. */
async function untilClosed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await once(socket, "close");
}

/** HEADERS (literals, no Huffman code) and DATA of one echo call on stream 1. */
function requestFrames(): Buffer {
  const literal = (name: string, value: string): Buffer =>
    Buffer.concat([
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]);
  const headers = Buffer.concat([
    literal(":method", "POST"),
    literal(":scheme", "http"),
    literal(":path", path),
    literal(":authority", "x"),
    literal("content-type", "application/grpc"),
    literal("te", "trailers"),
  ]);
  const http2Frame = (type: number, flags: number, payload: Buffer): Buffer => {
    const head = Buffer.from([0, 0, 0, type, flags, 0, 0, 0, 1]);
    head.writeUIntBE(payload.length, 0, 3);
    return Buffer.concat([head, payload]);
  };
  return Buffer.concat([http2Frame(1, 4, headers), http2Frame(0, 1, frame(Buffer.from("hello")))]);
}
