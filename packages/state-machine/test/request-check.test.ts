import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeLeaseGrantRequest,
  decodeTxnRequest,
  encodeLeaseGrantRequest,
  encodePutRequest,
  encodeTxnRequest,
  wireErrors,
  type RequestOpInit,
  type TxnRequest,
  type TxnRequestInit,
} from "@quorate/api";
import {
  checkLeaseGrantRequest,
  checkTxnRequest,
  defaultQuotaBytes,
  isQuotaExceeded,
  isReadOnlyTxn,
  isSerializableTxn,
  leaseTtlMaxSeconds,
  minLeaseTtlSeconds,
  normalizeLeaseGrant,
  PutCommand,
  putCostBytes,
  quotaBytesOf,
  RequestError,
  txnCostBytes,
  txnDepthMax,
  type MemberErrorCode,
  type RequestErrorCode,
} from "@quorate/state-machine";
import fc from "fast-check";
import { parseTxn } from "./support/request-text.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const txnOf = (init: TxnRequestInit): TxnRequest => decodeTxnRequest(encodeTxnRequest(init));
const put = (key: string, value = ""): RequestOpInit => ({
  request: { case: "requestPut", value: { key: bytes(key), value: bytes(value) } },
});
const nest = (...success: RequestOpInit[]): RequestOpInit => ({
  request: { case: "requestTxn", value: { success } },
});
const puts = (count: number): RequestOpInit[] =>
  Array.from({ length: count }, (_, index) => put(`k${index}`));
const tooMany = { code: "too-many-operations" };

test("every code is a row of the wire error table", () => {
  const codes: Record<RequestErrorCode | MemberErrorCode, true> = {
    "key-empty": true,
    "key-not-found": true,
    "value-provided": true,
    "lease-provided": true,
    "too-many-operations": true,
    "duplicate-key": true,
    "invalid-sort-option": true,
    "no-space": true,
    corrupt: true,
    "lease-not-found": true,
    "lease-exists": true,
    "lease-ttl-too-large": true,
    "member-exists": true,
    "peer-url-exists": true,
    "not-enough-started-members": true,
    "invalid-member-urls": true,
    "member-not-found": true,
    "member-not-learner": true,
    "learner-not-ready": true,
    "too-many-learners": true,
    "unhealthy-cluster": true,
  };
  for (const code of Object.keys(codes)) assert.ok(code in wireErrors, code);
});

test("checkTxnRequest counts the largest of compares, successes and failures", () => {
  checkTxnRequest(txnOf({ success: puts(3), failure: puts(2) }), 3);
  assert.throws(() => checkTxnRequest(txnOf({ success: puts(4) }), 3), tooMany);
  assert.throws(() => checkTxnRequest(txnOf({ failure: puts(4) }), 3), tooMany);
  const compare = Array.from({ length: 4 }, () => ({ key: bytes("k") }));
  assert.throws(() => checkTxnRequest(txnOf({ compare }), 3), tooMany);
  checkTxnRequest(txnOf({ success: puts(128) }));
  assert.throws(() => checkTxnRequest(txnOf({ success: puts(129) })), tooMany);
});

test("checkTxnRequest gives each nested transaction what its parent leaves over", () => {
  const nested = (count: number): TxnRequest => txnOf({ success: [nest(...puts(count))] });
  checkTxnRequest(nested(2), 3);
  assert.throws(() => checkTxnRequest(nested(3), 3), tooMany);
  const siblings = txnOf({ success: [nest(put("a")), nest(put("b"))] });
  checkTxnRequest(siblings, 3);
  assert.throws(() => checkTxnRequest(siblings, 2), tooMany);
});

test("S10: nesting is bounded whatever the operation limit", () => {
  const deep = (levels: number): TxnRequest => {
    let operation = put("a");
    for (let level = 1; level < levels; level += 1) operation = nest(operation);
    return txnOf({ success: [operation] });
  };
  checkTxnRequest(deep(txnDepthMax), 1000);
  assert.throws(() => checkTxnRequest(deep(txnDepthMax + 1), 1000), tooMany);
});

test("the operation limit is judged before arguments, and arguments before overlaps", () => {
  const request = txnOf({ success: [put("a"), put("a"), put("")] });
  assert.throws(() => checkTxnRequest(request, 2), tooMany);
  assert.throws(() => checkTxnRequest(request, 3), { code: "key-empty" });
});

test("S10: the overlap check stays fast with as many operations as a request can hold", () => {
  const half = 20_000;
  const operations: RequestOpInit[] = puts(half);
  for (let index = 0; index < half; index += 1) {
    const value = { key: bytes(`x${index}`), rangeEnd: bytes(`x${index}\0\0`) };
    operations.push({ request: { case: "requestDeleteRange", value } });
  }
  const request = txnOf({ success: operations });
  checkTxnRequest(request, Number.POSITIVE_INFINITY);
  operations.push(put("x77\0"));
  assert.throws(() => checkTxnRequest(txnOf({ success: operations }), 10 ** 6), {
    code: "duplicate-key",
  });
});

const anyKey = fc.constantFrom("a", "b", "c", "d", "e");

test("the overlap check of one level agrees with comparing every pair", () => {
  const anyOperation = fc.oneof(
    fc.record({ kind: fc.constant("put" as const), key: anyKey }),
    fc.record({
      kind: fc.constant("delete" as const),
      key: anyKey,
      end: fc.oneof(anyKey, fc.constantFrom("", "\0")),
    }),
  );
  fc.assert(
    fc.property(fc.array(anyOperation, { maxLength: 6 }), (operations) => {
      const overlaps = operations.some((left, index) =>
        operations.some((right, other) => {
          if (left.kind !== "put" || index === other) return false;
          if (right.kind === "put") return right.key === left.key;
          if (right.end === "") return right.key === left.key;
          return left.key >= right.key && left.key < right.end;
        }),
      );
      const success = operations.map((operation): RequestOpInit => {
        if (operation.kind === "put") return put(operation.key);
        const value = { key: bytes(operation.key), rangeEnd: bytes(operation.end) };
        return { request: { case: "requestDeleteRange", value } };
      });
      const check = (): void => checkTxnRequest(txnOf({ success }));
      if (overlaps) assert.throws(check, { code: "duplicate-key" });
      else check();
    }),
  );
});

test("a transaction of ranges is a read; one with a nested transaction is not", () => {
  const ranges = txnOf(parseTxn("then\n  range a serializable\nelse\n  range b serializable"));
  assert.ok(isReadOnlyTxn(ranges) && isSerializableTxn(ranges));
  const mixed = txnOf(parseTxn("then\n  range a serializable\nelse\n  range b"));
  assert.ok(isReadOnlyTxn(mixed) && !isSerializableTxn(mixed));
  const nested = txnOf(parseTxn("then\n  txn\n    then\n      range a serializable"));
  assert.ok(!isReadOnlyTxn(nested) && !isSerializableTxn(nested));
  const compares = txnOf(parseTxn("if version a = 1"));
  assert.ok(isReadOnlyTxn(compares) && isSerializableTxn(compares));
});

test("a put costs its key, its value and 256 bytes; a transaction its costlier branch", () => {
  const request = txnOf({
    success: [put("a", "123"), nest(put("b"), put("c"))],
    failure: [put("d", "1")],
  });
  assert.equal(txnCostBytes(request), 260 + 2 * 257);
  assert.equal(txnCostBytes(txnOf(parseTxn("then\n  delete a\n  range a"))), 0);
  const bytes = encodePutRequest({ key: Buffer.from("a"), value: Buffer.from("123") });
  assert.equal(putCostBytes(new PutCommand(bytes)), 260);
});

test("the quota stops what costs, from the last byte on", () => {
  assert.equal(quotaBytesOf(0), defaultQuotaBytes);
  assert.equal(quotaBytesOf(-1), Number.POSITIVE_INFINITY);
  const room = { sizeBytes: 900, quotaBytes: 1000 };
  assert.equal(isQuotaExceeded({ ...room, costBytes: 99 }), false);
  assert.equal(isQuotaExceeded({ ...room, costBytes: 100 }), true);
  assert.equal(isQuotaExceeded({ ...room, sizeBytes: 2000, costBytes: 0 }), false);
  assert.equal(isQuotaExceeded({ ...room, costBytes: 1e9, quotaBytes: quotaBytesOf(-5) }), false);
});

const grant = (id: bigint, ttl: number): Parameters<typeof normalizeLeaseGrant>[0] =>
  decodeLeaseGrantRequest(encodeLeaseGrantRequest({ id, ttl }));

test("a grant gets a positive id when the client leaves it open, and the minimum TTL", () => {
  const minimum = { random: 2n ** 64n - 5n, ttlMinSeconds: 2 };
  assert.deepEqual(
    { ...normalizeLeaseGrant(grant(0n, -4), minimum) },
    { id: 2n ** 63n - 5n, ttl: 2 },
  );
  assert.deepEqual({ ...normalizeLeaseGrant(grant(-3n, 60), minimum) }, { id: -3n, ttl: 60 });
  assert.equal(normalizeLeaseGrant(grant(0n, 1), { ...minimum, random: 2n ** 63n }).id, 1n);
  assert.equal(minLeaseTtlSeconds({ electionTicks: 10, heartbeatMillis: 100 }), 2);
  assert.equal(minLeaseTtlSeconds({ electionTicks: 5, heartbeatMillis: 1000 }), 7);
});

test("L6, C50: a TTL of 30 days is fine, one beyond nine billion seconds is not", () => {
  checkLeaseGrantRequest(grant(1n, 30 * 86_400));
  checkLeaseGrantRequest(grant(1n, leaseTtlMaxSeconds));
  assert.throws(() => checkLeaseGrantRequest(grant(1n, leaseTtlMaxSeconds + 1)), RequestError);
});
