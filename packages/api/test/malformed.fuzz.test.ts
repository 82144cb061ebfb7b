import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { damage, fuzz, fuzzBytes, fuzzDamage } from "../../../test/support/fuzz.ts";
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

const anyType = fc.constantFrom(...messageTypes);
/** A message of any type, as bytes. */
const encoded = anyType.chain((type) =>
  arbitraryMessage(type.schema, 2).map((message) => ({ type, bytes: type.encode(message) })),
);

fuzz(
  "random bytes are decoded or refused with DecodeError by every message type",
  { inputs: fc.tuple(anyType, fuzzBytes(40)), runs: 20_000 },
  ([type, bytes]) => {
    decodeOrRefuse(type, bytes);
  },
);

test("of random bytes a part is well-formed", () => {
  const accepted = fc
    .sample(fc.tuple(anyType, fuzzBytes(40)), 5_000)
    .filter(([type, bytes]) => decodeOrRefuse(type, bytes));
  assert.ok(accepted.length > 25, `only ${accepted.length} inputs were well-formed`);
});

const change = fc
  .tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
  .map(([at, value]) => ({ kind: "set" as const, at, bytes: Uint8Array.of(value) }));
const damages = fc.array(fc.oneof(change, fuzzDamage), { minLength: 1, maxLength: 4 });

fuzz(
  "encoded messages with any damage are decoded or refused with DecodeError",
  { inputs: fc.tuple(encoded, damages), runs: 2_000 },
  ([{ type, bytes }, all]) => {
    decodeOrRefuse(type, all.reduce<Uint8Array>(damage, bytes));
  },
);

fuzz(
  "every truncation of an encoded message is decoded or refused with DecodeError",
  { inputs: encoded, runs: 500 },
  ({ type, bytes }) => {
    const step = Math.max(1, Math.floor(bytes.length / 50));
    for (let length = 0; length < bytes.length; length += step) {
      decodeOrRefuse(type, bytes.subarray(0, length));
    }
  },
);

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
