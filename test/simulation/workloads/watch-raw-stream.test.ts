import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { EventEventType, services, type WatchRequest, type WatchResponseInit } from "@quorate/api";

import type { WatchWish } from "../history/watch-history.ts";
import type { RawChannel, RawStreamListener } from "./watch-channel.ts";
import { WatchLog } from "./watch-log.ts";
import { WatchRawStream } from "./watch-raw-stream.ts";

const method = services.watch.watch;

const wish: WatchWish = {
  ...{ key: "w/", rangeEnd: "w0", startRevision: 5 },
  ...{ previous: true, withoutPuts: false, withoutDeletes: true },
};

/** A channel whose server is the test. */
class ScriptedChannel implements RawChannel {
  readonly requests: WatchRequest[] = [];
  #listener: RawStreamListener | undefined;

  connect(): Promise<boolean> {
    return Promise.resolve(true);
  }

  bidiStream(
    _path: string,
    _settings: unknown,
    listener: RawStreamListener,
  ): ReturnType<RawChannel["bidiStream"]> {
    this.#listener = listener;
    return {
      write: (message) => this.requests.push(method.decodeRequest(message)),
      cancel: () => listener.onEnd({ grpcCode: 1, details: "cancelled" }),
    };
  }

  close(): void {
    this.#listener?.onEnd(undefined);
  }

  answer(response: WatchResponseInit): void {
    this.#listener?.onMessage(method.encodeResponse(response));
  }
}

function open(): { readonly channel: ScriptedChannel; readonly stream: WatchRawStream } {
  const channel = new ScriptedChannel();
  const stream = new WatchRawStream(
    channel,
    new Map(),
    () => 7,
    () => undefined,
  );
  return { channel, stream };
}

function put(revision: number, key = "w/1"): NonNullable<WatchResponseInit["events"]>[number] {
  const kv = { key: Buffer.from(key), value: Buffer.from("v"), modRevision: revision, version: 1 };
  return { type: EventEventType.PUT, kv: { ...kv, createRevision: revision } };
}

function created(watchId: bigint, revision: number): WatchResponseInit {
  return { header: { revision }, watchId, created: true };
}

describe("WatchRawStream", () => {
  test("asks for what the log wishes, and pairs answers with requests by order", () => {
    const { channel, stream } = open();
    const one = new WatchLog("one", wish, false);
    const two = new WatchLog("two", { ...wish, startRevision: 0 }, false);
    stream.create(one, { fragment: true, watchId: 0n });
    stream.create(two, { fragment: false, watchId: -9n });
    const [first, second] = channel.requests.map(({ requestUnion }) => requestUnion);
    assert.equal(first?.case, "createRequest");
    assert.deepEqual(
      [first.value.startRevision, first.value.prevKv, first.value.filters, first.value.fragment],
      [5, true, [1], true],
    );
    assert.equal(second?.case === "createRequest" ? second.value.watchId : 0n, -9n);
    channel.answer(created(0n, 8));
    channel.answer(created(-9n, 8));
    channel.answer({ header: { revision: 9 }, watchId: -9n, events: [put(9)] });
    assert.deepEqual(
      one.steps.map(({ kind }) => kind),
      ["created"],
    );
    assert.deepEqual(
      two.steps.map(({ kind }) => kind),
      ["created", "events"],
    );
    assert.deepEqual([one.nextRevision, two.nextRevision], [5, 10]);
  });

  test("a revision of which a part is missing is asked for again", () => {
    const { channel, stream } = open();
    const log = new WatchLog("one", wish, false);
    stream.create(log, { fragment: true, watchId: 0n });
    channel.answer(created(0n, 8));
    channel.answer({ header: { revision: 6 }, watchId: 0n, events: [put(6)], fragment: true });
    assert.equal(log.nextRevision, 6);
    channel.answer({ header: { revision: 6 }, watchId: 0n, events: [put(6, "w/2")] });
    assert.equal(log.nextRevision, 7);
  });

  test("progress of the whole stream goes to all live watchers, of one to it alone", () => {
    const { channel, stream } = open();
    const logs = ["one", "two"].map((name) => new WatchLog(name, wish, false));
    logs.forEach((log, index) => {
      stream.create(log, { fragment: false, watchId: 0n });
      channel.answer(created(BigInt(index), 8));
    });
    channel.answer({ header: { revision: 9 }, watchId: -1n });
    channel.answer({ header: { revision: 12 }, watchId: 1n });
    assert.deepEqual(
      logs.map(({ nextRevision }) => nextRevision),
      [10, 13],
    );
  });

  test("tells a cancel that was asked for from one that was not, and from compaction", () => {
    const { channel, stream } = open();
    const logs = ["one", "two", "three"].map((name) => new WatchLog(name, wish, false));
    logs.forEach((log, index) => {
      stream.create(log, { fragment: false, watchId: 0n });
      channel.answer(created(BigInt(index), 8));
    });
    stream.cancelWatcher(0n);
    assert.deepEqual(stream.liveIds, [1n, 2n]);
    channel.answer({ header: { revision: 8 }, watchId: 0n, canceled: true });
    channel.answer({ header: { revision: 8 }, watchId: 1n, canceled: true });
    channel.answer({ watchId: 2n, canceled: true, compactRevision: 6 });
    const ends = logs.map(({ steps }) => {
      const last = steps.at(-1);
      return last?.kind === "cancelled" ? [last.isAsked, last.compactRevision] : [];
    });
    assert.deepEqual(ends, [
      [true, 0],
      [false, 0],
      [false, 6],
    ]);
    assert.deepEqual(stream.live, []);
  });

  test("hears why a watch was refused, and when it was not", () => {
    const { channel, stream } = open();
    const heard: (string | undefined)[] = [];
    const request = { key: "b", rangeEnd: "a", startRevision: 0, watchId: 0n };
    stream.createRefused(request, (reason) => heard.push(reason));
    stream.createRefused(request, (reason) => heard.push(reason));
    channel.answer({ watchId: -1n, created: true, canceled: true, cancelReason: "empty" });
    channel.answer(created(0n, 8));
    assert.deepEqual(heard, ["empty", undefined]);
  });

  for (const [name, answers] of Object.entries({
    "an answer for a watcher that nobody has": [{ watchId: 3n, events: [put(6)] }],
    "a creation that nobody asked for": [created(0n, 8)],
  })) {
    test(`${name} ends the stream with an error`, async () => {
      const { channel, stream } = open();
      for (const answer of answers) channel.answer(answer);
      assert.equal(stream.isOpen, false);
      await assert.rejects(stream.ended());
    });
  }
});
