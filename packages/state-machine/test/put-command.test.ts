import assert from "node:assert/strict";
import { test } from "node:test";
import { DecodeError, decodePutRequest, encodePutRequest } from "@quorate/api";
import { keyFromBytes } from "@quorate/mvcc";
import { PutCommand } from "@quorate/state-machine";
import fc from "fast-check";

const anyPut = fc.record({
  key: fc.uint8Array({ maxLength: 300 }),
  value: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(127, 128, 16_383, 16_384, 100_000).map((size) => new Uint8Array(size).fill(9)),
  ),
  lease: fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  prevKv: fc.boolean(),
  ignoreValue: fc.boolean(),
  ignoreLease: fc.boolean(),
});

/** What a codec says of the bytes, or that they are malformed. */
function read(bytes: Uint8Array, codec: (bytes: Uint8Array) => unknown): unknown {
  try {
    return codec(bytes);
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return error.message;
  }
}

function viaCommand(bytes: Uint8Array): unknown {
  const put = new PutCommand(bytes);
  const { key, value, lease, prevKv, ignoreValue, ignoreLease } = put;
  assert.deepEqual([put.keyLength, put.valueLength], [key.length, value.length]);
  return { key, value, lease, prevKv, ignoreValue, ignoreLease };
}

function viaCodec(bytes: Uint8Array): unknown {
  const { key, value, ...rest } = decodePutRequest(bytes);
  return { key: keyFromBytes(key), value, ...rest };
}

/** The bytes somewhere in a larger array, as they come from a socket. */
function placed(bytes: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(bytes.length + 20).fill(0x12);
  chunk.set(bytes, 7);
  return chunk.subarray(7, 7 + bytes.length);
}

test("P8: PutCommand reads what the codec reads", () => {
  fc.assert(
    fc.property(anyPut, (message) => {
      const bytes = placed(encodePutRequest(message));
      assert.deepEqual(viaCommand(bytes), viaCodec(bytes));
    }),
    { numRuns: 500 },
  );
});

test("P8: PutCommand takes and refuses the same bytes as the codec", () => {
  const anyField = fc.oneof(
    fc.constantFrom(
      ...[
        [0x0a, 0],
        [0x0a, 1, 65],
        [0x12, 0],
        [0x12, 1, 66],
        [0x0a, 0x81, 0, 67],
      ],
      ...[
        [0x18, 1],
        [0x18, 0xff, 1],
        [0x20, 1],
        [0x28, 1],
        [0x30, 1],
        [0x38, 1],
        [0x0a, 5, 1],
      ],
      ...[[0x0a, 0x80, 0x80, 0x80, 0], [0x0a, 0xff], [0x12, 0x82, 0x80, 0, 1, 2], [0x0b], [0x0a]],
    ),
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(anyField, { maxLength: 5 }), (fields) => {
      const bytes = placed(Uint8Array.from(fields.flat()));
      assert.deepEqual(read(bytes, viaCommand), read(bytes, viaCodec));
    }),
    { numRuns: 5_000 },
  );
});

test("PutCommand gives views of the request, not copies", () => {
  const bytes = encodePutRequest({ key: Buffer.from("key"), value: Buffer.from("value") });
  assert.equal(new PutCommand(bytes).value.buffer, bytes.buffer);
});
