import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { encodeFields, type Field, requestFields } from "./http2/field-block.ts";
import {
  data,
  dataFrames,
  Flag,
  FrameType,
  grpcMessage,
  headers,
  rstStream,
  windowUpdate,
} from "./http2/frames.ts";
import type { Answer, RawClient } from "./http2/raw-client.ts";
import { block, call } from "./http2/rule.ts";
import { paths, TestServer, until } from "./http2/test-server.ts";
import { WindowSender } from "./http2/window-sender.ts";

/** Of gRPC's "HTTP2 protocol mapping". */
describe("gRPC over HTTP/2", () => {
  let server: TestServer;
  let client: RawClient;

  before(async () => {
    server = await TestServer.start({ maxRequestBytes: 100_000 });
    client = await server.open({ settings: [[4, 0x7fffffff]] });
    client.send(windowUpdate(0, 1_000_000_000));
  });

  after(async () => {
    await client.destroy();
    await server.untilIdle();
    await server.close();
  });

  /** Opens a stream, sends the frames and waits for the answer. */
  const ask = (
    path: string,
    frames: (stream: number) => readonly Buffer[],
    changes: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Answer> => {
    const stream = client.open(path, changes);
    client.send(...frames(stream));
    return client.answer(stream);
  };

  /** A call with these bytes as its content. */
  const askBytes = (
    path: string,
    bytes: Buffer,
    changes: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Answer> => ask(path, (stream) => [dataFrames(stream, bytes)], changes);

  const statusOf = async (answer: Promise<Answer>): Promise<string | undefined> =>
    (await answer).grpcStatus;

  describe("messages", () => {
    it("may be cut into frames at any byte, with empty frames in between", async () => {
      const bytes = grpcMessage("hello, world");
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const { grpcStatus, body } = await ask(paths.echo, (stream) => [
          data(stream, bytes.subarray(0, cut)),
          data(stream, Buffer.alloc(0)),
          data(stream, bytes.subarray(cut), { endStream: true }),
        ]);
        assert.deepEqual([grpcStatus, body], ["0", bytes], `cut at ${cut}`);
      }
    });

    it("may come a byte a frame", async () => {
      const bytes = grpcMessage("x".repeat(300));
      const { grpcStatus, body } = await ask(paths.echo, (stream) => [
        ...[...bytes].map((byte) => data(stream, Buffer.from([byte]))),
        data(stream, Buffer.alloc(0), { endStream: true }),
      ]);
      assert.deepEqual([grpcStatus, body], ["0", bytes]);
    });

    it("may share a frame, and begin anywhere in it", async () => {
      const texts = ["", "a", "", "bc", "d".repeat(1_000), ""];
      const bytes = Buffer.concat(texts.map((text) => grpcMessage(text)));
      for (const size of [1, 4, 5, 6, 7, 100, bytes.length]) {
        const { grpcStatus, body } = await ask(paths.chat, (stream) => [
          dataFrames(stream, bytes, size),
        ]);
        assert.deepEqual([grpcStatus, body], ["0", bytes], `${size} bytes a frame`);
      }
    });

    it("of the limit pass; one byte more is refused before its bytes come", async () => {
      assert.equal((await client.call(paths.echo, Buffer.alloc(50_000))).grpcStatus, "0");
      for (const [path, length] of [
        [paths.echo, 100_001],
        [paths.echo, 0xffffffff],
        [paths.chat, 100_001],
        [paths.flood, 0x80000000],
      ] as const) {
        const answer = await ask(path, (stream) => [data(stream, grpcMessage("", 0, length))]);
        assert.equal(answer.grpcStatus, "8");
        const text = `grpc: received message larger than max (${length} vs. 100000)`;
        assert.equal(decodeURIComponent(answer.grpcMessage ?? ""), text);
      }
      // What is behind the prefix goes nowhere, and hurts nobody.
      const stream = client.open(paths.echo);
      const big = grpcMessage("", 0, 200_000);
      client.send(
        data(stream, big),
        ...Array.from({ length: 3 }, () => data(stream, Buffer.alloc(16_000))),
      );
      assert.equal((await client.answer(stream)).grpcStatus, "8");
      client.send(data(stream, Buffer.alloc(100), { endStream: true }));
      assert.equal((await client.call(paths.echo, "x")).grpcStatus, "0");
    });

    it("are INTERNAL for unary methods when there is none, half of one, or two", async () => {
      const whole = grpcMessage("abc");
      for (const bytes of [
        Buffer.alloc(0),
        whole.subarray(0, 1),
        whole.subarray(0, 5),
        whole.subarray(0, 7),
        Buffer.concat([whole, whole]),
        Buffer.concat([whole, whole.subarray(0, 3)]),
      ]) {
        for (const path of [paths.echo, paths.flood]) {
          assert.equal(await statusOf(askBytes(path, bytes)), "13", `${path} ${bytes.length}`);
        }
      }
    });

    it("may be missing in streams of the client, but not be cut off", async () => {
      assert.equal(await statusOf(askBytes(paths.chat, Buffer.alloc(0))), "0");
      const half = grpcMessage("abc").subarray(0, 6);
      assert.equal(await statusOf(askBytes(paths.chat, half)), "13");
    });
  });

  describe("compressed messages", () => {
    const text = "compress me ".repeat(100);
    const gzip = { "grpc-encoding": "gzip" };

    it("are inflated, but not if their flag is 0", async () => {
      const zipped = await askBytes(paths.echo, grpcMessage(gzipSync(text), 1), gzip);
      assert.equal(zipped.body.toString("latin1", 5), text);
      const plain = await askBytes(paths.echo, grpcMessage(text), gzip);
      assert.equal(plain.body.toString("latin1", 5), text);
      const deflated = await askBytes(paths.echo, grpcMessage(deflateSync(text), 1), {
        "grpc-encoding": "deflate",
      });
      assert.ok(deflated.grpcStatus === "12" || deflated.body.toString("latin1", 5) === text);
    });

    it("without an encoding, or with identity, are INTERNAL", async () => {
      const bytes = grpcMessage(gzipSync(text), 1);
      assert.equal(await statusOf(askBytes(paths.echo, bytes)), "13");
      const identity = { "grpc-encoding": "identity" };
      assert.equal(await statusOf(askBytes(paths.echo, bytes, identity)), "13");
    });

    it("of an unknown encoding are UNIMPLEMENTED; the answer names the known ones", async () => {
      const answer = await askBytes(paths.echo, grpcMessage("x", 1), { "grpc-encoding": "br" });
      assert.equal(answer.grpcStatus, "12");
      assert.ok(
        [...answer.head, ...answer.trailers].some(([name, value]) => {
          return name === "grpc-accept-encoding" && value.includes("gzip");
        }),
      );
    });

    it("that are broken are INTERNAL: no gzip, cut off, a wrong checksum", async () => {
      const good = gzipSync(text);
      const wrong = Buffer.from(good);
      wrong.writeUInt8(wrong.readUInt8(wrong.length - 6) ^ 1, wrong.length - 6);
      for (const bytes of [Buffer.from("no gzip"), good.subarray(0, -9), wrong, Buffer.alloc(0)]) {
        assert.equal(await statusOf(askBytes(paths.echo, grpcMessage(bytes, 1), gzip)), "13");
      }
    });

    it("that grow beyond the limit are RESOURCE_EXHAUSTED; to the limit they pass", async () => {
      const bomb = gzipSync(Buffer.alloc(50_000_000));
      assert.ok(bomb.length < 100_000);
      assert.equal(await statusOf(askBytes(paths.echo, grpcMessage(bomb, 1), gzip)), "8");
      const most = grpcMessage(gzipSync(Buffer.alloc(50_000)), 1);
      assert.equal(await statusOf(askBytes(paths.echo, most, gzip)), "0");
      const above = grpcMessage(gzipSync(Buffer.alloc(100_001)), 1);
      assert.equal(await statusOf(askBytes(paths.echo, above, gzip)), "8");
    });

    it("keep their order among plain ones", async () => {
      const texts = Array.from(
        { length: 50 },
        (_, index) => `message ${index} ${"x".repeat(index * 40)}`,
      );
      const bytes = Buffer.concat(
        texts.map((each, index) => {
          return index % 3 === 0 ? grpcMessage(each) : grpcMessage(gzipSync(each), 1);
        }),
      );
      const { grpcStatus, body } = await askBytes(paths.chat, bytes, gzip);
      assert.equal(grpcStatus, "0");
      assert.deepEqual(body, Buffer.concat(texts.map((each) => grpcMessage(each))));
    });

    it("with a flag that is neither 0 nor 1 are INTERNAL", async () => {
      for (const flag of [2, 3, 128, 255]) {
        assert.equal(await statusOf(askBytes(paths.echo, grpcMessage("x", flag))), "13");
      }
    });
  });

  describe("answers", () => {
    it("above 2 GiB are RESOURCE_EXHAUSTED, and never framed with another length", async () => {
      const text = "trying to send message larger than max (4294967303 vs. 2147483647)";
      const chunk = new Uint8Array(2 ** 20);
      const chunks = [...Array.from({ length: 4_096 }, () => chunk), new Uint8Array(7)];
      const unary = client.open(paths.hold);
      client.send(dataFrames(unary, grpcMessage("x")));
      await until("the call is held", () => server.held.size === 1);
      for (const call of server.held) call.respond(chunks);
      server.held.clear();
      const answer = await client.answer(unary);
      assert.deepEqual([answer.grpcStatus, answer.grpcMessage], ["8", `grpc: ${text}`]);
      const stream = client.open(paths.sink);
      await until("the stream is open", () => server.sinks.length === 1);
      const [sink] = server.sinks.splice(0);
      assert.ok(sink !== undefined);
      sink.write([Buffer.from("fits")]);
      sink.write(chunks);
      assert.ok(sink.isCancelled, "its handler is told");
      const streamed = await client.answer(stream);
      assert.deepEqual([streamed.grpcStatus, streamed.grpcMessage], ["8", text]);
    });

    it("begin with :status and content-type, and end with grpc-status in trailers", async () => {
      const { head, trailers, body } = await client.call(paths.echo, "x");
      assert.deepEqual(head[0], [":status", "200"]);
      assert.ok(
        head.some(([name, value]) => {
          return name === "content-type" && value.startsWith("application/grpc");
        }),
      );
      assert.ok(!head.some(([name]) => name === "grpc-status"));
      assert.deepEqual(body, grpcMessage("x"));
      assert.deepEqual(
        trailers.filter(([name]) => name === "grpc-status"),
        [["grpc-status", "0"]],
      );
    });

    it("that are errors alone are one HEADERS frame", async () => {
      for (const path of [paths.fail, "/no.Such/Call"]) {
        const { head, trailers, httpStatus, body } = await client.call(path, "x");
        assert.deepEqual([httpStatus, trailers, body.length], ["200", [], 0]);
        assert.ok(head.some(([name]) => name === "grpc-status"));
        assert.ok(head.some(([name]) => name === "content-type"));
      }
    });

    it("carry any text, percent-encoded as UTF-8", async () => {
      for (const text of [
        "plain, with spaces",
        "100 % \n\t\0 größer → 日本 😀",
        "~!#$&'()*+,/:;=?@[]",
      ]) {
        const { grpcStatus, grpcMessage: message = "" } = await client.call(paths.fail, text);
        assert.deepEqual([grpcStatus, decodeURIComponent(message)], ["10", text]);
        assert.match(message, /^([\x20-\x24\x26-\x7e]|%[0-9A-F]{2})*$/);
      }
      assert.equal((await client.call(paths.fail, "a b")).grpcMessage, "a b");
    });

    it("begin before they end: a first message does not wait for the second", async () => {
      const stream = client.open(paths.chat);
      for (const text of ["one", "two"]) {
        client.send(data(stream, grpcMessage(text)));
        const frame = await client.expectType(FrameType.data, stream);
        assert.deepEqual(frame.payload, grpcMessage(text));
      }
      client.send(data(stream, Buffer.alloc(0), { endStream: true }));
      assert.equal((await client.answer(stream)).grpcStatus, "0");
    });

    it("are in the order of messages, also for thousands", async () => {
      const { grpcStatus, body } = await askBytes(paths.flood, grpcMessage("3000 1"));
      const expected = Array.from({ length: 3_000 }, (_, index) =>
        grpcMessage(Buffer.from([index + 1])),
      );
      assert.equal(grpcStatus, "0");
      assert.deepEqual(body, Buffer.concat(expected));
    });
  });

  describe("requests", () => {
    it("to unknown services and methods are UNIMPLEMENTED, without reading them", async () => {
      for (const [path, text] of [
        ["/no.Such/Call", "unknown service no.Such"],
        ["/test.Http2/No", "unknown method No for service test.Http2"],
        ["/test.http2/Echo", "unknown service test.http2"],
        ["/test.Http2/echo", "unknown method echo for service test.Http2"],
        ["/test.Http2/Echo/", "unknown service test.Http2/Echo"],
        ["/test.Http2/Echo?a=b", "unknown method Echo?a=b for service test.Http2"],
      ] as const) {
        const answer = await ask(path, () => []);
        assert.deepEqual([answer.grpcStatus, answer.grpcMessage], ["12", text]);
      }
    });

    it("of another content type are 415, of gRPC's own with a suffix are served", async () => {
      for (const type of [undefined, "", "text/html", "application/grpcx", "application/json"]) {
        const answer = await askBytes(paths.echo, grpcMessage("x"), { "content-type": type });
        assert.equal(answer.httpStatus, "415", String(type));
      }
      for (const type of ["application/grpc+proto", "application/grpc;x=y", "application/grpc+x"]) {
        const answer = await askBytes(paths.echo, grpcMessage("x"), { "content-type": type });
        assert.deepEqual([answer.httpStatus, answer.grpcStatus], ["200", "0"], type);
      }
    });

    it("with another method than POST are 405", async () => {
      for (const method of ["GET", "PUT", "post", "HEAD", "OPTIONS"]) {
        const answer = await askBytes(paths.echo, grpcMessage("x"), { ":method": method });
        assert.equal(answer.httpStatus, "405", method);
      }
    });

    it("bring metadata: the first value, binary ones decoded with padding or without", async () => {
      const bytes = Buffer.from([0, 0xff, 0x80, 0x0a]);
      const fields: readonly Field[] = [
        ...requestFields(paths.headers),
        ["token", "first"],
        ["token", "second"],
        ["padded-bin", bytes.toString("base64")],
        ["bare-bin", bytes.toString("base64").replace(/=+$/, "")],
        ["several-bin", `${bytes.toString("base64")},AAAA`],
        ["empty-bin", ""],
        ["empty", ""],
        ["grpc-unknown", "x"],
      ];
      const names = [
        "token",
        "padded-bin",
        "bare-bin",
        "several-bin",
        "empty-bin",
        "empty",
        "none",
      ];
      const stream = client.newStream();
      client.send(
        headers(stream, encodeFields(fields)),
        data(stream, grpcMessage(names.join("\n")), { endStream: true }),
      );
      const { body, grpcStatus } = await client.answer(stream);
      assert.equal(grpcStatus, "0");
      const text = bytes.toString("latin1");
      const expected = ["first", text, text, text, "", "", null];
      assert.deepEqual(JSON.parse(body.toString("utf8", 5)), expected);
    });

    it("end at their time-out, whatever its unit, and their handlers hear of it", async () => {
      for (const timeout of ["0n", "1n", "999u", "1m", "20m", "00000001m"]) {
        const answer = await askBytes(paths.hold, grpcMessage(""), { "grpc-timeout": timeout });
        assert.equal(answer.grpcStatus, "4", timeout);
        assert.equal(answer.grpcMessage, "context deadline exceeded");
      }
      const streamed = await ask(paths.chat, () => [], { "grpc-timeout": "20m" });
      assert.equal(streamed.grpcStatus, "4");
      await server.untilIdle();
    });

    it("with a time-out that is none are refused, with long ones served", async () => {
      for (const timeout of [
        "",
        "1",
        "S",
        "1s",
        "-1S",
        "1.5S",
        "123456789S",
        "1S ",
        "1SS",
        "0x1S",
      ]) {
        if (timeout.endsWith(" ")) continue; // No field value at all.
        const answer = await askBytes(paths.echo, grpcMessage(""), { "grpc-timeout": timeout });
        assert.notEqual(answer.grpcStatus, "0", `"${timeout}"`);
      }
      for (const timeout of ["99999999H", "99999999S", "1M"]) {
        const answer = askBytes(paths.echo, grpcMessage(""), { "grpc-timeout": timeout });
        assert.equal(await statusOf(answer), "0", timeout);
      }
    });
  });
});

describe("back-pressure over HTTP/2", () => {
  const limits = { writeBufferBytes: 50_000 };

  it("bounds what waits for a client without window; others are served", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 0]] });
      const streams: number[] = [];
      for (let index = 0; index < 20; index += 1) {
        const stream = client.newStream();
        streams.push(stream);
        const message = data(stream, grpcMessage("100 10000"), { endStream: true });
        client.send(headers(stream, block(paths.flood)), message);
      }
      await client.barrier();
      await server.canary();
      const { bytes } = server.flooded;
      assert.ok(bytes >= 20 * 50_000 && bytes <= 20 * 70_000, `${bytes} bytes wait`);
      // One stream of the same connection gets window: it alone goes on, to its end.
      const [first = 0, ...others] = streams;
      client.send(windowUpdate(first, 2_000_000), windowUpdate(0, 100_000_000));
      const whole = await client.answer(first);
      assert.deepEqual([whole.grpcStatus, whole.body.length], ["0", 1_000_500]);
      assert.deepEqual(
        others.flatMap((stream) => client.untaken(FrameType.data, stream)),
        [],
      );
      client.send(...others.map((stream) => windowUpdate(stream, 2_000_000)));
      for (const stream of others) {
        const { grpcStatus, body } = await client.answer(stream);
        assert.deepEqual([grpcStatus, body.length], ["0", 1_000_500]);
      }
      await client.destroy();
    }, limits);
  });

  it("goes on byte by byte if that is the window, and arrives whole", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 0]] });
      client.send(headers(1, block(paths.flood)));
      client.send(data(1, grpcMessage("10 20"), { endStream: true }));
      for (let byte = 1; byte <= 250; byte += 1) {
        client.send(windowUpdate(1, 1));
        await client.until(`byte ${byte}`, () => client.untaken(FrameType.data).length === byte);
      }
      const expected = Array.from({ length: 10 }, (_, index) => {
        return grpcMessage(Buffer.alloc(20, index + 1));
      });
      const { grpcStatus, body } = await client.answer(1);
      assert.equal(grpcStatus, "0");
      assert.deepEqual(body, Buffer.concat(expected));
      await client.destroy();
    }, limits);
  });

  it("of handlers that do not read stops the client of that stream, and only that", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open();
      const sender = new WindowSender(client);
      const message = grpcMessage(Buffer.alloc(1_000));
      const sinks = Array.from({ length: 50 }, () => client.open(paths.sink));
      for (const sink of sinks) {
        const room = sender.streamWindow(sink);
        const count = Math.ceil(room / message.length);
        const bytes = Buffer.concat(Array.from({ length: count }, () => message));
        await sender.send(sink, bytes.subarray(0, room));
      }
      await client.barrier();
      for (const sink of sinks) assert.equal(sender.streamWindow(sink), 0);
      const stream = client.open(paths.echo);
      await sender.send(stream, grpcMessage(Buffer.alloc(60_000)), { endStream: true });
      assert.equal((await client.answer(stream)).grpcStatus, "0");
      await server.canary();
      // The first one begins to read: it gets all of it, and its window comes back.
      const [first = 0] = sinks;
      let received = 0;
      const [serverSide] = server.sinks;
      serverSide?.onMessage(() => (received += 1));
      serverSide?.resume();
      await client.until("window", () => sender.streamWindow(first) > 0);
      const rest = message.length - (65_535 % message.length);
      await sender.send(first, message.subarray(message.length - rest), { endStream: true });
      assert.equal((await client.answer(first)).grpcStatus, "0");
      assert.equal(received, Math.ceil(65_535 / message.length));
      await client.destroy();
    });
  });

  it("shares a narrow connection fairly among streams", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 0x7fffffff]] });
      const streams = Array.from({ length: 8 }, () => client.newStream());
      for (const stream of streams) {
        const message = data(stream, grpcMessage("100 10000"), { endStream: true });
        client.send(headers(stream, block(paths.flood)), message);
      }
      let total = 65_535;
      await client.expectBytes(total);
      for (let round = 0; round < 40; round += 1) {
        client.send(windowUpdate(0, 16_384));
        total += 16_384;
        await client.expectBytes(total);
      }
      for (const stream of streams) {
        let bytes = 0;
        for (const { payload } of client.untaken(FrameType.data, stream)) bytes += payload.length;
        assert.ok(bytes >= total / 16, `stream ${stream} got ${bytes} of ${total}`);
      }
      await client.destroy();
    });
  });

  it("lets a small call pass large answers under way", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 0x7fffffff]] });
      client.send(windowUpdate(0, 1_000_000_000));
      client.send(headers(1, block(paths.flood)));
      client.send(data(1, grpcMessage("2000 10000"), { endStream: true }), call(3));
      await client.answer(3);
      const ends = client.untaken(FrameType.headers, 1).filter(({ flags }) => {
        return (flags & Flag.endStream) !== 0;
      });
      assert.deepEqual(ends, [], "the large answer is still under way");
      const { grpcStatus, body } = await client.answer(1);
      assert.deepEqual([grpcStatus, body.length], ["0", 20_010_000]);
      await client.destroy();
    });
  });

  it("does not outlast a time-out, but for a message that was begun", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 100]] });
      const stream = client.open(paths.flood, { "grpc-timeout": "30m" });
      client.send(data(stream, grpcMessage("400 1000"), { endStream: true }));
      await client.expectBytes(100);
      await server.untilIdle();
      client.send(windowUpdate(stream, 1_000_000));
      const { grpcStatus, body } = await client.answer(stream);
      assert.deepEqual([grpcStatus, body.length], ["4", 1_005]);
      await client.destroy();
    }, limits);
  });

  it("forgets what waits for a stream that is reset or a connection that is gone", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 0]] });
      for (const stream of [1, 3]) {
        client.send(headers(stream, block(paths.flood)));
        client.send(data(stream, grpcMessage("100 10000"), { endStream: true }));
      }
      await until("both calls are open", () => server.harness.openCalls === 2);
      client.send(rstStream(1, 8));
      await until("one call is open", () => server.harness.openCalls === 1);
      await client.destroy();
      await server.untilIdle();
      await server.untilDeserted();
    }, limits);
  });
});

describe("streams that live long", () => {
  it("stay as they are while thousands of others come and go beside them", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ settings: [[4, 1_000_000]] });
      client.send(windowUpdate(0, 1_000_000_000));
      const old: number[] = [];
      for (let round = 0; round < 1_500; round += 1) {
        if (round % 100 === 0) old.push(client.open(paths.chat));
        if (round % 10 === 0) client.send(call(client.newStream(), paths.hold));
        assert.equal((await client.call(paths.echo, `${round}`)).grpcStatus, "0");
      }
      assert.equal(server.held.size, 150);
      for (const part of ["a", "b"]) {
        for (const stream of old) client.send(data(stream, grpcMessage(part + stream)));
      }
      server.releaseHeld();
      for (const stream of old.reverse()) {
        client.send(data(stream, Buffer.alloc(0), { endStream: true }));
        const { grpcStatus, body } = await client.answer(stream);
        const expected = Buffer.concat([grpcMessage(`a${stream}`), grpcMessage(`b${stream}`)]);
        assert.deepEqual([grpcStatus, body], ["0", expected]);
      }
      await server.untilIdle();
      await client.destroy();
    });
  });
});
