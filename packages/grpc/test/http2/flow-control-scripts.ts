import assert from "node:assert/strict";
import {
  data,
  FrameType,
  grpcMessage,
  headers,
  rstStream,
  settings,
  windowUpdate,
} from "./frames.ts";
import type { RawClient } from "./raw-client.ts";
import { block, type ScriptedRule } from "./rule.ts";
import { paths, type TestServer } from "./test-server.ts";
import { WindowSender } from "./window-sender.ts";

const windowMax = 0x7fffffff;
const initialWindow = 65_535;

/** Rules of flow control: sections 5.2, 6.9.1 and 6.9.2. */
export const flowControlScripts: readonly ScriptedRule[] = [
  ...sendingRules(),
  ...settingsRules(),
  ...receivingRules(),
];

/** Asks for `count` messages of `size` bytes: `size` + 5 bytes of DATA each. */
function flood(client: RawClient, count: number, size: number): number {
  const stream = client.newStream();
  client.send(
    headers(stream, block(paths.flood)),
    data(stream, grpcMessage(`${count} ${size}`), { endStream: true }),
  );
  return stream;
}

async function expectWhole(client: RawClient, stream: number, bytes: number): Promise<void> {
  const { grpcStatus, body } = await client.answer(stream);
  assert.deepEqual({ grpcStatus, length: body.length }, { grpcStatus: "0", length: bytes });
}

function withWindow(server: TestServer, initial: number): Promise<RawClient> {
  return server.open({ settings: [[4, initial]] });
}

function sendingRules(): readonly ScriptedRule[] {
  return [
    {
      section: "5.2",
      rule: "DATA stops at the stream's window and goes on with each WINDOW_UPDATE",
      script: async (server) => {
        const client = await withWindow(server, 10);
        const stream = flood(client, 1, 1_000);
        await client.expectBytes(10);
        client.send(windowUpdate(stream, 5));
        await client.expectBytes(15);
        client.send(windowUpdate(stream, 1));
        await client.expectBytes(16);
        client.send(windowUpdate(stream, 100_000));
        await expectWhole(client, stream, 1_005);
        await client.destroy();
      },
    },
    {
      section: "5.2",
      rule: "all streams share the connection's window of 65535 bytes",
      script: async (server) => {
        const client = await withWindow(server, windowMax);
        const streams = [flood(client, 1, 50_000), flood(client, 1, 50_000)];
        await client.expectBytes(initialWindow);
        client.send(windowUpdate(0, 1));
        await client.expectBytes(initialWindow + 1);
        client.send(windowUpdate(0, 1_000_000));
        for (const stream of streams) await expectWhole(client, stream, 50_005);
        await client.destroy();
      },
    },
    {
      section: "6.9.1",
      rule: "HEADERS need no window: errors and heads pass a window of 0",
      script: async (server) => {
        const client = await withWindow(server, 0);
        assert.equal((await client.call("/no.Such/Call", "")).grpcStatus, "12");
        assert.equal((await client.call(paths.fail, "why")).grpcMessage, "why");
        const stream = flood(client, 1, 1);
        await client.expectBytes(0);
        client.send(windowUpdate(stream, 6));
        await expectWhole(client, stream, 6);
        await client.destroy();
      },
    },
    {
      section: "6.9.1",
      rule: "an answer that fits the window exactly ends without another WINDOW_UPDATE",
      script: async (server) => {
        const client = await server.open();
        await expectWhole(client, flood(client, 1, initialWindow - 5), initialWindow);
        await client.destroy();
      },
    },
    {
      section: "6.9.1",
      rule: "a stream without window does not hold up the others",
      script: async (server) => {
        const client = await withWindow(server, 100);
        const stuck = flood(client, 1, 1_000);
        await client.expectBytes(100, stuck);
        for (let round = 0; round < 20; round += 1) {
          assert.equal((await client.call(paths.echo, "x")).grpcStatus, "0");
        }
        client.send(windowUpdate(stuck, 905));
        await expectWhole(client, stuck, 1_005);
        await client.destroy();
      },
    },
    {
      section: "6.9.1",
      rule: "WINDOW_UPDATE before the answer begins counts, on the stream and the connection",
      script: async (server) => {
        const client = await server.open();
        const stream = client.open(paths.flood);
        client.send(windowUpdate(stream, 100_000), windowUpdate(0, 100_000));
        client.send(data(stream, grpcMessage("10 10000"), { endStream: true }));
        await expectWhole(client, stream, 100_050);
        await client.destroy();
      },
    },
    {
      section: "6.9.1",
      rule: "a stream reset while it waits for window gives nothing more, and costs others nothing",
      script: async (server) => {
        const client = await withWindow(server, 1_000);
        for (let round = 0; round < 200; round += 1) {
          const stream = flood(client, 1, 5_000);
          await client.expectBytes(1_000 * (round + 1));
          client.send(rstStream(stream, 8), windowUpdate(0, 1_000));
        }
        assert.equal((await client.call(paths.echo, "x")).grpcStatus, "0");
        await client.destroy();
      },
    },
  ];
}

function settingsRules(): readonly ScriptedRule[] {
  const section = "6.9.2";
  return [
    {
      section,
      rule: "a larger initial window size lets open streams go on",
      script: async (server) => {
        const client = await withWindow(server, 10);
        const stream = flood(client, 1, 1_000);
        await client.expectBytes(10);
        client.send(settings([4, 25]));
        await client.expectBytes(25);
        client.send(settings([4, 2_000]));
        await expectWhole(client, stream, 1_005);
        await client.destroy();
      },
    },
    {
      section,
      rule: "a smaller one may make windows negative, which WINDOW_UPDATE makes good first",
      script: async (server) => {
        const client = await withWindow(server, 100);
        const stream = flood(client, 1, 1_000);
        await client.expectBytes(100);
        client.send(settings([4, 40])); // The window is -60.
        client.send(windowUpdate(stream, 60));
        await client.expectBytes(100);
        client.send(windowUpdate(stream, 1));
        await client.expectBytes(101);
        client.send(settings([4, 0]), settings([4, 45])); // -40, then 5.
        await client.expectBytes(106);
        client.send(windowUpdate(stream, 899));
        await expectWhole(client, stream, 1_005);
        await client.destroy();
      },
    },
    {
      section,
      rule: "each value of one SETTINGS counts against the one before",
      script: async (server) => {
        const client = await withWindow(server, 0);
        const stream = flood(client, 1, 1_000);
        await client.expectBytes(0);
        client.send(settings([4, 500], [4, 20], [4, 30]));
        await client.expectBytes(30);
        client.send(windowUpdate(stream, 5_000));
        await expectWhole(client, stream, 1_005);
        await client.destroy();
      },
    },
    {
      section,
      rule: "SETTINGS never change the connection's window",
      script: async (server) => {
        const client = await withWindow(server, 0);
        const stream = flood(client, 10, 20_000);
        client.send(settings([4, windowMax]), settings([4, 0]), settings([4, 1_000_000]));
        await client.expectBytes(initialWindow);
        client.send(settings([4, 10_000_000]));
        await client.expectBytes(initialWindow);
        client.send(windowUpdate(0, 1_000_000));
        await expectWhole(client, stream, 200_050);
        await client.destroy();
      },
    },
  ];
}

function receivingRules(): readonly ScriptedRule[] {
  return [
    {
      section: "6.9.1",
      rule: "DATA above the stream's window is FLOW_CONTROL_ERROR",
      script: async (server) => {
        const client = await server.open();
        const sender = new WindowSender(client);
        const stream = client.open(paths.sink);
        await client.barrier();
        const room = Math.min(sender.connectionWindow, sender.streamWindow(stream));
        const messages = Buffer.concat(
          Array.from({ length: Math.ceil(room / 1_005) }, () => grpcMessage(Buffer.alloc(1_000))),
        );
        await sender.send(stream, messages.subarray(0, room));
        await client.barrier();
        assert.deepEqual(client.untaken(FrameType.windowUpdate, stream), [], "nobody reads");
        client.send(data(stream, Buffer.alloc(1)));
        const error = await client.expect("an error of flow control", ({ type }) => {
          return type === FrameType.rstStream || type === FrameType.goAway;
        });
        assert.equal(error.payload.readUInt32BE(error.type === FrameType.goAway ? 4 : 0), 3);
        await client.destroy();
      },
    },
    {
      section: "6.9.1",
      rule: "messages above the windows come through if the client waits for credit",
      script: async (server) => {
        const client = await server.open({ settings: [[4, windowMax]] });
        client.send(windowUpdate(0, 1_000_000_000));
        const stream = client.open(paths.echo);
        const message = Buffer.alloc(2_000_000, "abcdefg");
        await new WindowSender(client).send(stream, grpcMessage(message), { endStream: true });
        const { grpcStatus, body } = await client.answer(stream);
        assert.equal(grpcStatus, "0");
        assert.ok(body.subarray(5).equals(message));
        await client.destroy();
      },
    },
    {
      section: "6.9.1",
      rule: "padding counts, and is given back",
      script: async (server) => {
        const client = await server.open({ settings: [[4, windowMax]] });
        client.send(windowUpdate(0, 1_000_000_000));
        const stream = client.open(paths.echo);
        const sender = new WindowSender(client);
        const bytes = 2 * Math.max(sender.connectionWindow, sender.streamWindow(stream));
        const frames = Math.ceil(Math.min(bytes, 4_000_000) / 256);
        const message = grpcMessage(Buffer.alloc(frames));
        await sender.send(stream, message, { padding: 255, frameBytes: 1, endStream: true });
        assert.equal((await client.answer(stream)).grpcStatus, "0");
        await client.destroy();
      },
    },
    {
      section: "6.9",
      rule: "DATA of streams that are over counts for the connection, and is given back",
      script: async (server) => {
        const client = await server.open();
        const sender = new WindowSender(client);
        const target = 3 * sender.connectionWindow;
        let sent = 0;
        while (sent < target) {
          const stream = client.open("/no.Such/Call");
          assert.equal((await client.answer(stream)).grpcStatus, "12");
          const room = Math.floor(sender.streamWindow(stream) / 4);
          await client.until("room of the connection", () => sender.connectionWindow >= 4 * room);
          const frame = data(stream, Buffer.alloc(Math.min(room, 16_384)));
          client.send(frame, frame, frame, frame);
          sender.count(stream, 4 * (frame.length - 9));
          sent += 4 * (frame.length - 9);
        }
        assert.equal((await client.call(paths.echo, "x")).grpcStatus, "0");
        await client.destroy();
      },
    },
    {
      section: "6.9",
      rule: "WINDOW_UPDATE of streams that are over is no error",
      script: async (server) => {
        const client = await server.open();
        await client.call(paths.echo, "x");
        client.send(windowUpdate(1, 1), windowUpdate(1, windowMax), windowUpdate(1, windowMax));
        assert.equal((await client.call(paths.echo, "x")).grpcStatus, "0");
        assert.deepEqual(client.untaken(FrameType.rstStream), []);
        await client.destroy();
      },
    },
  ];
}
