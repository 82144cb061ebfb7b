/** Requests of every kind that may ask for anything. */
import fc from "fast-check";
import { fuzzBytes } from "../../../../test/support/fuzz.ts";
import type { Proposal } from "./machine.ts";

const key = fuzzBytes(4);
const lease = fc.constantFrom(0n, 5n, -1n, 2n ** 63n - 1n);
const memberId = fc.constantFrom(0n, 1n, 7n, 2n ** 64n - 1n);
const put = fc.record({ key, value: key, lease, ignoreValue: fc.boolean() });
const range = fc.record({ key, rangeEnd: key, revision: fc.integer({ min: -1, max: 9 }) });
const remove = fc.record({ key, rangeEnd: key, prevKv: fc.boolean() });
const operation = fc.oneof(
  fc.constant({ request: undefined }),
  put.map((value) => ({ request: { case: "requestPut" as const, value } })),
  range.map((value) => ({ request: { case: "requestRange" as const, value } })),
  remove.map((value) => ({ request: { case: "requestDeleteRange" as const, value } })),
);
const txn = fc.record({
  compare: fc.array(fc.record({ result: fc.nat(4), target: fc.nat(5), key }), { maxLength: 2 }),
  success: fc.array(operation, { maxLength: 3 }),
  failure: fc.array(operation, { maxLength: 3 }),
});
const checkpoint = fc.record({ id: lease, remainingTtl: fc.integer() });
const texts = fc.array(fc.string({ maxLength: 4 }), { maxLength: 2 });

/** A request of any kind, well formed. */
export const proposals: fc.Arbitrary<Proposal> = fc.oneof(
  put.map((message) => ({ kind: "put" as const, message })),
  remove.map((message) => ({ kind: "delete-range" as const, message })),
  txn.map((message) => ({ kind: "txn" as const, message })),
  fc.record({ revision: fc.nat(9) }).map((message) => ({ kind: "compact" as const, message })),
  fc
    .record({ id: lease, ttl: fc.integer() })
    .map((message) => ({ kind: "lease-grant" as const, message })),
  fc.record({ id: lease }).map((message) => ({ kind: "lease-revoke" as const, message })),
  fc
    .record({ term: fc.nat(2), ids: fc.array(lease, { maxLength: 3 }) })
    .map((message) => ({ kind: "lease-expire" as const, message })),
  fc
    .record({ checkpoints: fc.array(checkpoint, { maxLength: 2 }) })
    .map((message) => ({ kind: "lease-checkpoint" as const, message })),
  fc
    .record({ action: fc.nat(3), alarm: fc.nat(3), memberId })
    .map((message) => ({ kind: "alarm" as const, message })),
  fc
    .record({ memberId, name: fc.string({ maxLength: 4 }), clientUrls: texts })
    .map((message) => ({ kind: "member-attributes" as const, message })),
  fc
    .record({ version: fc.constantFrom("3.6.0", "3.7.0", "x") })
    .map((message) => ({ kind: "cluster-version" as const, message })),
);
