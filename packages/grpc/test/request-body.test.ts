import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { Http2Stream, type StreamConnection } from "../src/http2/http2-stream.ts";
import { MessageInflater } from "../src/message/message-inflater.ts";
import { RequestBody, type RequestBodyOwner } from "../src/request-body.ts";
import { RequestMemory } from "../src/request-memory.ts";
import { signal } from "../src/testing/signal.ts";
import { grpcMessage } from "./http2/frames.ts";

const heldBytesMax = 134_217_728;
const frameBytes = 16_384;

/** The client of one call: sends its body as far as the window of the stream allows. */
class Sender implements RequestBodyOwner, StreamConnection {
  isOpen = true;
  readonly fault = signal<string>();
  readonly end = signal<number>();
  sentBytes = 0;
  readonly body: RequestBody;
  readonly #stream = new Http2Stream(1, 0, 0, this);
  readonly #bytes: Buffer;
  #takenBytes = 0;

  constructor(inflater: MessageInflater, memory: RequestMemory, bytes: Buffer) {
    const context = { maxRequestBytes: 4_000_000, inflater };
    const options = { isKept: true, isCompressible: true };
    this.#bytes = bytes;
    this.body = new RequestBody(context, options, memory, this.#stream, this);
  }

  send(): void {
    while (this.sentBytes < this.#bytes.length && this.isOpen) {
      const left = Math.min(this.#bytes.length - this.sentBytes, frameBytes);
      const length = Math.min(left, this.#stream.receiveWindow);
      if (length === 0) return;
      this.#stream.receiveWindow -= length;
      const begin = this.sentBytes;
      this.sentBytes += length;
      this.body.push(this.#bytes, begin, begin + length);
    }
    if (this.sentBytes === this.#bytes.length && this.isOpen) this.body.end();
  }

  stop(): void {
    this.isOpen = false;
    this.body.stop();
  }

  takeRequest(message: Buffer): void {
    this.#takenBytes += message.length;
  }

  takeEnd(): void {
    this.stop();
    this.end.resolve(this.#takenBytes);
  }

  takeFault(_code: number, message: string): void {
    this.stop();
    this.fault.resolve(message);
  }

  enqueue(): void {
    // Nothing is answered.
  }

  extendWindow(): void {
    queueMicrotask(() => this.send());
  }

  reset(): void {
    // Nothing is reset.
  }
}

describe("RequestBody", () => {
  it("lets large compressed messages come no faster than they are inflated", async () => {
    const memory = new RequestMemory();
    const inflater = new MessageInflater(4_000_000);
    const bytes = grpcMessage(gzipSync(Buffer.alloc(3_000_000, "x"), { level: 0 }), 1);
    const senders = Array.from({ length: 60 }, () => new Sender(inflater, memory, bytes));
    for (const sender of senders) sender.send();
    // Microtasks only: no inflation can end meanwhile.
    for (let round = 0; round < 1_000; round += 1) await Promise.resolve();
    const sent = senders.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    assert.ok(sent <= 33_554_432 + 60 * 65_535, `${sent} bytes wait to be inflated`);
    const taken = await Promise.all(senders.map(({ end }) => end.promise));
    assert.deepEqual(new Set(taken), new Set([3_000_000]));
    memory.hold(heldBytesMax);
    assert.equal(memory.isFull, false, "nothing is held any more");
  });

  it("counts messages that wait to be inflated; calls that end take theirs back", async () => {
    const memory = new RequestMemory();
    const inflater = new MessageInflater(4_000_000);
    const bytes = grpcMessage(gzipSync(Buffer.alloc(20_000, "x"), { level: 0 }), 1);
    const senders: Sender[] = [];
    while (!memory.isFull && senders.length < 8_000) {
      const sender = new Sender(inflater, memory, bytes);
      senders.push(sender);
      sender.send();
    }
    const last = senders.at(-1);
    assert.ok(memory.isFull || last?.isOpen === false, "what waits is counted");
    for (const sender of senders.slice(2)) sender.stop();
    await Promise.all(senders.slice(0, 2).map(({ end }) => end.promise));
    memory.hold(heldBytesMax);
    assert.equal(memory.isFull, false, "nothing is held any more");
    // Were those of the others still in line, this one would come behind all of them.
    const next = new Sender(inflater, new RequestMemory(), bytes);
    next.send();
    assert.equal(await next.end.promise, 20_000);
  });
});
