/** Requests of clients that may ask for anything: never INTERNAL, never an exception (P6, S11). */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeWatchResponse,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodeLeaseGrantRequest,
  encodeLeaseKeepAliveRequest,
  encodeLeaseRevokeRequest,
  encodeLeaseTimeToLiveRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
  encodeWatchRequest,
  services,
} from "@quorate/api";
import { damage, fuzz, fuzzDamage } from "../../../test/support/fuzz.ts";
import { createMethods } from "../src/services/methods.ts";
import { OpenStreams } from "../src/services/open-streams.ts";
import { RecordedStream } from "./support/recorded-stream.ts";
import { startServiceSetting } from "./support/service-setting.ts";

const { cluster, context } = await startServiceSetting();
const methods = createMethods(context, new OpenStreams(context));

const bytes = fc.oneof(
  fc.constantFrom("", "a", "b", "ab", "\0", "\xff").map((text) => Buffer.from(text, "latin1")),
  fc.uint8Array({ maxLength: 6 }),
);
const number = fc.oneof(fc.constantFrom(0, 1, -1, 2, 5, 2 ** 53 - 1, -(2 ** 53 - 1)), fc.nat(20));
const leaseId = fc.constantFrom(0n, 1n, -1n, 7n, 2n ** 63n - 1n, -(2n ** 63n));
const flag = fc.boolean();
const range = fc.record({
  ...{ key: bytes, rangeEnd: bytes, limit: number, revision: number },
  ...{ sortOrder: fc.nat(4), sortTarget: fc.nat(6), serializable: flag, keysOnly: flag },
  ...{ countOnly: flag, minModRevision: number, maxCreateRevision: number },
});
const put = fc.record({
  ...{ key: bytes, value: bytes, lease: leaseId, prevKv: flag },
  ...{ ignoreValue: flag, ignoreLease: flag },
});
const remove = fc.record({ key: bytes, rangeEnd: bytes, prevKv: flag });
const operation = fc.oneof(
  fc.constant({ request: undefined }),
  range.map((value) => ({ request: { case: "requestRange" as const, value } })),
  put.map((value) => ({ request: { case: "requestPut" as const, value } })),
  remove.map((value) => ({ request: { case: "requestDeleteRange" as const, value } })),
);
const compare = fc.record({
  ...{ result: fc.nat(5), target: fc.nat(6), key: bytes, rangeEnd: bytes },
  targetUnion: fc.oneof(
    fc.constant(undefined),
    bytes.map((value) => ({ case: "value" as const, value })),
    number.map((value) => ({ case: "version" as const, value })),
    leaseId.map((value) => ({ case: "lease" as const, value })),
  ),
});
const txn = fc.record({
  compare: fc.array(compare, { maxLength: 3 }),
  success: fc.array(operation, { maxLength: 4 }),
  failure: fc.array(operation, { maxLength: 4 }),
});

/** Path and encoded message of a unary call. */
const calls: fc.Arbitrary<readonly [string, Uint8Array]> = fc.oneof(
  range.map((each) => [services.kv.range.path, encodeRangeRequest(each)] as const),
  put.map((each) => [services.kv.put.path, encodePutRequest(each)] as const),
  remove.map((each) => [services.kv.deleteRange.path, encodeDeleteRangeRequest(each)] as const),
  txn.map((each) => [services.kv.txn.path, encodeTxnRequest(each)] as const),
  fc
    .record({ revision: number, physical: flag })
    .map((each) => [services.kv.compact.path, encodeCompactionRequest(each)] as const),
  fc
    .record({ id: leaseId, ttl: number })
    .map((each) => [services.lease.leaseGrant.path, encodeLeaseGrantRequest(each)] as const),
  fc
    .record({ id: leaseId })
    .map((each) => [services.lease.leaseRevoke.path, encodeLeaseRevokeRequest(each)] as const),
  fc
    .record({ id: leaseId, keys: flag })
    .map(
      (each) => [services.lease.leaseTimeToLive.path, encodeLeaseTimeToLiveRequest(each)] as const,
    ),
);

/** INTERNAL, UNKNOWN and DATA_LOSS: something broke here. */
const brokenCodes = new Set([2, 13, 15]);

async function call(path: string, request: Uint8Array): Promise<RecordedStream> {
  const stream = new RecordedStream();
  const method = methods.find((each) => each.path === path);
  assert.ok(method?.kind === "unary", path);
  method.handle(request, stream);
  for (let turn = 0; turn < 100 && stream.status === undefined; turn++) await cluster.advance(100);
  return stream;
}

fuzz(
  "every unary request has an answer or a refusal that blames the request",
  { inputs: calls, runs: 250 },
  async ([path, request]) => {
    const { status } = await call(path, request);
    assert.ok(status !== undefined, `${path} has no answer`);
    if (status !== "ok") assert.ok(!brokenCodes.has(status.code), JSON.stringify(status));
  },
);

fuzz(
  "damaged requests are answered; only one that cannot be decoded is INTERNAL, as etcd's",
  { inputs: fc.tuple(calls, fc.array(fuzzDamage, { minLength: 1, maxLength: 3 })), runs: 150 },
  async ([[path, whole], damages]) => {
    let request: Uint8Array = whole;
    for (const each of damages) request = damage(request, each);
    const { status } = await call(path, request);
    assert.ok(status !== undefined, `${path} has no answer`);
    if (status === "ok" || !brokenCodes.has(status.code)) return;
    const method = Object.values({ ...services.kv, ...services.lease }).find(
      (each) => each.path === path,
    );
    assert.throws(() => method?.decodeRequest(request), { code: "malformed-message" });
  },
);

const watchRequests = fc.oneof(
  fc
    .record({
      ...{ key: bytes, rangeEnd: bytes, startRevision: number, progressNotify: flag },
      ...{ filters: fc.array(fc.nat(3), { maxLength: 2 }), prevKv: flag, watchId: leaseId },
      fragment: flag,
    })
    .map((value) => ({ case: "createRequest" as const, value })),
  leaseId.map((watchId) => ({ case: "cancelRequest" as const, value: { watchId } })),
  fc.constant({ case: "progressRequest" as const, value: {} }),
  fc.constant(undefined),
);

fuzz(
  "watch streams take any requests, and the member goes on",
  { inputs: fc.array(fc.oneof(watchRequests, put), { maxLength: 12 }), runs: 60 },
  async (steps) => {
    const stream = new RecordedStream();
    const method = methods.find((each) => each.path === services.watch.watch.path);
    assert.ok(method?.kind === "bidi-stream");
    method.handle(stream);
    for (const step of steps) {
      if (step !== undefined && "key" in step) {
        await call(services.kv.put.path, encodePutRequest(step));
      } else stream.receive(encodeWatchRequest({ requestUnion: step }));
    }
    await cluster.advance(500);
    const { status } = stream;
    if (status !== undefined && status !== "ok") {
      assert.ok(!brokenCodes.has(status.code), JSON.stringify(status));
    }
    for (const message of stream.messages) decodeWatchResponse(message);
  },
);

fuzz(
  "renewals of any lease are answered",
  { inputs: fc.array(leaseId, { maxLength: 6 }), runs: 60 },
  async (ids) => {
    const stream = new RecordedStream();
    const method = methods.find((each) => each.path === services.lease.leaseKeepAlive.path);
    assert.ok(method?.kind === "bidi-stream");
    method.handle(stream);
    for (const id of ids) stream.receive(encodeLeaseKeepAliveRequest({ id }));
    await cluster.advance(500);
    assert.equal(stream.messages.length, ids.length);
    assert.ok(stream.status === undefined || stream.status === "ok");
  },
);
