import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  checksumBytes,
  rowSeed,
  sealRow,
  sealVersion,
  versionSeed,
  xxh32,
} from "../src/backend/row-checksum.ts";
import { Slab } from "../src/backend/slab.ts";
import { revisionKey } from "../src/revision-key.ts";
import { bytes } from "./support.ts";

test("xxh32 gives the check values of the reference implementation", () => {
  const hash = (text: string, seed = 0): string => {
    const data = bytes(text);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    return (xxh32(view, 0, data.length, seed) >>> 0).toString(16);
  };
  assert.equal(hash(""), "2cc5d05");
  assert.equal(hash("", 0x9e3779b1), "36b78ae7");
  assert.equal(hash("a"), "550d7456");
  assert.equal(hash("abc"), "32d153ff");
  assert.equal(hash("Nobody inspects the spammish repetition"), "e2293b2f");
});

test("B7 a sealed row differs in its checksum after any one flipped bit", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (value, at) => {
      const sealed = sealRow("lease", "a", value);
      assert.deepEqual(sealed.subarray(0, value.length), Buffer.from(value));
      const bit = at % (sealed.length * 8);
      sealed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.length);
      const hash = xxh32(view, 0, value.length, rowSeed("lease", "a"));
      assert.notEqual(hash, view.getInt32(value.length, true));
    }),
  );
});

test("B7 rowSeed depends on the bucket and on each byte of the key", () => {
  const seeds = new Set<number>();
  let total = 0;
  const add = (seed: number): void => {
    seeds.add(seed);
    total++;
  };
  for (const bucket of ["key", "lease", "meta"] as const) {
    for (const key of ["a", "b", "aa", "ab", "ba", "\0", "\0\0", "a\0"]) add(rowSeed(bucket, key));
  }
  for (const main of [1, 2, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1]) {
    for (const sub of [0, 1, 2 ** 31]) {
      for (const isTombstone of [false, true]) {
        const seed = versionSeed(main, sub, isTombstone);
        assert.equal(rowSeed("key", revisionKey(main, sub, isTombstone)), seed);
        assert.notEqual(rowSeed("meta", revisionKey(main, sub, isTombstone)), seed);
        add(seed);
      }
    }
  }
  assert.equal(seeds.size, total);
});

test("sealVersion writes what sealRow writes", () => {
  const slab = new Slab(1000);
  const value = Buffer.alloc(300, "x");
  slab.bytes.set(value, 7);
  slab.start = 7;
  slab.end = 7 + value.length + checksumBytes;
  for (const isTombstone of [false, true]) {
    sealVersion(slab, 5, 3, isTombstone);
    const sealed = sealRow("key", revisionKey(5, 3, isTombstone), value);
    assert.deepEqual(slab.bytes.subarray(slab.start, slab.end), sealed);
  }
});
