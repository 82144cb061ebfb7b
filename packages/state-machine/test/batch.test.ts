import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkBatch,
  decodeBatch,
  encodeBatch,
  firstSequence,
  joinBatches,
  MalformedBatchError,
  requestOverheadMaxBytes,
  type ProposedRequest,
  type RequestKind,
} from "@quorate/state-machine";
import fc from "fast-check";

const kinds: readonly RequestKind[] = [
  "put",
  "delete-range",
  "txn",
  "compact",
  "lease-grant",
  "lease-revoke",
  "lease-expire",
  "lease-checkpoint",
  "alarm",
  "member-attributes",
  "cluster-version",
];

const anyMember = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const anyRequests: fc.Arbitrary<ProposedRequest[]> = fc
  .tuple(
    fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 10_000 }),
    fc.array(
      fc.record({
        step: fc.integer({ min: 1, max: 900 }),
        kind: fc.constantFrom(...kinds),
        authRevision: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        bytes: fc.uint8Array({ maxLength: 300 }),
      }),
      { minLength: 1, maxLength: 10 },
    ),
  )
  .map(([first, parts]) => {
    let sequence = first;
    return parts.map(({ step, ...request }) => ({ ...request, sequence: (sequence += step) }));
  });

const put = (sequence: number, text = "x"): ProposedRequest => ({
  sequence,
  kind: "put",
  authRevision: 0,
  bytes: Buffer.from(text),
});

test("decodeBatch gives back what encodeBatch and joinBatches were given", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyMember, anyRequests), { maxLength: 4 }), (parts) => {
      const joined = joinBatches(parts.map((part) => encodeBatch(...part)));
      const expected = parts.flatMap(([member, requests]) =>
        requests.map((request) => ({ member, ...request })),
      );
      assert.deepEqual(
        decodeBatch(joined).map((request) => ({
          ...request,
          bytes: Uint8Array.from(request.bytes),
        })),
        expected,
      );
    }),
  );
});

test("the data of a new leader's entry holds no requests", () => {
  assert.deepEqual(decodeBatch(new Uint8Array(0)), []);
});

test("a request adds few bytes beside its own", () => {
  const one = encodeBatch(1n, [put(2 ** 52)]).length;
  const two = encodeBatch(1n, [put(2 ** 52), put(2 ** 52 + 1)]).length;
  assert.equal(two - one, 4 + 1);
  assert.ok(4 <= requestOverheadMaxBytes);
});

test("request bytes are views into the entry, not copies", () => {
  const data = encodeBatch(1n, [put(1, "abc")]);
  const [request] = decodeBatch(data);
  assert.equal(request?.bytes.buffer, data.buffer);
});

test("encodeBatch refuses an empty batch and sequences out of order", () => {
  assert.throws(() => encodeBatch(1n, []), /no requests/);
  assert.throws(() => encodeBatch(1n, [put(2), put(2)]), /not ascending/);
  assert.throws(() => encodeBatch(1n, [put(2), put(1)]), /not ascending/);
});

test("C34: a batch cut at any byte is refused, never half read", () => {
  const data = encodeBatch(7n, [put(5, "first"), put(9, "second")]);
  for (let length = 1; length < data.length; length += 1) {
    assert.throws(() => decodeBatch(data.subarray(0, length)), MalformedBatchError);
    assert.throws(() => checkBatch(data.subarray(0, length)), MalformedBatchError);
  }
});

test("C34: any bytes are decoded or refused with a typed error, without long loops", () => {
  const errorOf = (read: () => unknown): string | undefined => {
    try {
      read();
      return undefined;
    } catch (error) {
      assert.ok(error instanceof MalformedBatchError, String(error));
      return error.message;
    }
  };
  const attempt = (bytes: Uint8Array): void => {
    const error = errorOf(() => decodeBatch(bytes));
    assert.equal(
      errorOf(() => checkBatch(bytes)),
      error,
      "what is forwarded is refused as in the log",
    );
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), attempt), { numRuns: 2000 });
  const damaged = fc.tuple(anyMember, anyRequests, fc.nat(), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(damaged, ([member, requests, position, byte]) => {
      const data = encodeBatch(member, requests);
      data[position % data.length] = byte;
      attempt(data);
    }),
    { numRuns: 1000 },
  );
});

test("an unknown version and an unknown kind are named in the error", () => {
  const data = encodeBatch(7n, [put(5)]);
  const withVersion = Uint8Array.from(data);
  withVersion[0] = 2;
  assert.throws(() => decodeBatch(withVersion), /version is 2, expected 1/);
  const withKind = Uint8Array.from(data);
  withKind[12] = 200;
  assert.throws(() => decodeBatch(withKind), /unknown request kind 200/);
});

test("firstSequence keeps room for 2^52 requests", () => {
  assert.equal(firstSequence(2n ** 64n - 1n), 2 ** 52 - 1);
  assert.equal(firstSequence(0n), 0);
});
