import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { encodeFields, prefixedInteger, requestFields } from "./http2/field-block.ts";
import {
  continuation,
  data,
  dataFrames,
  encodeFrame,
  Flag,
  FrameType,
  grpcMessage,
  headers,
  ping,
  preface,
  priority,
  rstStream,
  settings,
  windowUpdate,
} from "./http2/frames.ts";
import { expectMemory, pour, pourUntilStuck, untilQuiet } from "./http2/hostile-client.ts";
import { RawClient } from "./http2/raw-client.ts";
import { block, call } from "./http2/rule.ts";
import { paths, TestServer, until } from "./http2/test-server.ts";

/** Far above what any bound lets through. */
const many = 20_000;
/** Handlers that a client may start and abandon before it is cut off, and some. */
const abandonedMax = 1_200;

const callBlock = block(paths.hold);
const message = grpcMessage("x");

/** A call on a stream; `before` goes between head and message. */
function attempt(stream: number, ...after: readonly Buffer[]): Buffer {
  return Buffer.concat([headers(stream, callBlock), ...after]);
}

interface Flood {
  readonly name: string;
  /** What is sent before. */
  readonly first?: readonly Buffer[];
  /** The n-th piece. */
  piece(index: number): Buffer;
  readonly options?: { readonly maxConcurrentStreams: number };
}

const stray = encodeFields([["a", "b"]]);

/** What costs the server work and the client nothing: each ends with ENHANCE_YOUR_CALM. */
const floods: readonly Flood[] = [
  {
    name: "requests that are reset at once (CVE-2023-44487)",
    piece: (index) => {
      const stream = 2 * index + 1;
      const whole = attempt(stream, data(stream, message, { endStream: true }));
      return Buffer.concat([whole, rstStream(stream, 8)]);
    },
  },
  {
    name: "resets provoked by WINDOW_UPDATE of 0 (CVE-2025-8671)",
    piece: (index) => attempt(2 * index + 1, windowUpdate(2 * index + 1, 0)),
  },
  {
    name: "resets provoked by a window that overflows (CVE-2025-8671)",
    piece: (index) => attempt(2 * index + 1, windowUpdate(2 * index + 1, 0x7fffffff)),
  },
  {
    name: "resets provoked by HEADERS behind END_STREAM (CVE-2025-8671)",
    piece: (index) => {
      const stream = 2 * index + 1;
      const whole = attempt(stream, data(stream, message, { endStream: true }));
      return Buffer.concat([whole, headers(stream, stray, { endStream: true })]);
    },
  },
  {
    name: "resets provoked by DATA behind END_STREAM (CVE-2025-8671)",
    piece: (index) => {
      const stream = 2 * index + 1;
      const whole = data(stream, message, { endStream: true });
      return attempt(stream, whole, data(stream, message));
    },
  },
  {
    name: "resets provoked by PRIORITY of a wrong length (CVE-2025-8671)",
    piece: (index) => {
      const stream = 2 * index + 1;
      return attempt(stream, encodeFrame({ type: FrameType.priority, stream }, Buffer.alloc(4)));
    },
  },
  {
    name: "malformed requests",
    piece: (index) => headers(2 * index + 1, block(paths.hold, { Upper: "case" })),
  },
  {
    name: "requests above the limit of concurrent streams",
    first: [call(1, paths.hold)],
    piece: (index) => headers(2 * index + 3, callBlock, { endStream: true }),
    options: { maxConcurrentStreams: 1 },
  },
  {
    name: "empty CONTINUATION frames without end (CVE-2024-27316)",
    first: [headers(1, callBlock, { endHeaders: false })],
    piece: () => continuation(1, Buffer.alloc(0), false),
  },
  {
    name: "CONTINUATION frames of one byte without end",
    first: [headers(1, callBlock, { endHeaders: false })],
    piece: (index) => continuation(1, stray.subarray(index % 6, (index % 6) + 1), false),
  },
  {
    name: "CONTINUATION frames of 16 KiB without end",
    first: [headers(1, callBlock, { endHeaders: false })],
    piece: () => continuation(1, Buffer.alloc(16_384), false),
  },
  { name: "SETTINGS (CVE-2019-9515)", piece: () => settings() },
  {
    name: "SETTINGS that change windows",
    piece: (index) => settings([4, index % 2 === 0 ? 0 : 65_535]),
  },
  {
    name: "empty DATA frames (CVE-2019-9518)",
    first: [headers(1, block(paths.chat))],
    piece: () => data(1, Buffer.alloc(0)),
  },
  {
    name: "DATA frames of padding alone",
    first: [headers(1, block(paths.chat))],
    piece: () => data(1, Buffer.alloc(0), { padding: 1 }),
  },
  { name: "PRIORITY (CVE-2019-9513)", piece: (index) => priority(2 * index + 1, 0) },
  { name: "frames of unknown type", piece: () => encodeFrame({ type: 0xbe }, Buffer.alloc(10)) },
];

describe("floods end with ENHANCE_YOUR_CALM, and only their own connection", () => {
  for (const { name, first = [], piece, options = {} } of floods) {
    it(name, async () => {
      await TestServer.run(async (server) => {
        const witness = await server.open();
        const client = await server.open();
        client.send(...first);
        const sending = pour(client, many, piece);
        assert.equal((await witness.call(paths.echo, "x")).grpcStatus, "0");
        await sending;
        await client.expectGoAway("ENHANCE_YOUR_CALM");
        const started = server.harness.observed.filter((each) => each.startsWith("started"));
        assert.ok(started.length <= abandonedMax, `${started.length} calls were started`);
        assert.equal((await witness.call(paths.echo, "x")).grpcStatus, "0");
        await witness.destroy();
      }, options);
    });
  }

  it("but clients that now and then change their minds go on", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open();
      for (let round = 0; round < 3_000; round += 1) {
        const cancelled = client.newStream();
        client.send(attempt(cancelled), rstStream(cancelled, 8));
        assert.equal((await client.call(paths.echo, "x")).grpcStatus, "0");
      }
      await client.destroy();
    });
  });
});

describe("header lists beyond the limits", () => {
  const answerTo = async (
    server: TestServer,
    frames: (stream: number) => readonly Buffer[],
  ): Promise<void> => {
    const client = await server.open();
    await expectMemory(8_000_000, async () => {
      for (let round = 0; round < 20; round += 1) {
        const stream = client.newStream();
        client.send(...frames(stream));
        const { grpcStatus, httpStatus, reset } = await client.answer(stream);
        assert.notEqual(grpcStatus, "0", `answered by ${httpStatus}, reset by ${reset}`);
      }
      assert.equal((await client.call(paths.echo, "x")).grpcStatus, "0", "the same connection");
      await server.canary();
    });
    assert.deepEqual(
      server.harness.observed.filter((each) => each.includes(paths.hold)),
      [],
    );
    await client.destroy();
  };

  it("of many bytes fail their call alone", async () => {
    await TestServer.run((server) => {
      const list = encodeFields([...requestFields(paths.hold), ["big", "x".repeat(30_000)]]);
      return answerTo(server, (stream) => [
        headers(stream, list.subarray(0, 16_000), { endHeaders: false }),
        continuation(stream, list.subarray(16_000), true),
        data(stream, message, { endStream: true }),
      ]);
    });
  });

  it("of many small fields fail their call alone", async () => {
    await TestServer.run((server) => {
      const fields = Array.from({ length: 2_000 }, () => ["a", ""] as const);
      const list = encodeFields([...requestFields(paths.hold), ...fields]);
      return answerTo(server, (stream) => [
        headers(stream, list),
        data(stream, message, { endStream: true }),
      ]);
    });
  });

  it("that HPACK makes of few bytes fail their call alone", async () => {
    await TestServer.run((server) => {
      // One field of 4,000 bytes goes into the table; each further byte repeats it: 48 MB.
      const value = "x".repeat(3_900);
      const bomb = Buffer.concat([
        encodeFields(requestFields(paths.hold)),
        Buffer.from([0x40, 1, 0x61]),
        prefixedInteger(value.length, 7),
        Buffer.from(value),
        Buffer.alloc(12_000, 0x80 | 62),
      ]);
      return answerTo(server, (stream) => [
        headers(stream, bomb),
        data(stream, message, { endStream: true }),
      ]);
    });
  });
});

describe("clients that do not read", () => {
  /** A client that reads nothing behind the exchange of SETTINGS. */
  const deaf = async (server: TestServer): Promise<RawClient> => {
    const client = await server.open({ settings: [[4, 0x7fffffff]] });
    client.send(windowUpdate(0, 0x7fffffff - 65_535));
    await client.barrier();
    client.socket.pause();
    return client;
  };

  it("cannot make the server keep answers to PING", async () => {
    await TestServer.run(async (server) => {
      const client = await deaf(server);
      const total = 40_000_000;
      const taken = await pourUntilStuck(client, total / 17, ping());
      assert.ok(taken < total, "the server read on");
      await server.canary();
      await client.destroy();
    });
  });

  it("cannot make the server keep answers to calls", async () => {
    await TestServer.run(async (server) => {
      const client = await deaf(server);
      const body = grpcMessage(Buffer.alloc(10_000));
      const sending = pour(client, 20_000, (index) => {
        const stream = 2 * index + 3;
        return Buffer.concat([headers(stream, block()), data(stream, body, { endStream: true })]);
      });
      const answered = (): number => server.harness.observed.length / 4;
      await untilQuiet(answered);
      assert.ok(answered() < 4_000, `${answered()} calls were answered`);
      await server.canary();
      await client.destroy();
      await sending;
    });
  });

  it("make handlers wait; what they miss comes when they read again", async () => {
    await TestServer.run(async (server) => {
      const client = await deaf(server);
      const stream = client.newStream();
      const ask = grpcMessage("1000 50000");
      client.send(headers(stream, block(paths.flood)), data(stream, ask, { endStream: true }));
      await untilQuiet(() => server.flooded.bytes);
      const { bytes } = server.flooded;
      assert.ok(bytes > 0 && bytes < 20_000_000, `${bytes} bytes were written by the handler`);
      await server.canary();
      client.socket.resume();
      const { grpcStatus, body } = await client.answer(stream);
      assert.deepEqual([grpcStatus, body.length], ["0", 50_005_000]);
      await client.destroy();
    });
  });
});

describe("answers that wait for the client's windows", () => {
  const tooMany = "too many answers of one connection wait to be sent";
  const large = Buffer.alloc(1_000_000);
  /** Twice as many as may wait. */
  const count = 270;
  const waitingMax = 140;

  /** Opens calls and waits until all of them are held. */
  const hold = async (server: TestServer, client: RawClient): Promise<readonly number[]> => {
    const streams = Array.from({ length: count }, () => client.newStream());
    for (const stream of streams) client.send(call(stream, paths.hold));
    await until("all calls are held", () => server.held.size === count);
    return streams;
  };

  const respond = (server: TestServer, message: Uint8Array): void => {
    for (const each of server.held) each.respond([message]);
    server.held.clear();
  };

  it("are cut beyond 128 MiB, also of calls that were taken before", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 0]] });
      const [first = 0, ...others] = await hold(server, client);
      const [last] = [...server.held].slice(-1);
      assert.ok(last !== undefined);
      server.held.delete(last);
      respond(server, large);
      for (const stream of others.slice(waitingMax, -1)) {
        const { grpcStatus, grpcMessage: text, body } = await client.answer(stream);
        assert.deepEqual([grpcStatus, text, body.length], ["8", tooMany, 0]);
      }
      last.respond([Buffer.from("small")]);
      client.send(windowUpdate(others.at(-1) ?? 0, 10));
      const small = await client.answer(others.at(-1) ?? 0);
      assert.deepEqual([small.grpcStatus, small.body.length], ["0", 10], "small ones may wait");
      client.send(windowUpdate(0, 1_000_005), windowUpdate(first, 1_000_005));
      const { grpcStatus, body } = await client.answer(first);
      assert.deepEqual([grpcStatus, body.length], ["0", 1_000_005], "what waited is whole");
      await client.destroy();
    });
  });

  it("are reset beyond 128 MiB if they have been begun", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 0x7fffffff]] });
      client.send(windowUpdate(0, count * 16_384 - 65_535));
      const streams = await hold(server, client);
      respond(server, large);
      for (const stream of streams.slice(waitingMax)) {
        const { reset, body } = await client.answer(stream);
        assert.deepEqual([reset, body.length], ["ENHANCE_YOUR_CALM", 16_384]);
      }
      client.send(windowUpdate(0, 0x7fffffff - count * 16_384));
      const { grpcStatus, body } = await client.answer(streams[0] ?? 0);
      assert.deepEqual([grpcStatus, body.length], ["0", 1_000_005]);
      await client.destroy();
    });
  });

  it("end streams that write more behind them", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 0]] });
      const chat = client.open(paths.chat);
      const say = async (): Promise<void> => {
        const bytes = grpcMessage(Buffer.alloc(15_000));
        for (let part = 0; part < 4; part += 1) client.send(data(chat, bytes));
        await client.barrier();
      };
      await say();
      await hold(server, client);
      respond(server, large);
      for (let round = 0; round < 3; round += 1) await say();
      const { grpcStatus, grpcMessage: text, body } = await client.answer(chat);
      assert.deepEqual([grpcStatus, text, body.length], ["8", tooMany, 0]);
      await client.destroy();
    });
  });

  it("are forgotten with calls that end too late: later calls are served", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 0]] });
      const ask = grpcMessage("1 1000000");
      for (let round = 0; round < 70; round += 1) {
        const stream = client.open(paths.flood, { "grpc-timeout": "5m" });
        client.send(dataFrames(stream, ask));
        const { grpcStatus, body } = await client.answer(stream);
        assert.deepEqual([grpcStatus, body.length], ["4", 0]);
      }
      client.send(settings([4, 65_535]));
      assert.equal((await client.call(paths.echo, "hi")).grpcStatus, "0");
      await client.destroy();
    });
  });
});

describe("memory that clients can make the server hold", () => {
  it("is not the chunks around the bytes of a message", async () => {
    await TestServer.run(async (server) => {
      // One byte of a message in each 64 KiB that are received: only the byte may be kept.
      const client = await server.open();
      const filler = Buffer.concat(Array.from({ length: 5_041 }, () => windowUpdate(0, 1)));
      client.send(headers(1, block(paths.hold)), data(1, grpcMessage("", 0, 60_000)));
      await expectMemory(10_000_000, async () => {
        for (let round = 0; round < 700; round += 1) {
          client.send(data(1, Buffer.alloc(1)), filler);
          if (round % 10 === 0) await client.barrier();
        }
        await client.barrier();
        client.seen.length = 0;
      });
      await client.destroy();
    });
  });

  it("is not the chunks around whole messages that wait for the end of their calls", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open();
      const filler = Buffer.concat(Array.from({ length: 5_041 }, () => windowUpdate(0, 1)));
      await expectMemory(10_000_000, async () => {
        for (let round = 0; round < 500; round += 1) {
          const stream = client.newStream();
          client.send(headers(stream, callBlock), data(stream, message), filler);
          if (round % 10 === 0) await client.barrier();
        }
        await client.barrier();
        client.seen.length = 0;
      });
      await client.destroy();
    });
  });

  it("is bounded for requests that are never finished", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open();
      const half = grpcMessage("", 0, 60_000);
      const rest = Buffer.alloc(15_000);
      // What is held is bounded by 128 MiB; buffers that grow have room to spare.
      await expectMemory(230_000_000, async () => {
        await pour(client, 4_000, (index) => {
          const stream = 2 * index + 1;
          const frames = Array.from({ length: 3 }, () => data(stream, rest));
          return Buffer.concat([headers(stream, block(paths.hold)), data(stream, half), ...frames]);
        });
        await client.barrier();
        client.seen.length = 0;
      });
      await server.canary();
      await client.destroy();
    });
  });
});

describe("work that small frames make", () => {
  it("is bounded: bodies of one byte a frame, windows of one byte a frame", async () => {
    await TestServer.run(async (server) => {
      const witness = await server.open();
      const client = await server.open({ settings: [[4, 0]] });
      client.send(headers(1, block(paths.flood)));
      client.send(data(1, grpcMessage("1 100000"), { endStream: true }));
      const dribble = pour(client, 30_000, () => windowUpdate(1, 1));
      const writer = await server.open();
      const body = grpcMessage("x".repeat(30_000));
      writer.send(headers(1, block(paths.echo)));
      const bytes = pour(writer, body.length, (index) => data(1, body.subarray(index, index + 1)));
      assert.equal((await witness.call(paths.echo, "x")).grpcStatus, "0");
      await Promise.all([dribble, bytes]);
      writer.send(data(1, Buffer.alloc(0), { endStream: true }));
      assert.equal((await writer.answer(1)).grpcStatus, "0");
      if (!client.isClosed) await client.barrier();
      assert.equal((await witness.call(paths.echo, "x")).grpcStatus, "0");
      for (const each of [client, writer, witness]) await each.destroy();
    });
  });
});

describe("connections that vanish", () => {
  it("with ten thousand streams open: every handler hears of it", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open();
      const total = 10_000;
      await pour(client, total, (index) => call(2 * index + 1, paths.hold));
      await until("all calls are held", () => server.held.size === total);
      await server.canary();
      client.socket.resetAndDestroy();
      await server.untilIdle();
      await server.untilDeserted();
    });
  });

  it("after any byte of an exchange, by FIN or by RST: nothing is left of them", async () => {
    const conversation = Buffer.concat([
      preface,
      settings([4, 30]),
      headers(1, block(paths.hold).subarray(0, 40), { endHeaders: false }),
      continuation(1, block(paths.hold).subarray(40), true),
      dataFrames(1, grpcMessage("hello")),
      headers(3, block(paths.chat)),
      data(3, grpcMessage("hello"), { padding: 4 }),
      headers(5, block(paths.flood)),
      dataFrames(5, grpcMessage("10 1000")),
      headers(7, block(paths.sink)),
      data(7, grpcMessage("hello")),
      windowUpdate(5, 100),
      ping(Buffer.alloc(8), Flag.ack),
      headers(3, stray, { endStream: true }),
      rstStream(5, 8),
    ]);
    await TestServer.run(
      async (server) => {
        const cut = async (length: number): Promise<void> => {
          const client = new RawClient(server.port);
          const { socket } = client;
          await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
          await new Promise<void>((resolve) => {
            socket.write(conversation.subarray(0, length), () => resolve());
          });
          if (length % 2 === 0) socket.resetAndDestroy();
          else socket.end();
          if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
        };
        const step = 20;
        for (let begin = 1; begin <= conversation.length; begin += step) {
          const lengths = Array.from({ length: step }, (_, index) => begin + index);
          await Promise.all(lengths.map(cut));
        }
        await server.untilIdle();
        await server.untilDeserted();
        await server.canary();
      },
      { port: { firstBytesTimeoutMillis: 1_000 } },
    );
  });

  it("in the middle of what is being written to them", async () => {
    await TestServer.run(async (server) => {
      for (let round = 0; round < 30; round += 1) {
        const client = await server.open({ settings: [[4, 0x7fffffff]] });
        client.send(windowUpdate(0, 1_000_000_000));
        const ask = data(1, grpcMessage("1000 10000"), { endStream: true });
        client.send(headers(1, block(paths.flood)), ask, headers(3, block(paths.chat)));
        await client.expectType(FrameType.data, 1);
        if (round % 2 === 0) client.socket.resetAndDestroy();
        else await client.destroy();
      }
      await server.untilIdle();
      await server.untilDeserted();
      await server.canary();
    });
  });
});

describe("clients that are slow on purpose", () => {
  const options = { answerTimeoutMillis: 100 };

  it("may not keep a header block unfinished, however steadily it grows", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open();
      client.send(headers(1, callBlock.subarray(0, 9), { endHeaders: false }));
      const end = client.expectGoAway("ENHANCE_YOUR_CALM");
      let isOver = false;
      const drip = async (): Promise<void> => {
        for (let at = 9; !isOver && at < callBlock.length; at += 1) {
          client.send(continuation(1, callBlock.subarray(at, at + 1), false));
          await setTimeout(2); // Not to wait for something, but to be slow.
        }
      };
      await Promise.all([end.finally(() => (isOver = true)), drip()]);
      await server.canary();
    }, options);
  });

  it("may not leave SETTINGS without an answer, or say nothing behind the preface", async () => {
    await TestServer.run(async (server) => {
      const mute = await server.open({ isPolite: false });
      await mute.expectGoAway("SETTINGS_TIMEOUT");
      const silent = new RawClient(server.port, { isPolite: false });
      silent.send(preface);
      await silent.expectGoAway("SETTINGS_TIMEOUT");
      await server.untilDeserted();
      await server.canary();
    }, options);
  });

  it("may not stay when they are gone without a word: pings find out", async () => {
    const quick = { keepaliveTimeMillis: 30, keepaliveTimeoutMillis: 30 };
    await TestServer.run(async (server) => {
      const client = await server.open();
      client.send(call(1, paths.hold));
      await until("the call is held", () => server.held.size === 1);
      client.socket.pause();
      await server.untilIdle();
      await server.untilDeserted();
    }, quick);
  });

  it("are let alone otherwise: a body may take its time", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open();
      client.send(headers(1, block(paths.echo)), data(1, message.subarray(0, 2)));
      const mute = await server.open({ isPolite: false });
      await mute.expectGoAway("SETTINGS_TIMEOUT"); // So long it has waited at least.
      client.send(data(1, message.subarray(2), { endStream: true }));
      assert.equal((await client.answer(1)).grpcStatus, "0");
      await client.destroy();
    }, options);
  });
});
