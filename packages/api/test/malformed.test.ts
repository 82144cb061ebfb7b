import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DecodeError, decodeTxnRequest } from "../src/index.ts";
import { arbitraryMessage, messageTypes, type MessageType } from "./generic-message.ts";

/** Decodes; whatever is accepted must survive a round trip, whatever is not is a DecodeError. */
function decodeOrRefuse({ decode, encode }: MessageType, bytes: Uint8Array): boolean {
  try {
    const message = decode(bytes);
    assert.deepEqual(decode(encode(message)), message);
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

test("random bytes are decoded or refused with DecodeError by every message type", () => {
  // Small numbers are likely: they are the tags and lengths of real fields.
  const byte = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 255 }));
  const bytes = fc.array(byte, { maxLength: 40 }).map((values) => Uint8Array.from(values));
  let acceptedCount = 0;
  fc.assert(
    fc.property(fc.constantFrom(...messageTypes), bytes, (type, input) => {
      if (decodeOrRefuse(type, input)) acceptedCount++;
    }),
    { numRuns: 20_000 },
  );
  assert.ok(acceptedCount > 100, `only ${acceptedCount} inputs were well-formed`);
});

test("encoded messages with a few changed bytes are decoded or refused with DecodeError", () => {
  for (const type of messageTypes) {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(arbitraryMessage(type.schema, 2), changes, (message, positions) => {
        const bytes = type.encode(message);
        for (const [position, value] of positions) bytes[position % bytes.length] = value;
        decodeOrRefuse(type, bytes);
      }),
      { numRuns: 20 },
    );
  }
});

test("every truncation of an encoded message is decoded or refused with DecodeError", () => {
  for (const type of messageTypes) {
    fc.assert(
      fc.property(arbitraryMessage(type.schema, 2), (message) => {
        const bytes = type.encode(message);
        const step = Math.max(1, Math.floor(bytes.length / 50));
        for (let length = 0; length < bytes.length; length += step) {
          decodeOrRefuse(type, bytes.subarray(0, length));
        }
      }),
      { numRuns: 5 },
    );
  }
});

test("nesting as deep as a large request allows is refused, not recursed into", () => {
  const sizeBytes = 2_000_000;
  const bytes = Buffer.alloc(sizeBytes);
  // Back to front: each level is 12 (success) or 22 (request_txn), the length, all that follows.
  let begin = sizeBytes;
  for (let level = 0; begin > 12; level++) {
    const length = varint(sizeBytes - begin);
    begin -= length.length + 1;
    bytes[begin] = level % 2 === 0 ? 0x22 : 0x12;
    bytes.set(length, begin + 1);
  }
  assert.throws(() => decodeTxnRequest(bytes.subarray(begin)), DecodeError);
});

test("a message that occurs half a million times is merged in linear time", () => {
  // 12 success { 22 request_txn { 12 success {} } x 500,000 }: a quadratic merge takes minutes.
  const occurrence = Buffer.from([0x22, 0x02, 0x12, 0x00]);
  const body = Buffer.concat(Array.from({ length: 500_000 }, () => occurrence));
  const bytes = Buffer.concat([Uint8Array.of(0x12), varint(body.length), body]);
  const begin = performance.now();
  const operation = decodeTxnRequest(bytes).success[0]?.request;
  assert.equal(operation?.case === "requestTxn" && operation.value.success.length, 500_000);
  assert.ok(performance.now() - begin < 5_000);
});

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Uint8Array.from([...bytes, value]);
}
