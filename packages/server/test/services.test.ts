import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeLeaseKeepAliveResponse,
  decodeLeaseLeasesResponse,
  decodeRangeResponse,
  encodeLeaseGrantRequest,
  encodeLeaseKeepAliveRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeWatchRequest,
  services,
} from "@quorate/api";
import type { RpcMethod } from "@quorate/grpc";
import { DiskFullError } from "@quorate/mvcc";
import type { Member } from "../src/member/member.ts";
import { propose } from "../src/services/calls.ts";
import { compactThroughLog } from "../src/services/compaction.ts";
import { kvMethods } from "../src/services/kv-service.ts";
import { leaseMethods } from "../src/services/lease-service.ts";
import { maintenanceMethods } from "../src/services/maintenance-service.ts";
import { OpenStreams } from "../src/services/open-streams.ts";
import { watchMethods } from "../src/services/watch-service.ts";
import { RecordedStream } from "./support/recorded-stream.ts";
import { startServiceSetting } from "./support/service-setting.ts";
import type { SimCluster } from "./support/sim-cluster.ts";

const putMany = 5_000;

function call(methods: readonly RpcMethod[], path: string, request: Uint8Array): RecordedStream {
  const stream = new RecordedStream();
  const method = methods.find((each) => each.path === path);
  assert.ok(method?.kind === "unary");
  method.handle(request, stream);
  return stream;
}

function open(
  methods: readonly RpcMethod[],
  path: string,
  headers: Readonly<Record<string, string>> = {},
): RecordedStream {
  const stream = new RecordedStream(headers);
  const method = methods.find((each) => each.path === path);
  assert.ok(method?.kind === "bidi-stream");
  method.handle(stream);
  return stream;
}

function isolate(cluster: SimCluster, member: Member): void {
  for (const { id } of cluster.nodes) {
    cluster.network.cut(id, member.memberId);
    cluster.network.cut(member.memberId, id);
  }
}

test("a watch that asked for a leader ends without one, and lets its watchers go", async () => {
  const { cluster, member, context } = await startServiceSetting();
  const methods = watchMethods(context, new OpenStreams(context));
  const asking = open(methods, services.watch.watch.path, { hasleader: "true" });
  const other = open(methods, services.watch.watch.path);
  const create = { case: "createRequest", value: { key: Buffer.from("a") } } as const;
  asking.receive(encodeWatchRequest({ requestUnion: create }));
  other.receive(encodeWatchRequest({ requestUnion: create }));
  assert.equal(member.state.store.stats().watcherTotal, 2);
  isolate(cluster, member);
  await cluster.advance(10_000);
  assert.deepEqual(asking.status, { code: 14, message: "etcdserver: no leader" });
  assert.equal(other.status, undefined);
  assert.equal(member.state.store.stats().watcherTotal, 1);
});

test("a watch that asks for a leader is taken in an election, and refused later", async () => {
  const { cluster, member, context } = await startServiceSetting();
  const methods = watchMethods(context, new OpenStreams(context));
  const ask = (): RecordedStream => {
    return open(methods, services.watch.watch.path, { hasleader: "true" });
  };
  const refusal = { code: 14, message: "etcdserver: no leader" };
  isolate(cluster, member);
  while (member.leader !== undefined) await cluster.advance(10);
  // A service that begins now has never known a leader.
  const unknowing = watchMethods(context, new OpenStreams(context));
  const none = open(unknowing, services.watch.watch.path, { hasleader: "true" });
  assert.deepEqual(none.status, refusal);
  const [early, , late] = [ask(), await cluster.advance(2_100), ask()];
  assert.deepEqual([early.status, late.status], [undefined, refusal]);
  cluster.network.healAll();
  await cluster.advance(10_000);
  const kept = ask();
  await cluster.advance(10_000);
  assert.equal(kept.status, undefined, "there is a leader");
});

test("a long Range for the newest state is whole though a compaction overtakes it", async () => {
  const { cluster, member, context } = await startServiceSetting();
  const methods = kvMethods(context);
  for (let count = 0; count < putMany; count += 1) {
    const key = Buffer.from(`key${String(count).padStart(5, "0")}`);
    call(methods, services.kv.put.path, encodePutRequest({ key, value: key }));
  }
  await cluster.advance(1_000);
  const range = { key: Buffer.of(0), rangeEnd: Buffer.of(0), serializable: true };
  const answer = call(methods, services.kv.range.path, encodeRangeRequest(range));
  assert.equal(answer.status, undefined, "it is read in slices");
  const before = member.state.store.currentRevision;
  const { scheduler } = cluster;
  const write = member.state.store.beginWrite();
  write.put("key00000", Buffer.from("new"), 0n);
  write.end();
  void member.state.store.scheduleCompaction(before + 1);
  while (answer.messages.length === 0) assert.ok(scheduler.step());
  assert.equal(answer.status, "ok");
  const { kvs, count, header } = decodeRangeResponse(answer.messages[0] ?? new Uint8Array(0));
  assert.deepEqual([kvs.length, count, header?.revision], [putMany, putMany, before + 1]);
  assert.equal(Buffer.from(kvs[0]?.value ?? []).toString(), "new");
  assert.equal(Buffer.from(kvs.at(-1)?.key ?? []).toString(), "key04999");
});

test("an answer that cannot be made fails its call, not the process (C29)", async () => {
  const { cluster, context } = await startServiceSetting();
  const message = { id: 7n, ttl: 60 };
  const errors: unknown[] = [];
  propose(context, {
    decoded: { kind: "lease-grant", message },
    bytes: encodeLeaseGrantRequest(message),
    onResponse: () => {
      throw new RangeError("too large");
    },
    onError: (error) => errors.push(error),
  });
  await cluster.advance(1_000);
  assert.equal(String(errors), "RangeError: too large");
});

test("automatic compaction does not act on a leadership that is over (B12)", async () => {
  const { cluster, member, context } = await startServiceSetting();
  const node = cluster.nodes.find(({ id }) => id === member.memberId);
  cluster.write(cluster.nodes[0] ?? assert.fail());
  await cluster.advance(1_000);
  node?.stop();
  await cluster.advance(10_000);
  const compaction = compactThroughLog(context, 2);
  compaction.catch(() => undefined);
  assert.equal(member.isLeader, true, "it does not know yet");
  node?.goOn();
  await assert.rejects(cluster.whileTimePasses(compaction), /not leader/);
});

test("LeaseLeases lists 25,000 leases in slices, the next to run out first", async () => {
  const { cluster, member, context } = await startServiceSetting();
  const methods = leaseMethods(context, new OpenStreams(context));
  const ttlOf = (id: number): number => 100 + ((id * 7_919) % 25_000);
  for (let id = 1; id <= 25_000; id += 1) {
    const grant = encodeLeaseGrantRequest({ id: BigInt(id), ttl: ttlOf(id) });
    call(methods, services.lease.leaseGrant.path, grant);
  }
  await cluster.advance(2_000);
  assert.equal(member.state.leases.get(25_000n)?.ttlSeconds, ttlOf(25_000));
  const answer = call(methods, services.lease.leaseLeases.path, new Uint8Array(0));
  assert.equal(answer.messages.length, 0);
  await cluster.advance(100);
  const listed = decodeLeaseLeasesResponse(answer.messages[0] ?? new Uint8Array(0));
  const ttls = listed.leases.map(({ id }) => ttlOf(Number(id)));
  assert.equal(new Set(ttls).size, 25_000);
  assert.deepEqual(
    ttls,
    [...ttls].sort((a, b) => a - b),
  );
});

test("keep-alive answers leave in order; without a leader the stream fails", async () => {
  const { cluster, member, context } = await startServiceSetting();
  const grant = encodeLeaseGrantRequest({ id: 7n, ttl: 60 });
  const methods = leaseMethods(context, new OpenStreams(context));
  call(methods, services.lease.leaseGrant.path, grant);
  await cluster.advance(1_000);
  const { path } = services.lease.leaseKeepAlive;
  const [stream, other] = [open(methods, path), open(methods, path)];
  const ids = [7n, -5n, 0n, 7n, 2n ** 63n - 1n];
  for (const id of ids) stream.receive(encodeLeaseKeepAliveRequest({ id }));
  other.receive(encodeLeaseKeepAliveRequest({ id: 7n }));
  await cluster.advance(1_000);
  const answers = stream.messages.map(decodeLeaseKeepAliveResponse);
  assert.deepEqual(
    answers.map(({ id, ttl }) => [id, ttl]),
    ids.map((id) => [id, id === 7n ? 60 : 0]),
  );
  const { memberId } = member;
  assert.ok(answers.every(({ header }) => header?.memberId === memberId));
  assert.equal(other.messages.length, 1);
  isolate(cluster, member);
  stream.receive(encodeLeaseKeepAliveRequest({ id: 7n }));
  await cluster.advance(20_000);
  assert.deepEqual(stream.status, { code: 14, message: "etcdserver: no leader" });
  assert.equal(stream.messages.length, ids.length);
});

test("a keep-alive stream whose client does not read is read no further", async () => {
  const { cluster, context } = await startServiceSetting();
  const methods = leaseMethods(context, new OpenStreams(context));
  const stream = open(methods, services.lease.leaseKeepAlive.path);
  stream.hasRoom = false;
  stream.receive(encodeLeaseKeepAliveRequest({ id: 5n }));
  await cluster.advance(1_000);
  assert.equal(stream.messages.length, 1);
  assert.equal(stream.isPaused, true);
  stream.drain();
  assert.equal(stream.isPaused, false);
});

test("watchers are parked by a transport that calls back, by nothing else (W11)", async () => {
  const { cluster, member, context } = await startServiceSetting();
  const streams = new OpenStreams(context);
  const stream = open(watchMethods(context, streams), services.watch.watch.path);
  const create = { case: "createRequest", value: { key: Buffer.from("a") } } as const;
  stream.receive(encodeWatchRequest({ requestUnion: create }));
  const writes = kvMethods(context);
  const put = async (): Promise<void> => {
    call(writes, services.kv.put.path, encodePutRequest({ key: Buffer.from("a") }));
    await cluster.advance(200);
  };
  // It holds much and takes more: there is no drain to wait for.
  stream.bufferedBytes = 8 * 1024 * 1024;
  assert.equal(streams.watchBufferedBytes, 8 * 1024 * 1024);
  await put();
  await put();
  assert.equal(stream.messages.length, 3);
  const { slowWatcherTotal, fallbacksTotal } = member.state.store.stats();
  assert.deepEqual([slowWatcherTotal, fallbacksTotal], [0, 0]);
  // It has enough: what comes then waits in the store, until it can take more.
  stream.hasRoom = false;
  await put();
  await put();
  assert.equal(stream.messages.length, 5);
  await put();
  await put();
  assert.equal(stream.messages.length, 5);
  assert.equal(member.state.store.stats().slowWatcherTotal, 1);
  assert.equal(member.state.store.stats().fallbacksTotal, 1);
  stream.bufferedBytes = 0;
  stream.drain();
  await cluster.advance(200);
  assert.equal(stream.messages.length, 6, "two revisions in one answer");
  streams.close();
  assert.equal(streams.watchBufferedBytes, 0);
});

test("a Defragment that finds no room is answered as a database out of space (B5)", async () => {
  const { context, member } = await startServiceSetting();
  const { backend } = member.state.store;
  const error = new DiskFullError("defragment the database", new Error("ENOSPC"));
  backend.defragment = () => Promise.reject(error);
  const methods = maintenanceMethods(context);
  const stream = call(methods, services.maintenance.defragment.path, new Uint8Array(0));
  await new Promise((resolve) => setImmediate(resolve));
  const message = "etcdserver: mvcc: database space exceeded";
  assert.deepEqual(stream.status, { code: 8, message });
});
