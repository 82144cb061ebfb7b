import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { NodeClock, NodeRandom, NodeTimers, noopLogger } from "@quorate/platform";
import { SimScheduler, SimTimers } from "@quorate/platform/sim";
import { toMemberId } from "@quorate/raft";
import { encodeFrame, FrameKind, FrameReader } from "../src/peer/frame.ts";
import { encodeHello, peerProtocolVersion, type Hello } from "../src/peer/handshake.ts";
import { defaultPeerLinkOptions, PeerLink } from "../src/peer/peer-link.ts";
import { PeerListener } from "../src/peer/peer-listener.ts";
import type { IncomingSnapshot } from "../src/peer/peer-transport.ts";
import { streamSnapshot } from "../src/peer/snapshot-outflow.ts";

const hello: Hello = {
  protocol: peerProtocolVersion,
  clusterId: 1n,
  from: toMemberId(2n),
  to: toMemberId(3n),
  purpose: "snapshot",
  peerUrls: [],
};

async function listenOn(onSocket: (socket: Socket) => void): Promise<[Server, string]> {
  const server = createServer(onSocket).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return [server, `http://127.0.0.1:${port}`];
}

function send(socket: Socket, kind: FrameKind, payload: Uint8Array): void {
  for (const part of encodeFrame(kind, [payload])) socket.write(part);
}

function startListener(sink: IncomingSnapshot): {
  readonly scheduler: SimScheduler;
  readonly listener: PeerListener;
} {
  const scheduler = new SimScheduler();
  const listener = new PeerListener(
    {
      ...{ clusterId: 1n, memberId: toMemberId(3n), connectionsMax: 8 },
      ...{ handshakeTimeoutMillis: 5_000, silenceMaxMillis: 10_000 },
    },
    {
      timers: new SimTimers(scheduler),
      logger: noopLogger,
      onReceived: () => undefined,
      handler: {
        admit: () => "known",
        describe: () => Promise.reject(new Error("not expected")),
        onFrame: () => undefined,
        onConnected: () => undefined,
        onDisconnected: () => undefined,
        onRemoved: () => undefined,
        openSnapshot: () => sink,
      },
    },
  );
  return { scheduler, listener };
}

const ignoringSink: IncomingSnapshot = {
  begin: () => Promise.resolve(),
  write: () => Promise.resolve(),
  finish: () => Promise.resolve(),
  abort: () => Promise.resolve(),
};

const onSent = (): void => undefined;

test("streamSnapshot fails when the receiver goes away between two chunks", async () => {
  const [server, url] = await listenOn((socket) => {
    send(socket, FrameKind.welcome, new Uint8Array(0));
    socket.on("error", () => undefined).resume();
    socket.once("data", () => setImmediate(() => socket.destroy()));
  });
  let isGone = false;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(10);
    // Longer than the receiver lives: the next write finds a socket that has closed already.
    while (!isGone) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    yield Buffer.alloc(10);
  }
  server.on("connection", (socket: Socket) => socket.once("close", () => (isGone = true)));
  const snapshot = { message: Buffer.alloc(1), sizeBytes: 20, chunks: chunks() };
  const signal = new AbortController().signal;
  await assert.rejects(streamSnapshot(hello, url, snapshot, { signal, onSent }));
  server.close();
});

test("streamSnapshot gives up a silent receiver, not a slow one (B10)", async () => {
  const answer = async (pongs: number, isHeard: boolean): Promise<string> => {
    const [server, url] = await listenOn((socket) => {
      send(socket, FrameKind.welcome, new Uint8Array(0));
      socket.on("error", () => undefined).resume();
      let left = pongs;
      const beat = (): void => {
        left -= 1;
        send(socket, left >= 0 ? FrameKind.pong : FrameKind.welcome, new Uint8Array(0));
        if (left < 0) clearInterval(pulse);
      };
      const pulse = setInterval(() => isHeard && beat(), 50);
      socket.once("close", () => clearInterval(pulse));
    });
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.alloc(10));
    }
    const snapshot = { message: Buffer.alloc(1), sizeBytes: 10, chunks: chunks() };
    const signal = AbortSignal.timeout(60_000);
    const options = { signal, onSent, silenceMaxMillis: 400 };
    const outcome = await streamSnapshot(hello, url, snapshot, options).then(() => "sent", String);
    server.close();
    return outcome;
  };
  assert.match(await answer(0, false), /peer does not answer/);
  assert.equal(await answer(24, true), "sent");
});

test("PeerListener says that it takes a snapshot, however slow its disk is", async () => {
  const { scheduler, listener } = startListener({
    ...ignoringSink,
    begin: () => new Promise(() => undefined),
  });
  const port = await listener.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect(port, "127.0.0.1");
  const kinds: number[] = [];
  const reader = new FrameReader((kind) => kinds.push(kind));
  socket.on("data", (chunk: Buffer) => reader.push(chunk));
  send(socket, FrameKind.hello, encodeHello(hello));
  await once(socket, "data");
  send(socket, FrameKind.snapshotBegin, Buffer.alloc(1));
  for (let second = 0; second < 3; second += 1) {
    scheduler.advance(1_000);
    await once(socket, "data");
  }
  const { welcome, pong } = FrameKind;
  assert.deepEqual(kinds, [welcome, pong, pong, pong]);
  socket.destroy();
  await listener.close();
});

test("PeerListener gives up a snapshot stream whose sender has fallen silent (B10)", async () => {
  let abort = (): Promise<void> => Promise.resolve();
  const aborted = new Promise<void>((resolve) => {
    abort = () => Promise.resolve(resolve());
  });
  const { scheduler, listener } = startListener({ ...ignoringSink, abort: () => abort() });
  const port = await listener.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect(port, "127.0.0.1");
  send(socket, FrameKind.hello, encodeHello(hello));
  await once(socket, "data");
  scheduler.advance(5_000);
  assert.equal(socket.destroyed, false, "one half period is not enough");
  scheduler.advance(10_000);
  await once(socket, "close");
  await aborted;
  await listener.close();
});

test("a state that its receiver refuses is told so to its sender (B7)", async () => {
  const finish = (): Promise<void> => Promise.reject(new Error("row 7 is damaged"));
  const { listener } = startListener({ ...ignoringSink, finish });
  const port = await listener.listen({ host: "127.0.0.1", port: 0 });
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.alloc(10));
  }
  const snapshot = { message: Buffer.alloc(1), sizeBytes: 10, chunks: chunks() };
  const signal = new AbortController().signal;
  const url = `http://127.0.0.1:${port}`;
  const sending = streamSnapshot(hello, url, snapshot, { signal, onSent });
  await assert.rejects(sending, /Snapshot was refused: row 7 is damaged/);
  await listener.close();
});

test("PeerListener takes only short frames from those who have not said who they are", async () => {
  const { listener } = startListener(ignoringSink);
  const port = await listener.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined).resume();
  const head = Buffer.alloc(9);
  head.writeUInt32LE(1024 * 1024, 0);
  socket.write(head);
  await once(socket, "close");
  await listener.close();
});

/** A connection that is not closed would be waited for without end. */
const limited = { timeout: 30_000 };

test(
  "PeerListener closes who has not said who it is in time, and nobody else (C55, B20)",
  limited,
  async (context) => {
    const { scheduler, listener } = startListener(ignoringSink);
    context.after(() => listener.close());
    const port = await listener.listen({ host: "127.0.0.1", port: 0 });
    const known = connect(port, "127.0.0.1");
    send(known, FrameKind.hello, encodeHello({ ...hello, purpose: "messages" }));
    await once(known, "data");
    const silent = connect(port, "127.0.0.1");
    await once(silent, "connect");
    const partial = connect(port, "127.0.0.1");
    await once(partial, "connect");
    const [head = Buffer.alloc(0)] = encodeFrame(FrameKind.hello, [encodeHello(hello)]);
    partial.write(head.subarray(0, -1));
    // Accepted in this order: when the last has its answer, the time of all runs.
    const last = connect(port, "127.0.0.1");
    send(last, FrameKind.hello, encodeHello({ ...hello, purpose: "messages" }));
    await once(last, "data");
    const closed = [silent, partial].map((socket) => once(socket.resume(), "close"));
    scheduler.advance(4_999);
    send(known, FrameKind.ping, Buffer.alloc(1));
    await once(known, "data");
    assert.deepEqual([silent.destroyed, partial.destroyed], [false, false], "there is time left");
    scheduler.advance(1);
    await Promise.all(closed);
    send(known, FrameKind.ping, Buffer.alloc(1));
    await once(known, "data");
    for (const socket of [known, last]) socket.destroy();
  },
);

test(
  "PeerListener refuses connections beyond the cap until there is room (C55, B20)",
  limited,
  async (context) => {
    const { listener } = startListener(ignoringSink);
    context.after(() => listener.close());
    const port = await listener.listen({ host: "127.0.0.1", port: 0 });
    const greet = async (): Promise<{ readonly socket: Socket; readonly isHeard: boolean }> => {
      const socket = connect(port, "127.0.0.1");
      const outcome = new Promise<boolean>((resolve) => {
        socket.on("error", () => undefined).once("close", () => resolve(false));
        socket.once("data", () => resolve(true));
      });
      send(socket, FrameKind.hello, encodeHello({ ...hello, purpose: "messages" }));
      return { socket, isHeard: await outcome };
    };
    const inside: Socket[] = [];
    for (let count = 0; count < 8; count += 1) {
      const { socket, isHeard } = await greet();
      assert.ok(isHeard, `connection ${count}`);
      inside.push(socket);
    }
    assert.equal((await greet()).isHeard, false, "the ninth of eight");
    const [gone, other] = inside;
    assert.ok(gone !== undefined && other !== undefined);
    send(other, FrameKind.ping, Buffer.alloc(1));
    await once(other, "data");
    gone.destroy();
    // The server hears of it in one of the next turns.
    const end = performance.now() + 10_000;
    for (let isHeard = false; !isHeard;) {
      assert.ok(performance.now() < end, "no room is made");
      const next = await greet();
      isHeard = next.isHeard;
      inside.push(next.socket);
    }
    for (const socket of inside) socket.destroy();
  },
);

test("PeerLink survives a URL that cannot be dialled and tries the next one", async () => {
  const [server, url] = await listenOn((socket) => {
    const reader = new FrameReader(() => send(socket, FrameKind.welcome, new Uint8Array(0)));
    socket.on("error", () => undefined).on("data", (chunk) => reader.push(chunk));
  });
  const link = await new Promise<PeerLink>((resolve) => {
    const created: PeerLink = new PeerLink(
      hello,
      ["https://127.0.0.1:1", url],
      { ...defaultPeerLinkOptions, retryMinMillis: 1 },
      {
        ...{ clock: new NodeClock(), timers: new NodeTimers() },
        ...{ random: new NodeRandom(), logger: noopLogger },
      },
      {
        onConnected: () => resolve(created),
        onDisconnected: () => undefined,
        onRefused: () => undefined,
        onRoundTrip: () => undefined,
        onSent: () => undefined,
      },
    );
  });
  assert.equal(link.url, url);
  link.close();
  server.close();
});

/** A link to a server that welcomes and then answers nothing; `probe` lets time pass for both. */
async function startSilentLink(): Promise<{
  readonly link: PeerLink;
  readonly socket: Socket;
  readonly probe: (count: number) => Promise<void>;
  readonly close: () => void;
}> {
  const scheduler = new SimScheduler();
  let isWelcomed = false;
  const accepted = new Promise<[Server, string, Promise<Socket>]>((resolve) => {
    const socket = new Promise<Socket>((resolveSocket) => {
      void listenOn((each) => {
        each
          .on("error", () => undefined)
          .once("data", () => {
            if (!isWelcomed) send(each, FrameKind.welcome, new Uint8Array(0));
            isWelcomed = true;
            each.pause();
            resolveSocket(each);
          });
      }).then(([server, url]) => resolve([server, url, socket]));
    });
  });
  const [server, url, dialled] = await accepted;
  let onConnected = (): void => undefined;
  const connected = new Promise<void>((resolve) => (onConnected = () => resolve()));
  const link = new PeerLink(
    hello,
    [url],
    defaultPeerLinkOptions,
    {
      ...{ clock: new NodeClock(), timers: new SimTimers(scheduler) },
      ...{ random: new NodeRandom(), logger: noopLogger },
    },
    {
      onConnected,
      onDisconnected: () => undefined,
      onRefused: () => undefined,
      onRoundTrip: () => undefined,
      onSent: () => undefined,
    },
  );
  const socket = await dialled;
  await connected;
  const probe = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) {
      scheduler.advance(defaultPeerLinkOptions.pingIntervalMillis);
      // What was written is handed to the kernel in later turns.
      for (let step = 0; step < 10; step += 1) await new Promise((done) => setImmediate(done));
    }
  };
  const close = (): void => {
    link.close();
    socket.destroy();
    server.close();
  };
  return { link, socket, probe, close };
}

test("PeerLink takes a peer that does not answer for dead within 2 s (B10)", async () => {
  const { link, probe, close } = await startSilentLink();
  await probe(3);
  assert.ok(link.connectedSince !== undefined, "it may be late");
  await probe(1);
  assert.equal(link.connectedSince, undefined, "TCP alone would wait for many minutes");
  close();
});

test("PeerLink has patience while frames wait: its pings are behind them (B10)", async () => {
  const { link, probe, close } = await startSilentLink();
  // More than any kernel takes for a reader that does not read.
  for (let frame = 0; frame < 48; frame += 1) link.send(FrameKind.raft, [Buffer.alloc(1 << 20)]);
  await probe(9);
  assert.ok(link.connectedSince !== undefined, "a slow link is not a dead one");
  await probe(1);
  assert.equal(link.connectedSince, undefined);
  close();
});
