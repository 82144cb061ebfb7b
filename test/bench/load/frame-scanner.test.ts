import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { frameHeadBytes, writeFrameHead } from "./frame.ts";
import { FrameScanner } from "./frame-scanner.ts";
import { prefixed } from "./grpc-connection.ts";
import { MessageAssembler } from "./message-assembler.ts";

function dataFrame(streamId: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(frameHeadBytes + payload.length);
  writeFrameHead(bytes, 0, payload.length, 0, 1, streamId);
  payload.copy(bytes, frameHeadBytes);
  return bytes;
}

describe("FrameScanner", () => {
  test("finds the same frames however the bytes are cut", () => {
    const payloads = [0, 1, 300, 16_384, 5].map((size) => Buffer.alloc(size, `${size}.`));
    const bytes = Buffer.concat(
      payloads.map((payload, index) => dataFrame(index * 2 + 1, payload)),
    );
    for (const size of [1, 2, 8, 9, 10, 100, 4_096, bytes.length]) {
      const seen: string[] = [];
      const scanner = new FrameScanner({
        onFrame: ({ streamId, bytes: from, begin, end }) =>
          seen.push(`${streamId} ${from.toString("latin1", begin, end)}`),
      });
      // All chunks arrive in one buffer, as from a socket.
      const chunk = Buffer.alloc(size);
      for (let offset = 0; offset < bytes.length; offset += size) {
        const length = bytes.copy(chunk, 0, offset, offset + size);
        scanner.push(chunk, length);
      }
      const wanted = payloads.map((payload, index) => `${index * 2 + 1} ${String(payload)}`);
      assert.deepEqual(seen, wanted, `chunks of ${size}`);
    }
  });

  test("refuses a frame that is larger than allowed", () => {
    const scanner = new FrameScanner({ onFrame: () => undefined });
    const bytes = dataFrame(1, Buffer.alloc(16_385));
    assert.throws(() => scanner.push(bytes, bytes.length), /Cannot read a frame: it has 16385/);
  });
});

describe("MessageAssembler", () => {
  test("finds the same messages however they are dealt out to frames", () => {
    const texts = ["", "a", "hello", "x".repeat(40_000), "end"];
    const bytes = Buffer.concat(texts.map((text) => prefixed(Buffer.from(text))));
    for (const size of [1, 3, 5, 7, 1_000, bytes.length]) {
      const seen: string[] = [];
      const assembler = new MessageAssembler({
        onMessage: (from, begin, end) => seen.push(from.toString("latin1", begin, end)),
      });
      for (let offset = 0; offset < bytes.length; offset += size) {
        assembler.push(bytes, offset, Math.min(bytes.length, offset + size));
      }
      assert.deepEqual(seen, texts, `payloads of ${size}`);
    }
  });
});
