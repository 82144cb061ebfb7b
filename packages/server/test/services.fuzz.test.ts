/** Requests of clients that may ask for anything: never INTERNAL, never an exception (P6, S11). */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decodeWatchResponse,
  encodeAlarmRequest,
  encodeCompactionRequest,
  encodeDefragmentRequest,
  encodeDeleteRangeRequest,
  encodeHashKVRequest,
  encodeHealthCheckRequest,
  encodeHealthListRequest,
  encodeLeaseGrantRequest,
  encodeLeaseKeepAliveRequest,
  encodeLeaseLeasesRequest,
  encodeLeaseRevokeRequest,
  encodeLeaseTimeToLiveRequest,
  encodeMemberAddRequest,
  encodeMemberListRequest,
  encodeMemberPromoteRequest,
  encodeMemberRemoveRequest,
  encodeMemberUpdateRequest,
  encodeMoveLeaderRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeStatusRequest,
  encodeTxnRequest,
  encodeWatchRequest,
  services,
  wireErrors,
} from "@quorate/api";
import type { RpcStatus } from "@quorate/grpc";
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

/** Of nobody: who belongs to the cluster must be the same for the next input. */
const strangerId = fc.constantFrom(0n, 99n, 2n ** 63n, 2n ** 64n - 1n);
const peerUrls = fc.array(
  fc.oneof(fc.string(), fc.constantFrom("http://", "http://a:99999", "https://a:1", "http://[::1")),
  { maxLength: 3 },
);

/** Path and encoded message of unary calls. */
type Calls = fc.Arbitrary<readonly [string, Uint8Array]>;

const clusterCalls: Calls = fc.oneof(
  fc
    .record({ peerUrls, isLearner: flag })
    .map((each) => [services.cluster.memberAdd.path, encodeMemberAddRequest(each)] as const),
  fc
    .record({ id: strangerId })
    .map((each) => [services.cluster.memberRemove.path, encodeMemberRemoveRequest(each)] as const),
  fc
    .record({ id: strangerId, peerUrls })
    .map((each) => [services.cluster.memberUpdate.path, encodeMemberUpdateRequest(each)] as const),
  fc
    .record({ id: strangerId })
    .map(
      (each) => [services.cluster.memberPromote.path, encodeMemberPromoteRequest(each)] as const,
    ),
  fc
    .record({ linearizable: flag })
    .map((each) => [services.cluster.memberList.path, encodeMemberListRequest(each)] as const),
);

const maintenanceCalls: Calls = fc.oneof(
  // None is raised: the next inputs would be refused for it.
  fc
    .record({ action: fc.constantFrom(0, 2, 7), alarm: fc.nat(3), memberId: strangerId })
    .map((each) => [services.maintenance.alarm.path, encodeAlarmRequest(each)] as const),
  fc.constant([services.maintenance.status.path, encodeStatusRequest({})] as const),
  fc.constant([services.maintenance.defragment.path, encodeDefragmentRequest({})] as const),
  fc
    .record({ revision: number })
    .map((each) => [services.maintenance.hashKv.path, encodeHashKVRequest(each)] as const),
  fc
    .record({ targetId: strangerId })
    .map((each) => [services.maintenance.moveLeader.path, encodeMoveLeaderRequest(each)] as const),
  fc
    .record({ service: fc.oneof(fc.string(), fc.constantFrom("", "etcdserverpb.KV")) })
    .map((each) => [services.health.check.path, encodeHealthCheckRequest(each)] as const),
  fc.constant([services.health.list.path, encodeHealthListRequest({})] as const),
);

const calls: Calls = fc.oneof(
  clusterCalls,
  maintenanceCalls,
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
  fc.constant([services.lease.leaseLeases.path, encodeLeaseLeasesRequest({})] as const),
);

test("no unary method is left out", () => {
  const tried = new Set(fc.sample(calls, { numRuns: 2_000, seed: 1 }).map(([path]) => path));
  const unary = methods.filter(({ kind }) => kind === "unary").map(({ path }) => path);
  assert.deepEqual([...tried].sort(), unary.sort());
});

/** INTERNAL, UNKNOWN and DATA_LOSS: something broke here. */
const brokenCodes = new Set([2, 13, 15]);

/** Whether something broke; etcd gives some of its refusals such codes, in words that are known. */
function isBroken({ code, message }: RpcStatus): boolean {
  const isKnown = Object.values(wireErrors).some(
    (each) => each.code === code && each.message === message,
  );
  return brokenCodes.has(code) && !isKnown;
}

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
    if (status !== "ok") assert.ok(!isBroken(status), JSON.stringify(status));
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
    if (status === "ok" || !isBroken(status)) return;
    const { kv, lease, cluster: members, maintenance, health } = services;
    const all = { ...kv, ...lease, ...members, ...maintenance, ...health };
    const method = Object.values(all).find((each) => each.path === path);
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
      assert.ok(!isBroken(status), JSON.stringify(status));
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
