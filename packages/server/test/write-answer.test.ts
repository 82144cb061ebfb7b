import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeDeleteRangeResponse,
  encodeKeyValue,
  encodePutResponse,
  encodeTxnResponse,
  type ResponseHeaderInit,
} from "@quorate/api";
import { toRevision } from "@quorate/mvcc";
import {
  toDeleteRangeResponse,
  toPutResponse,
  toTxnResponse,
  type AppliedDeleteRange,
  type AppliedOperation,
  type AppliedPut,
  type AppliedTxn,
} from "@quorate/state-machine";
import fc from "fast-check";
import { HeaderEncoder } from "../src/services/header.ts";
import {
  composeDeleteRangeAnswer,
  composePutAnswer,
  composeTxnAnswer,
} from "../src/services/write-answer.ts";

const ids = { clusterId: 0xcdf8_181e_3272_8f51n, memberId: 7n };
const headers = new HeaderEncoder(ids);
const headerOf = (revision: number, raftTerm: number): ResponseHeaderInit => ({
  ...ids,
  revision,
  raftTerm,
});

const anyRevision = fc.oneof(fc.nat(300), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
const anyTerm = fc.integer({ min: 0, max: 100_000 });
const anyPair = fc
  .record({
    key: fc.uint8Array({ maxLength: 50 }),
    createRevision: anyRevision,
    modRevision: anyRevision,
    version: fc.nat(),
    value: fc.uint8Array({ maxLength: 300 }),
    lease: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  })
  .map(encodeKeyValue);
const anyPut: fc.Arbitrary<AppliedPut> = fc.record({
  kind: fc.constant("put" as const),
  revision: anyRevision,
  prevKv: fc.option(anyPair, { nil: undefined }),
});
const anyDeletion: fc.Arbitrary<AppliedDeleteRange> = fc.record({
  kind: fc.constant("delete-range" as const),
  revision: anyRevision,
  deleted: fc.nat(300),
  prevKvs: fc.array(anyPair, { maxLength: 3 }),
});
const anyRange = fc.record({
  kind: fc.constant("range" as const),
  result: fc.record({
    revision: anyRevision.map(toRevision),
    kvs: fc.array(anyPair, { maxLength: 3 }),
    more: fc.boolean(),
    count: fc.nat(100_000),
  }),
});
const { txn: anyTxn } = fc.letrec<{ txn: AppliedTxn; operation: AppliedOperation }>((tie) => ({
  operation: fc.oneof({ depthSize: "small" }, anyPut, anyDeletion, anyRange, tie("txn")),
  txn: fc.record({
    kind: fc.constant("txn" as const),
    revision: anyRevision,
    succeeded: fc.boolean(),
    operations: fc.array(tie("operation"), { maxLength: 4 }),
  }),
}));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("composePutAnswer writes what the codec would", () => {
  fc.assert(
    fc.property(anyPut, anyTerm, (applied, term) => {
      const message = { ...toPutResponse(applied), header: headerOf(applied.revision, term) };
      assert.equal(hex(composePutAnswer(headers, applied, term)), hex(encodePutResponse(message)));
    }),
  );
});

test("composeDeleteRangeAnswer writes what the codec would", () => {
  fc.assert(
    fc.property(anyDeletion, anyTerm, (applied, term) => {
      const header = headerOf(applied.revision, term);
      const expected = encodeDeleteRangeResponse({ ...toDeleteRangeResponse(applied), header });
      assert.equal(hex(composeDeleteRangeAnswer(headers, applied, term)), hex(expected));
    }),
  );
});

test("composeTxnAnswer writes what the codec would, nested transactions too", () => {
  fc.assert(
    fc.property(anyTxn, anyTerm, (applied, term) => {
      const message = { ...toTxnResponse(applied), header: headerOf(applied.revision, term) };
      assert.equal(hex(composeTxnAnswer(headers, applied, term)), hex(encodeTxnResponse(message)));
    }),
    { numRuns: 300 },
  );
});
