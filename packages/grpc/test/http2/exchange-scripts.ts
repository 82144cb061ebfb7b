import assert from "node:assert/strict";
import { checkFrames } from "./answer-check.ts";
import { encodeFields } from "./field-block.ts";
import {
  continuation,
  data,
  errorName,
  Flag,
  FrameType,
  goAway,
  grpcMessage,
  headers,
  ping,
  preface,
  rstStream,
  settings,
  windowUpdate,
} from "./frames.ts";
import { type Answer, RawClient } from "./raw-client.ts";
import { block, call, type ScriptedRule } from "./rule.ts";
import { paths, type TestServer, until } from "./test-server.ts";

const hello = grpcMessage("hello");

/** Rules that need a conversation: what the server says, and when. */
export const exchangeScripts: readonly ScriptedRule[] = [
  ...beginningRules(),
  ...concurrencyRules(),
  ...errorRules(),
  ...connectionFrameRules(),
  ...goAwayRules(),
  ...answerRules(),
];

function isGoAway({ type }: { readonly type: number }): boolean {
  return type === FrameType.goAway;
}

function beginningRules(): readonly ScriptedRule[] {
  return [
    {
      section: "3.4",
      rule: "the server's first frame is SETTINGS that acknowledge nothing",
      script: async (server) => {
        const client = new RawClient(server.port, { isPolite: false });
        client.send(preface, settings(), call(1));
        await client.answer(1);
        const [first] = client.seen;
        assert.deepEqual([first?.type, first?.flags, first?.stream], [FrameType.settings, 0, 0]);
        await client.destroy();
      },
    },
    {
      section: "3.4",
      rule: "every byte of the beginning may come alone",
      script: async (server) => {
        const client = new RawClient(server.port, { isPolite: false });
        for (const byte of Buffer.concat([preface, settings([4, 70_000]), call(1)])) {
          client.send(Buffer.from([byte]));
          await new Promise((resolve) => setImmediate(resolve));
        }
        assert.equal((await client.answer(1)).grpcStatus, "0");
        await client.destroy();
      },
    },
    {
      section: "6.5.2",
      rule: "the server's own settings are in range, and offer no push",
      script: async (server) => {
        const client = await server.open();
        const values = client.serverSettings();
        assert.ok((values.get(4) ?? 65_535) <= 0x7fffffff);
        const frameMax = values.get(5) ?? 16_384;
        assert.ok(frameMax >= 16_384 && frameMax <= 0xffffff);
        assert.equal(values.get(2) ?? 0, 0);
        assert.ok((values.get(3) ?? 0xffffffff) >= 100);
        await client.destroy();
      },
    },
    {
      section: "4.2",
      rule: "no frame of the server is above the client's SETTINGS_MAX_FRAME_SIZE",
      script: async (server) => {
        for (const most of [16_384, 20_000, 1_000_000]) {
          const client = await server.open({
            settings: [
              [4, 0x7fffffff],
              [5, most],
            ],
          });
          client.send(windowUpdate(0, 10_000_000));
          const stream = client.newStream();
          client.send(
            headers(stream, block(paths.flood)),
            data(stream, grpcMessage("3 100000"), { endStream: true }),
          );
          const { grpcStatus, body } = await client.answer(stream);
          assert.deepEqual([grpcStatus, body.length], ["0", 300_015]);
          const largest = Math.max(...client.seen.map(({ payload }) => payload.length));
          assert.ok(largest <= most, `a frame of ${largest} bytes, limit ${most}`);
          await client.destroy();
        }
      },
    },
    {
      section: "4.2",
      rule: "field blocks of the server above the maximum go on in CONTINUATION",
      script: async (server) => {
        const client = await server.open();
        const text = "<".repeat(40_000); // Its Huffman code is longer than itself.
        const { grpcStatus, grpcMessage: message = "" } = await client.call(paths.fail, text);
        assert.equal(grpcStatus, "10");
        // Texts may be cut, since clients bound header lists, but not to less than a frame holds.
        assert.ok(message.length >= 16_000 && text.startsWith(decodeURIComponent(message)));
        assert.ok(client.seen.some(({ type }) => type === FrameType.continuation));
        checkFrames(client);
        await client.destroy();
      },
    },
    {
      section: "4.3.1",
      rule: "a smaller table of the client is declared at the start of the next block",
      script: async (server) => {
        for (const first of [[], [[1, 0]]] as const) {
          const client = await server.open({ settings: first });
          if (first.length === 0) {
            for (let round = 0; round < 3; round += 1) await client.call(paths.echo, "x");
            client.send(settings([1, 0]));
            await client.barrier();
          }
          const stream = client.newStream();
          client.send(call(stream));
          const head = await client.expectType(FrameType.headers, stream);
          assert.equal(head.payload[0], 0x20, `the block ${head.payload.toString("hex")}`);
          for (let round = 0; round < 3; round += 1) {
            const { httpStatus, grpcStatus } = await client.call(paths.echo, "x");
            assert.deepEqual([httpStatus, grpcStatus], ["200", "0"]);
          }
          client.send(settings([1, 4_096]));
          for (let round = 0; round < 3; round += 1) {
            assert.equal((await client.call(paths.echo, "x")).grpcStatus, "0");
          }
          await client.destroy();
        }
      },
    },
    {
      section: "4.3.1",
      rule: "a table that was small in between is declared small first (RFC 7541, 4.2)",
      script: async (server) => {
        const changes = [
          [settings([1, 0]), settings([1, 4_096])],
          [settings([1, 0], [1, 4_096])],
          [settings([1, 4_096], [1, 0]), settings([1, 100], [1, 4_096])],
        ];
        for (const change of changes) {
          const client = await server.open();
          for (let round = 0; round < 3; round += 1) await client.call(paths.echo, "x");
          client.send(...change);
          await client.barrier();
          const stream = client.newStream();
          client.send(call(stream));
          const head = await client.expectType(FrameType.headers, stream);
          assert.equal(head.payload[0], 0x20, `the block ${head.payload.toString("hex")}`);
          for (let round = 0; round < 3; round += 1) {
            const { httpStatus, grpcStatus } = await client.call(paths.echo, "x");
            assert.deepEqual([httpStatus, grpcStatus], ["200", "0"]);
          }
          await client.destroy();
        }
      },
    },
    {
      section: "6.10",
      rule: "a field block may be cut into HEADERS and CONTINUATION at any byte",
      script: async (server) => {
        const client = await server.open();
        const whole = block();
        for (let cut = 0; cut <= whole.length; cut += 1) {
          const stream = client.newStream();
          client.send(
            headers(stream, whole.subarray(0, cut), { endHeaders: false }),
            continuation(stream, whole.subarray(cut), true),
            data(stream, hello, { endStream: true }),
          );
          assert.equal((await client.answer(stream)).grpcStatus, "0", `cut at ${cut}`);
        }
        await client.destroy();
      },
    },
  ];
}

function concurrencyRules(): readonly ScriptedRule[] {
  const section = "5.1.2";
  const options = { maxConcurrentStreams: 2 };
  const refused = ["REFUSED_STREAM", "PROTOCOL_ERROR"] as const;
  return [
    {
      section,
      rule: "a stream above SETTINGS_MAX_CONCURRENT_STREAMS is refused; the others go on",
      options,
      script: async (server) => {
        const client = await server.open();
        assert.equal(client.serverSettings().get(3), 2);
        client.send(call(1, paths.hold), call(3, paths.hold), call(5, paths.echo));
        await client.expectReset(5, ...refused);
        assert.equal(server.held.size, 2);
        client.send(rstStream(1, 8), call(7, paths.echo));
        assert.equal((await client.answer(7)).grpcStatus, "0");
        server.releaseHeld();
        assert.equal((await client.answer(3)).grpcStatus, "0");
        assert.equal(server.harness.observed.filter((each) => /^started/.test(each)).length, 3);
        await client.destroy();
      },
    },
    {
      section,
      rule: "half-closed streams count: open on the client's side, or on the server's",
      options,
      script: async (server) => {
        const client = await server.open();
        client.send(headers(1, block(paths.chat)), call(3, paths.hold), call(5));
        await client.expectReset(5, ...refused);
        client.send(headers(1, encodeFields([["a", "b"]]), { endStream: true }));
        assert.equal((await client.answer(1)).grpcStatus, "0");
        client.send(call(7));
        assert.equal((await client.answer(7)).grpcStatus, "0");
        await client.destroy();
      },
    },
    {
      section,
      rule: "refused streams still change the compression state",
      options,
      script: async (server) => {
        const client = await server.open();
        client.send(call(1, paths.hold), call(3, paths.hold));
        const head = Buffer.from("838644", "hex");
        const name = Buffer.from([paths.echo.length, ...Buffer.from(paths.echo)]);
        const rest = encodeFields([
          [":authority", "localhost"],
          ["content-type", "application/grpc"],
          ["te", "trailers"],
        ]);
        client.send(headers(5, Buffer.concat([head, name, rest])));
        await client.expectReset(5, ...refused);
        server.releaseHeld();
        await client.answer(1);
        await client.answer(3);
        client.send(
          headers(7, Buffer.concat([Buffer.from("8386be", "hex"), rest])),
          data(7, hello, { endStream: true }),
        );
        assert.equal((await client.answer(7)).grpcStatus, "0");
        await client.destroy();
      },
    },
    {
      section: "8.7",
      rule: "what was refused was not processed: no handler ran",
      options,
      script: async (server) => {
        const client = await server.open();
        for (let stream = 1; stream < 200; stream += 2) client.send(call(stream, paths.hold));
        await client.expectReset(199, ...refused);
        assert.equal(server.held.size, 2);
        await client.destroy();
      },
    },
  ];
}

function errorRules(): readonly ScriptedRule[] {
  return [
    {
      section: "5.4.1",
      rule: "GOAWAY names the last stream; calls that are open are cancelled",
      script: async (server) => {
        const client = await server.open();
        client.send(call(1), call(7, paths.hold));
        await client.answer(1);
        await until("the call is held", () => server.held.size === 1);
        client.send(data(0, hello));
        const frame = await client.expectGoAway("PROTOCOL_ERROR");
        assert.equal(frame.payload.readUInt32BE(0), 7);
        await server.untilIdle();
        assert.equal(server.harness.observed.at(-1), `ended ${paths.hold} 1`);
      },
    },
    {
      section: "5.4.1",
      rule: "nothing that comes behind a connection error is processed",
      script: async (server) => {
        const client = await server.open();
        client.send(data(0, hello), call(1), call(3));
        await client.expectGoAway("PROTOCOL_ERROR");
        assert.deepEqual(server.harness.observed, []);
      },
    },
    {
      section: "5.4.2",
      rule: "a stream is reset once, whatever comes behind",
      script: async (server) => {
        const client = await server.open();
        const broken = headers(1, block(paths.chat, { "content-length": "1" }));
        client.send(broken, data(1, hello), data(1, hello), data(1, hello), windowUpdate(1, 1));
        client.send(data(1, hello, { endStream: true }), rstStream(1, 8), rstStream(1, 8));
        client.skipStreams(1);
        assert.equal((await client.call(paths.echo, "x")).grpcStatus, "0");
        await client.barrier();
        assert.equal(client.seen.filter(({ type }) => type === FrameType.rstStream).length, 1);
        await client.destroy();
      },
    },
    {
      section: "5.4.2",
      rule: "RST_STREAM is never answered by RST_STREAM",
      script: async (server) => {
        const client = await server.open();
        client.send(call(1, paths.hold), rstStream(1, 8), rstStream(1, 8));
        client.send(call(3), rstStream(3, 8));
        await client.barrier();
        assert.deepEqual(client.untaken(FrameType.rstStream), []);
        await client.destroy();
      },
    },
    {
      section: "5.4.2",
      rule: "behind the server's RST_STREAM nothing comes on that stream",
      script: async (server) => {
        const client = await server.open({ settings: [[4, 1_000]] });
        client.send(
          headers(1, block(paths.flood)),
          data(1, grpcMessage("100 1000"), { endStream: true }),
        );
        await client.expectBytes(1_000);
        client.send(windowUpdate(1, 0));
        await client.expectReset(1, "PROTOCOL_ERROR");
        client.send(windowUpdate(1, 100_000), windowUpdate(0, 100_000));
        await client.expectBytes(1_000);
        await server.untilIdle();
        await client.destroy();
      },
    },
    {
      section: "5.4.3",
      rule: "the end of the TCP connection cancels what is open: FIN and RST",
      script: async (server) => {
        for (const isReset of [false, true]) {
          const client = await server.open();
          client.send(call(1, paths.hold), headers(3, block(paths.chat)));
          await until("both calls are open", () => server.harness.openCalls === 2);
          if (isReset) client.socket.resetAndDestroy();
          else client.socket.end();
          await server.untilIdle();
          await client.destroy();
        }
        await server.untilDeserted();
      },
    },
    {
      section: "6.4",
      rule: "RST_STREAM cancels the call at once, and its late answer goes nowhere",
      script: async (server) => {
        const client = await server.open();
        client.send(call(1, paths.hold));
        await until("the call is held", () => server.held.size === 1);
        const [held] = server.held;
        client.send(rstStream(1, 8));
        await server.untilIdle();
        held?.respond([Buffer.from("late")]);
        await client.barrier();
        assert.deepEqual(
          client.seen.filter(({ stream }) => stream === 1),
          [],
        );
        assert.equal(server.harness.observed.at(-1), `ended ${paths.hold} 1`);
        await client.destroy();
      },
    },
  ];
}

function connectionFrameRules(): readonly ScriptedRule[] {
  return [
    {
      section: "6.5.3",
      rule: "every SETTINGS is acknowledged once, none of the acknowledgements",
      script: async (server) => {
        const client = await server.open();
        client.send(settings(), settings([4, 1]), settings([9, 9]), settings([4, 65_535]));
        await client.barrier();
        const acks = client.seen.filter(({ type, flags }) => {
          return type === FrameType.settings && (flags & Flag.ack) !== 0;
        });
        assert.equal(acks.length, 5);
        assert.ok(acks.every(({ payload }) => payload.length === 0));
        await client.destroy();
      },
    },
    {
      section: "6.7",
      rule: "PING is answered with its own bytes, in order, though every window is empty",
      script: async (server) => {
        const client = await server.open({ settings: [[4, 0]] });
        client.send(call(1), call(3));
        const opaque = Array.from({ length: 10 }, (_, index) => Buffer.alloc(8, 0x80 + index));
        client.send(...opaque.map((bytes) => ping(bytes)));
        for (const bytes of opaque) {
          const { flags, payload, stream } = await client.expectType(FrameType.ping);
          assert.deepEqual([flags, stream, payload], [Flag.ack, 0, bytes]);
        }
        await client.destroy();
      },
    },
  ];
}

function goAwayRules(): readonly ScriptedRule[] {
  const section = "6.8";
  return [
    {
      section,
      rule: "GOAWAY of the client lets its open streams finish",
      script: async (server) => {
        const client = await server.open();
        client.send(call(1, paths.hold), headers(3, block(paths.chat)), goAway(0, 0, "bye"));
        await until("both calls are open", () => server.harness.openCalls === 2);
        await client.barrier();
        server.releaseHeld();
        client.send(data(3, hello, { endStream: true }));
        assert.equal((await client.answer(1)).grpcStatus, "0");
        assert.equal((await client.answer(3)).grpcStatus, "0");
        await client.destroy();
      },
    },
    {
      section,
      rule: "closing first says so (2^31-1), and names the last stream a round trip later",
      script: async (server) => {
        const client = await server.open({ isPolite: false });
        client.send(call(1, paths.hold));
        await until("the call is held", () => server.held.size === 1);
        const closed = server.harness.rpc.close(60_000);
        const first = await client.expect("GOAWAY", isGoAway);
        assert.equal(errorName(first.payload.readUInt32BE(4)), "NO_ERROR");
        assert.equal(first.payload.readUInt32BE(0), 0x7fffffff);
        client.send(call(3)); // Was under way when GOAWAY came: processed, or to be repeated.
        const probe = await client.expectType(FrameType.ping);
        client.send(ping(probe.payload, Flag.ack));
        const second = await client.expect("the second GOAWAY", isGoAway);
        assert.equal(second.payload.readUInt32BE(0), 3);
        const { grpcStatus, reset } = await client.answer(3);
        assert.ok(grpcStatus === "0" || reset === "REFUSED_STREAM", `reset by ${reset}`);
        server.releaseHeld();
        assert.equal((await client.answer(1)).grpcStatus, "0");
        await client.expectClose();
        await closed;
      },
    },
    {
      section,
      rule: "streams above the last one of the final GOAWAY are not processed",
      script: async (server) => {
        const client = await server.open();
        client.send(call(1, paths.hold));
        await until("the call is held", () => server.held.size === 1);
        const closed = server.harness.rpc.close(60_000);
        const isFinal = (frame: { type: number; payload: Buffer }): boolean =>
          isGoAway(frame) && frame.payload.readUInt32BE(0) !== 0x7fffffff;
        assert.equal((await client.expect("GOAWAY", isFinal)).payload.readUInt32BE(0), 1);
        client.send(call(3), call(5, paths.hold));
        await client.barrier();
        assert.equal(server.held.size, 1);
        assert.ok(!server.harness.observed.includes(`started ${paths.echo}`));
        server.releaseHeld();
        assert.equal((await client.answer(1)).grpcStatus, "0");
        await client.expectClose();
        await closed;
      },
    },
    {
      section,
      rule: "a connection that is quiet closes at once, also if its client answers nothing",
      script: async (server) => {
        const [polite, silent] = [await server.open(), await server.open({ isPolite: false })];
        const closed = server.harness.rpc.close(200);
        await polite.expectClose();
        await silent.expectClose();
        await closed;
      },
    },
  ];
}

function answerRules(): readonly ScriptedRule[] {
  const each = async (
    server: TestServer,
    check: (answer: Answer, what: string) => void,
  ): Promise<void> => {
    const client = await server.open();
    check(await client.call(paths.echo, "x"), "OK");
    check(await client.call(paths.fail, "why: 100 %\n\xe4"), "an error");
    check(await client.call("/no.Such/Call", ""), "an unknown method");
    for (const [what, changes] of [
      ["a wrong content type", { "content-type": "text/html" }],
      ["a wrong method", { ":method": "GET" }],
      ["a wrong time-out", { "grpc-timeout": "soon" }],
      ["a method with odd characters", { ":method": "\xe4\x01%" }],
      ["a path with odd characters", { ":path": "/\xff/\x7f%0a" }],
      ["a content type with odd characters", { "content-type": "\xff\x01" }],
      ["an encoding with odd characters", { "grpc-encoding": '\x80"%' }],
    ] as const) {
      check(await client.answer(client.open(paths.echo, changes)), what);
    }
    await client.destroy();
  };
  return [
    {
      section: "8.1",
      rule: "an answer is HEADERS, DATA and HEADERS with END_STREAM; nothing follows",
      script: async (server) => {
        const client = await server.open();
        client.send(call(1));
        await client.answer(1);
        await client.barrier();
        const kinds = client.seen
          .filter(({ stream, type }) => stream === 1 && type !== FrameType.windowUpdate)
          .map(({ type, flags }) => [type, flags & Flag.endStream]);
        assert.deepEqual(kinds[0], [FrameType.headers, 0]);
        assert.deepEqual(kinds.at(-1), [FrameType.headers, Flag.endStream]);
        assert.ok(kinds.slice(1, -1).every(([type]) => type === FrameType.data));
        await client.destroy();
      },
    },
    {
      section: "8.1",
      rule: "an answer before the end of the request is whole; RST_STREAM behind it is NO_ERROR",
      script: async (server) => {
        const client = await server.open();
        const stream = client.open(paths.early);
        assert.equal((await client.answer(stream)).grpcStatus, "0");
        client.send(data(stream, hello), data(stream, hello, { endStream: true }));
        await client.barrier();
        for (const { payload } of client.untaken(FrameType.rstStream, stream)) {
          assert.equal(errorName(payload.readUInt32BE(0)), "NO_ERROR");
        }
        await client.destroy();
      },
    },
    {
      section: "8.2",
      rule: "fields of answers are lower-case, printable and not connection-specific",
      script: (server) =>
        each(server, ({ head, trailers }, what) => {
          for (const [name, value] of [...head, ...trailers]) {
            assert.match(name, /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/, what);
            assert.match(value, /^[\x20-\x7e]*$/, what);
            assert.doesNotMatch(
              name,
              /^(connection|proxy-connection|keep-alive|transfer-encoding|upgrade)$/,
              what,
            );
          }
        }),
    },
    {
      section: "8.3.2",
      rule: "answers have one :status, first, and no other pseudo-header field",
      script: (server) =>
        each(server, ({ head, trailers }, what) => {
          assert.equal(head[0]?.[0], ":status", what);
          assert.match(head[0][1], /^[2-5]\d\d$/, what);
          const others = [...head.slice(1), ...trailers].filter(([name]) => name.startsWith(":"));
          assert.deepEqual(others, [], what);
        }),
    },
  ];
}
