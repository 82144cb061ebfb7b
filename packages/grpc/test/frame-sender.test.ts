import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FrameType } from "../src/http2/frame.ts";
import { FrameSender, type SenderOwner } from "../src/http2/frame-sender.ts";
import { Http2Stream, type StreamConnection } from "../src/http2/http2-stream.ts";
import { StreamQueue } from "../src/http2/stream-queue.ts";
import { WriteBuffer } from "../src/http2/write-buffer.ts";
import { MessageQueue } from "../src/message-queue.ts";

/** A sender on a socket that keeps what it is given, as TLS sockets do. */
class SenderBench implements SenderOwner, StreamConnection {
  readonly sent: Uint8Array[] = [];
  readonly answered: number[] = [];
  readonly sender: FrameSender;

  constructor() {
    const socket = new Duplex({
      read: () => undefined,
      write: (chunk: Uint8Array, _encoding, done) => {
        this.sent.push(chunk);
        done();
      },
    });
    const shared = { buffer: new WriteBuffer(), flushes: { add: () => undefined } };
    this.sender = new FrameSender(socket, false, shared, this);
  }

  /** A stream with an answer of so many bytes that is in line. */
  answer(
    id: number,
    sendWindow: number,
    bytes: number,
  ): { stream: Http2Stream; queue: MessageQueue } {
    const stream = new Http2Stream(id, sendWindow, 0, this);
    stream.isRemoteClosed = true;
    const queue = new MessageQueue();
    queue.push([new Uint8Array(bytes)]);
    stream.begin([], queue);
    stream.wake();
    return { stream, queue };
  }

  onStreamFrames(): void {
    // Nobody counts.
  }

  onAnswered(stream: Http2Stream): void {
    stream.isClosed = true;
    this.answered.push(stream.id);
  }

  onWritable(): void {
    // Nobody waits.
  }

  onInternalError(error: unknown): void {
    throw error;
  }

  enqueue(stream: Http2Stream): void {
    this.sender.enqueue(stream);
  }

  extendWindow(): void {
    // Nothing is received.
  }

  reset(): void {
    // Nothing is reset.
  }
}

describe("StreamQueue", () => {
  it("does as an array does", () => {
    const actions = fc.array(
      fc.record({ what: fc.constantFrom("push", "shift", "unshift", "remove"), at: fc.nat() }),
    );
    const bench = new SenderBench();
    fc.assert(
      fc.property(actions, (all) => {
        const queue = new StreamQueue();
        const model: Http2Stream[] = [];
        for (const { what, at } of all) {
          const stream = new Http2Stream(1, 0, 0, bench);
          if (what === "push") queue.push(stream);
          if (what === "push") model.push(stream);
          if (what === "unshift") queue.unshift(stream);
          if (what === "unshift") model.unshift(stream);
          if (what === "shift") assert.equal(queue.shift(), model.shift());
          const [removed] = what === "remove" ? model.splice(at % (model.length + 1), 1) : [];
          if (removed !== undefined) queue.remove(removed);
          assert.equal(queue.isEmpty, model.length === 0);
        }
        for (const stream of model) assert.equal(queue.shift(), stream);
        assert.equal(queue.shift(), undefined);
      }),
    );
  });
});

describe("FrameSender", () => {
  it("counts nothing for answers that were dropped while they waited for their window", () => {
    const bench = new SenderBench();
    const { stream, queue } = bench.answer(1, 0, 1_000_000);
    bench.sender.flush();
    assert.ok(bench.sender.waitingBytes >= 1_000_005);
    queue.dropWaiting();
    stream.end([]);
    bench.sender.flush();
    assert.deepEqual(bench.answered, [1]);
    assert.equal(bench.sender.waitingBytes, 0);
  });

  it("holds no stream that ended while it waited for the window of the connection", () => {
    const bench = new SenderBench();
    const ids = [1, 3, 5, 7];
    const streams = ids.map((id) => bench.answer(id, 1_000_000, 65_530).stream);
    for (const stream of streams) stream.end([]);
    for (let round = 0; round < 8; round += 1) bench.sender.flush();
    assert.deepEqual(bench.answered, []);
    const [first, second, third, fourth] = streams;
    assert.ok(second !== undefined && third !== undefined);
    for (const gone of [second, third]) {
      gone.isClosed = true;
      bench.sender.forget(gone);
    }
    for (const rest of [first, fourth]) {
      const linked = [rest?.nextInQueue, rest?.previousInQueue];
      assert.ok(!linked.includes(second) && !linked.includes(third), `beside ${rest?.id}`);
    }
    bench.sender.extendWindow(1_000_000);
    for (let round = 0; round < 8; round += 1) bench.sender.flush();
    assert.deepEqual(bench.answered, [1, 7]);
    assert.equal(bench.sender.waitingBytes, 0);
  });

  it("sends an end without data past those that wait for the window of the connection", () => {
    const bench = new SenderBench();
    const answers = [1, 3, 5].map((id) => bench.answer(id, 1_000_000, 100_000));
    bench.sender.sendWindow = 0;
    bench.sender.flush();
    const late = answers[1];
    late?.queue.dropWaiting();
    late?.stream.end([]);
    bench.sender.flush();
    assert.deepEqual(bench.answered, [3]);
    bench.sender.extendWindow(1_000_000);
    for (const { stream } of answers) if (!stream.isClosed) stream.end([]);
    bench.sender.flush();
    assert.deepEqual(bench.answered.sort(), [1, 3, 5]);
    assert.equal(bench.sender.waitingBytes, 0);
  });

  it("leaves its last frames to the socket, whatever is asked for behind them", () => {
    const bench = new SenderBench();
    bench.sender.controlNumber(FrameType.RST_STREAM, 1, 8);
    bench.sender.end();
    bench.sender.controlNumber(FrameType.WINDOW_UPDATE, 3, 77);
    const wanted = Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8]);
    assert.deepEqual(Buffer.concat(bench.sent), wanted);
  });
});
