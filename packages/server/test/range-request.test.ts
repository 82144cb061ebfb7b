import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeRangeRequest, encodeRangeRequest, encodeRangeResponse } from "@quorate/api";
import fc from "fast-check";
import { HeaderEncoder } from "../src/services/header.ts";
import { composePointAnswer } from "../src/services/range-answer.ts";
import { readPointRequest, type PointRequest } from "../src/services/range-request.ts";

const nothing: PointRequest = { keyBegin: 0, keyEnd: 0, isSerializable: false };

test("readPointRequest takes exactly the requests for one key as it is now", () => {
  const request = fc.record(
    {
      key: fc.uint8Array({ maxLength: 300 }),
      rangeEnd: fc.uint8Array({ maxLength: 2 }),
      limit: fc.nat(2),
      revision: fc.nat(2),
      sortOrder: fc.nat(2),
      serializable: fc.boolean(),
      keysOnly: fc.boolean(),
      countOnly: fc.boolean(),
      maxModRevision: fc.nat(2),
    },
    { requiredKeys: ["key"] },
  );
  fc.assert(
    fc.property(request, (wanted) => {
      const bytes = encodeRangeRequest(wanted);
      const found = { ...nothing };
      const { key, serializable } = wanted;
      const plain = encodeRangeRequest({ key, serializable });
      const isPoint = key.length > 0 && Buffer.compare(bytes, plain) === 0;
      assert.equal(readPointRequest(bytes, found), isPoint);
      if (!isPoint) return;
      assert.deepEqual(bytes.subarray(found.keyBegin, found.keyEnd), key);
      assert.equal(found.isSerializable, serializable ?? false);
    }),
    { numRuns: 2_000 },
  );
});

test("readPointRequest says nothing that decoding would not say", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (tail) => {
      const bytes = Uint8Array.from([0x0a, ...tail]);
      const found = { ...nothing };
      if (!readPointRequest(bytes, found)) return;
      const { key, serializable, ...rest } = decodeRangeRequest(bytes);
      assert.deepEqual(bytes.subarray(found.keyBegin, found.keyEnd), Uint8Array.from(key));
      assert.equal(found.isSerializable, serializable);
      const others = Object.values(rest).filter((value) => value !== 0 && value !== false);
      assert.deepEqual(others, [rest.rangeEnd]);
      assert.equal(rest.rangeEnd.length, 0);
    }),
    { numRuns: 5_000 },
  );
});

test("composePointAnswer writes what the generated codec writes", () => {
  const ids = { clusterId: 2n ** 63n, memberId: 7n };
  const headers = new HeaderEncoder(ids);
  const header = { ...ids, revision: 300, raftTerm: 2 };
  const field = headers.field(300, 2);
  const answerOf = (row: Uint8Array | undefined): Buffer =>
    Buffer.concat(composePointAnswer(field, row));
  assert.deepEqual(answerOf(undefined), Buffer.from(encodeRangeResponse({ header })));
  const small = encodeRow(100);
  const expected = encodeRangeResponse({ header, kvs: [{ value: small.value }], count: 1 });
  assert.deepEqual(answerOf(small.row), Buffer.from(expected));
  // A long row goes as it lies, behind the other fields.
  const long = encodeRow(100_000);
  const chunks = composePointAnswer(field, long.row);
  assert.equal(chunks.at(-1), long.row);
  assert.equal(Buffer.concat(chunks).length, Buffer.from(encodeLong(long.value)).length);

  function encodeLong(value: Uint8Array): Uint8Array {
    return encodeRangeResponse({ header, kvs: [{ value }], count: 1 });
  }
});

/** A pair without a key, as the generated codec writes it inside an answer. */
function encodeRow(bytes: number): { readonly value: Uint8Array; readonly row: Uint8Array } {
  const value = Buffer.alloc(bytes, "v");
  const whole = encodeRangeResponse({ kvs: [{ value }] });
  const lengthBytes = bytes < 0x80 ? 1 : 3;
  return { value, row: whole.subarray(1 + lengthBytes) };
}
