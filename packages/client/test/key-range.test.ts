import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { compareBytes } from "../src/bytes.ts";
import {
  keyAfter,
  prefixEnd,
  toWireRange,
  type KeyRange,
  type WireRange,
} from "../src/key-range.ts";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
const key = fc.uint8Array({ maxLength: 4, size: "small" });
const nonEmptyKey = fc.uint8Array({ minLength: 1, maxLength: 4 });
/** Few distinct bytes, with both ends, so that prefixes and borders are hit often. */
const borderKey = fc
  .array(fc.constantFrom(0, 1, 0x61, 0xfe, 0xff), { minLength: 1, maxLength: 3 })
  .map((values) => new Uint8Array(values));

/** Whether the server would count a key to a wire range (semantics of etcd). */
function contains(range: WireRange, candidate: Uint8Array): boolean {
  if (range.rangeEnd.length === 0) return compareBytes(range.key, candidate) === 0;
  if (compareBytes(candidate, range.key) < 0) return false;
  if (range.rangeEnd.length === 1 && range.rangeEnd[0] === 0) return true;
  return compareBytes(candidate, range.rangeEnd) < 0;
}

function startsWith(candidate: Uint8Array, prefix: Uint8Array): boolean {
  return compareBytes(candidate.subarray(0, prefix.length), prefix) === 0;
}

test("prefixEnd raises the last byte that can be raised", () => {
  assert.deepEqual(prefixEnd(bytes(0x61)), bytes(0x62));
  assert.deepEqual(prefixEnd(bytes(0x61, 0xff)), bytes(0x62));
  assert.deepEqual(prefixEnd(bytes(0xff, 0xff)), bytes(0));
  assert.deepEqual(prefixEnd(bytes()), bytes(0));
});

test("A prefix range holds exactly the keys with the prefix", () => {
  fc.assert(
    fc.property(borderKey, borderKey, (prefix, candidate) => {
      const range = toWireRange({ prefix });
      assert.equal(contains(range, candidate), startsWith(candidate, prefix));
    }),
  );
});

test("keyAfter is the smallest key behind a key", () => {
  fc.assert(
    fc.property(key, nonEmptyKey, (before, other) => {
      const after = keyAfter(before);
      assert.ok(compareBytes(before, after) < 0);
      assert.ok(!(compareBytes(before, other) < 0 && compareBytes(other, after) < 0));
    }),
  );
});

test("Inside a namespace a range holds what it holds outside, and nothing else", () => {
  const ranges: fc.Arbitrary<KeyRange> = fc.oneof(
    borderKey,
    borderKey.map((prefix) => ({ prefix })),
    borderKey.map((from) => ({ from })),
    fc
      .tuple(borderKey, borderKey)
      .filter(([, end]) => compareBytes(end, bytes(0)) !== 0)
      .map(([begin, end]) => ({ begin, end })),
    fc.constant({ prefix: "" }),
    fc.constant({ from: "" }),
  );
  fc.assert(
    fc.property(ranges, borderKey, borderKey, (range, namespace, candidate) => {
      const outside = contains(toWireRange(range), candidate);
      const full = new Uint8Array([...namespace, ...candidate]);
      assert.equal(contains(toWireRange(range, namespace), full), outside, "inside");
      if (!startsWith(candidate, namespace)) {
        assert.equal(contains(toWireRange(range, namespace), candidate), false, "beside");
      }
    }),
    { numRuns: 1_000 },
  );
});

test("The whole key space is asked for by zero bytes, as the protocol wants it", () => {
  assert.deepEqual(toWireRange({ prefix: "" }), { key: bytes(0), rangeEnd: bytes(0) });
  assert.deepEqual(toWireRange({ from: "" }), { key: bytes(0), rangeEnd: bytes(0) });
});

test("An empty key stays empty in a namespace, so that the server refuses it", () => {
  assert.deepEqual(toWireRange("", bytes(0x61)).key, bytes());
});

test("An end that would mean something else on the wire is refused", () => {
  for (const end of ["", "\0"]) {
    assert.throws(() => toWireRange({ begin: "a", end }), { code: "invalid-argument" });
  }
});
