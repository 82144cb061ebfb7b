import assert from "node:assert/strict";
import { test } from "node:test";

import {
  services,
  watchCancelReasons,
  wireErrors,
  type EventInit,
  type WatchCreateRequest,
  type WatchRequest,
  type WatchResponseInit,
} from "@quorate/api";
import {
  connect,
  TransportError,
  WatchCanceledError,
  WatchCompactedError,
  type WatchBatch,
} from "@quorate/client";

import { ScriptedServer, type ScriptedStream } from "./scripted-server.ts";

const { watch } = services.watch;
type Stream = ScriptedStream<WatchRequest, WatchResponseInit>;

const text = new TextEncoder();

function putAt(revision: number, key = "a", value = "v"): EventInit {
  const kv = {
    key: text.encode(key),
    value: text.encode(value),
    modRevision: revision,
    createRevision: revision,
    version: 1,
  };
  return { kv };
}

/** Waits for the next create request; other requests are passed over. */
async function nextCreate(stream: Stream): Promise<WatchCreateRequest> {
  for (;;) {
    const request = await stream.next();
    if (request === undefined) throw new Error("Cannot read a create request: stream is over");
    if (request.requestUnion?.case === "createRequest") return request.requestUnion.value;
  }
}

async function nextCancel(stream: Stream): Promise<bigint> {
  for (;;) {
    const request = await stream.next();
    if (request === undefined) throw new Error("Cannot read a cancel request: stream is over");
    if (request.requestUnion?.case === "cancelRequest") return request.requestUnion.value.watchId;
  }
}

/** Serves each new stream with the next script. */
async function scripted(
  ...scripts: readonly ((stream: Stream) => Promise<void>)[]
): Promise<ScriptedServer> {
  let opened = 0;
  return new ScriptedServer()
    .onStream(watch, async (stream) => {
      const script = scripts[opened];
      opened += 1;
      if (script === undefined) return;
      await script(stream).catch((error: unknown) => {
        // Outside of every promise, so that the test runner sees it.
        setImmediate(() => {
          throw error;
        });
      });
    })
    .start();
}

async function take<Item>(source: AsyncIterator<Item>, count: number): Promise<Item[]> {
  const items: Item[] = [];
  while (items.length < count) {
    const result = await source.next();
    if (result.done === true) break;
    items.push(result.value);
  }
  return items;
}

test("W5: a broken stream is continued after the last revision received", async () => {
  await using server = await scripted(
    async (stream) => {
      assert.equal((await nextCreate(stream)).startRevision, 0);
      stream.send({ header: { revision: 7 }, watchId: 0n, created: true });
      stream.send({ header: { revision: 9 }, watchId: 0n, events: [putAt(8), putAt(9)] });
      stream.fail(wireErrors["no-leader"]);
    },
    async (stream) => {
      assert.equal((await nextCreate(stream)).startRevision, 10);
      stream.send({ header: { revision: 9 }, watchId: 4n, created: true });
      // A server that repeats itself is not believed (W2).
      stream.send({ header: { revision: 10 }, watchId: 4n, events: [putAt(9), putAt(10)] });
      await stream.next();
    },
  );
  await using client = connect({ endpoints: [server.endpoint] });
  await using watcher = client.watch("a");
  assert.equal(await watcher.whenCreated(), 7);
  const events = await take(watcher[Symbol.asyncIterator](), 3);
  assert.deepEqual(
    events.map((event) => event.kv.modRevision),
    [8, 9, 10],
  );
});

test("W5: a watch that was acknowledged but saw nothing continues from there", async () => {
  await using server = await scripted(
    async (stream) => {
      await nextCreate(stream);
      stream.send({ header: { revision: 7 }, watchId: 0n, created: true });
      stream.fail(wireErrors.stopped);
    },
    async (stream) => {
      assert.equal((await nextCreate(stream)).startRevision, 8);
      stream.send({ header: { revision: 20 }, watchId: 0n, created: true });
      stream.send({ header: { revision: 20 }, watchId: 0n, events: [putAt(8)] });
      await stream.next();
    },
  );
  await using client = connect({ endpoints: [server.endpoint] });
  await using watcher = client.watch("a");
  const [event] = await take(watcher[Symbol.asyncIterator](), 1);
  assert.equal(event?.kv.modRevision, 8);
});

test("W6: a progress mark of the watch moves the point it continues from", async () => {
  await using server = await scripted(
    async (stream) => {
      await nextCreate(stream);
      stream.send({ header: { revision: 7 }, watchId: 0n, created: true });
      stream.send({ header: { revision: 30 }, watchId: 0n });
      stream.fail(wireErrors.stopped);
    },
    async (stream) => {
      assert.equal((await nextCreate(stream)).startRevision, 31);
      stream.send({ header: { revision: 31 }, watchId: 0n, created: true });
      stream.send({ header: { revision: 31 }, watchId: 0n, events: [putAt(31)] });
      await stream.next();
    },
  );
  await using client = connect({ endpoints: [server.endpoint] });
  await using watcher = client.watch("a", { progress: true });
  const batches = await take(watcher.batches(), 2);
  assert.deepEqual(
    batches.map((batch: WatchBatch) => [batch.kind, batch.revision]),
    [
      ["progress", 30],
      ["events", 31],
    ],
  );
});

test("etcd#15220: the answer to a manual progress request does not move that point", async () => {
  await using server = await scripted(
    async (stream) => {
      await nextCreate(stream);
      stream.send({ header: { revision: 7 }, watchId: 0n, created: true });
      const request = await stream.next();
      assert.equal(request?.requestUnion?.case, "progressRequest");
      stream.send({ header: { revision: 30 }, watchId: -1n });
      stream.fail(wireErrors.stopped);
    },
    async (stream) => {
      assert.equal((await nextCreate(stream)).startRevision, 8);
      stream.send({ header: { revision: 30 }, watchId: 0n, created: true });
      stream.send({ header: { revision: 30 }, watchId: 0n, events: [putAt(9)] });
      await stream.next();
    },
  );
  await using client = connect({ endpoints: [server.endpoint] });
  await using watcher = client.watch("a", { progress: true });
  await watcher.whenCreated();
  watcher.requestProgress();
  const batches = await take(watcher.batches(), 2);
  assert.deepEqual(
    batches.map((batch) => [batch.kind, batch.revision]),
    [
      ["progress", 30],
      ["events", 9],
    ],
  );
});

test("W4: fragments of one revision arrive as one batch, a half-sent one is dropped", async () => {
  await using server = await scripted(
    async (stream) => {
      assert.equal((await nextCreate(stream)).fragment, true);
      stream.send({ header: { revision: 7 }, watchId: 0n, created: true });
      stream.send({ watchId: 0n, fragment: true, events: [putAt(8, "a1"), putAt(8, "a2")] });
      stream.send({ watchId: 0n, fragment: true, events: [putAt(8, "a3")] });
      stream.fail(wireErrors.stopped);
    },
    async (stream) => {
      assert.equal((await nextCreate(stream)).startRevision, 8);
      stream.send({ header: { revision: 8 }, watchId: 0n, created: true });
      stream.send({ watchId: 0n, fragment: true, events: [putAt(8, "a1"), putAt(8, "a2")] });
      stream.send({ watchId: 0n, fragment: false, events: [putAt(8, "a3")] });
      await stream.next();
    },
  );
  await using client = connect({ endpoints: [server.endpoint] });
  await using watcher = client.watch({ prefix: "a" });
  const [batch] = await take(watcher.batches(), 1);
  assert.ok(batch?.kind === "events");
  assert.deepEqual(
    batch.events.map((event) => event.kv.keyText()),
    ["a1", "a2", "a3"],
  );
});

test("W9: compaction ends the watch with the oldest revision there is", async () => {
  const cancelled = manualPromise<bigint>();
  await using server = await scripted(async (stream) => {
    assert.equal((await nextCreate(stream)).startRevision, 5);
    stream.send({ header: { revision: 90 }, watchId: 0n, created: true });
    await nextCreate(stream);
    stream.send({ header: { revision: 90 }, watchId: 1n, created: true });
    stream.send({ watchId: 0n, canceled: true, compactRevision: 50 });
    cancelled.resolve(await nextCancel(stream));
    await stream.next();
  });
  await using client = connect({ endpoints: [server.endpoint] });
  const watcher = client.watch("a", { startRevision: 5 });
  await using other = client.watch("b");
  await assert.rejects(take(watcher[Symbol.asyncIterator](), 1), (error: unknown) => {
    assert.ok(error instanceof WatchCompactedError, String(error));
    assert.equal(error.compactRevision, 50);
    assert.equal(error.startRevision, 5);
    return true;
  });
  assert.equal(await cancelled.promise, 0n, "the server keeps the id until it is cancelled");
  await other.whenCreated();
});

test("A refused watch fails alone; others on the stream go on", async () => {
  await using server = await scripted(async (stream) => {
    await nextCreate(stream);
    stream.send({
      watchId: -1n,
      created: true,
      canceled: true,
      cancelReason: watchCancelReasons["permission-denied"],
    });
    await nextCreate(stream);
    stream.send({ header: { revision: 3 }, watchId: 0n, created: true });
    stream.send({ watchId: 0n, events: [putAt(4, "b")] });
    await stream.next();
  });
  await using client = connect({ endpoints: [server.endpoint] });
  const refused = client.watch("a");
  await using served = client.watch("b");
  await assert.rejects(refused.whenCreated(), WatchCanceledError);
  const [event] = await take(served[Symbol.asyncIterator](), 1);
  assert.equal(event?.kv.keyText(), "b");
});

test("A watch refused for its token is opened again with a new one", async () => {
  let issued = 0;
  const tokens: unknown[] = [];
  const server = new ScriptedServer()
    .on(services.auth.authenticate, () => ({ token: `t${(issued += 1)}` }))
    .onStream(watch, async (stream) => {
      tokens.push(stream.metadata.get("token")[0]);
      await nextCreate(stream);
      if (tokens.length === 1) {
        const cancelReason = watchCancelReasons["invalid-auth-token"];
        stream.send({ watchId: -1n, created: true, canceled: true, cancelReason });
      } else {
        stream.send({ header: { revision: 3 }, watchId: 0n, created: true });
      }
      await stream.next();
    });
  await using running = await server.start();
  await using client = connect({
    endpoints: [running.endpoint],
    auth: { user: "u", password: "p" },
  });
  await using watcher = client.watch("a");
  assert.equal(await watcher.whenCreated(), 3);
  assert.deepEqual(tokens, ["t1", "t2"]);
});

test("W11: a watch that is not read is parked, then continued without a gap", async () => {
  const eventCount = 50;
  const cancels: bigint[] = [];
  await using server = await new ScriptedServer()
    .onStream(watch, async (stream) => {
      let nextId = 0n;
      for (;;) {
        const request = await stream.next();
        if (request === undefined) return;
        if (request.requestUnion?.case === "cancelRequest") {
          cancels.push(request.requestUnion.value.watchId);
          continue;
        }
        if (request.requestUnion?.case !== "createRequest") continue;
        const { startRevision, key } = request.requestUnion.value;
        const watchId = nextId;
        nextId += 1n;
        stream.send({ header: { revision: 1 }, watchId, created: true });
        if (new TextDecoder().decode(key) !== "a") continue;
        for (let at = Math.max(2, startRevision); at < 2 + eventCount; at += 1) {
          stream.send({ watchId, events: [putAt(at)] });
        }
        stream.send({ watchId: 0n, events: [putAt(100, "idle")] });
      }
    })
    .start();
  await using client = connect({
    endpoints: [server.endpoint],
    watchBuffer: { eventsMax: 10 },
  });
  // Another watch keeps the stream open while the slow one is parked.
  await using idle = client.watch("idle");
  await idle.whenCreated();
  await using watcher = client.watch("a");
  // What comes behind the events of the slow watch was received, so those were too.
  await take(idle[Symbol.asyncIterator](), 1);
  const events = await take(watcher[Symbol.asyncIterator](), eventCount);
  assert.deepEqual(
    events.map((event) => event.kv.modRevision),
    Array.from({ length: eventCount }, (_, index) => index + 2),
  );
  assert.ok(cancels.length >= 1, "was never parked");
});

test("W11: parking the only watch of a client keeps its stream", async () => {
  const eventCount = 500;
  let parked = 0;
  await using server = await new ScriptedServer()
    .onStream(watch, async (stream) => {
      let watchId = 0n;
      for (;;) {
        const request = await stream.next();
        if (request === undefined) return;
        if (request.requestUnion?.case === "cancelRequest") parked += 1;
        if (request.requestUnion?.case !== "createRequest") continue;
        const from = Math.max(2, request.requestUnion.value.startRevision);
        stream.send({ header: { revision: 1 }, watchId, created: true });
        for (let at = from; at < 2 + eventCount; at += 1) {
          stream.send({ watchId, events: [putAt(at)] });
        }
        watchId += 1n;
      }
    })
    .start();
  await using client = connect({
    endpoints: [server.endpoint],
    watchBuffer: { eventsMax: 20 },
  });
  await using watcher = client.watch("a");
  const seen: number[] = [];
  for await (const event of watcher) {
    seen.push(event.kv.modRevision);
    if (seen.length === eventCount) break;
    // A reader that does something between two events.
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(
    seen,
    Array.from({ length: eventCount }, (_, index) => index + 2),
  );
  assert.ok(parked >= 1, "was never parked");
  assert.equal(server.count(watch), 1);
});

test("W10: leaving the loop cancels the watch on the server", async () => {
  const cancelled = manualPromise<bigint>();
  await using server = await scripted(async (stream) => {
    await nextCreate(stream);
    await nextCreate(stream);
    stream.send({ header: { revision: 1 }, watchId: 0n, created: true });
    stream.send({ header: { revision: 1 }, watchId: 1n, created: true });
    stream.send({ watchId: 0n, events: [putAt(2)] });
    cancelled.resolve(await nextCancel(stream));
    await stream.next();
  });
  await using client = connect({ endpoints: [server.endpoint] });
  const first = client.watch("a");
  await using second = client.watch("b");
  for await (const event of first) {
    assert.equal(event.kv.modRevision, 2);
    break;
  }
  assert.equal(await cancelled.promise, 0n);
  await second.whenCreated();
});

test("An aborted signal ends the loop by an error with its reason", async () => {
  await using server = await scripted(async (stream) => {
    await nextCreate(stream);
    stream.send({ header: { revision: 1 }, watchId: 0n, created: true });
    await stream.next();
  });
  await using client = connect({ endpoints: [server.endpoint] });
  const controller = new AbortController();
  const watcher = client.watch("a", { signal: controller.signal });
  await watcher.whenCreated();
  const ended = assert.rejects(take(watcher.batches(), 1), (error: unknown) => {
    assert.ok(error instanceof TransportError && error.code === "cancelled", String(error));
    assert.equal(error.cause, "enough");
    return true;
  });
  controller.abort("enough");
  await ended;
});

test("Closing the client ends its watches", async () => {
  await using server = await scripted(async (stream) => {
    await nextCreate(stream);
    stream.send({ header: { revision: 1 }, watchId: 0n, created: true });
    await stream.next();
  });
  const client = connect({ endpoints: [server.endpoint] });
  const watcher = client.watch("a");
  await watcher.whenCreated();
  const ended = assert.rejects(take(watcher.batches(), 1), { code: "client-closed" });
  client.close();
  await ended;
});

test("A server without the Watch service is not asked for ever", async () => {
  await using server = await new ScriptedServer().start();
  await using client = connect({ endpoints: [server.endpoint] });
  await assert.rejects(client.watch("a").whenCreated(), { code: "unimplemented" });
});

interface ManualPromise<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

function manualPromise<Value>(): ManualPromise<Value> {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((onValue) => {
    resolve = onValue;
  });
  return { promise, resolve };
}
