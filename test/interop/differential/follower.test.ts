/** Everything a client does works at a follower as it does at the leader. */
import assert from "node:assert/strict";
import { type LeaseKeepAliveResponse, services } from "@quorate/api";
import { RpcClient } from "@quorate/grpc/testing";
import { until } from "../../support/deadline.ts";
import { RandomRequests } from "./random-requests.ts";
import { compare, op } from "./requests.ts";
import { compareStores } from "./scenario.ts";

const scenario = compareStores({
  size: 3,
  ask: "follower",
  heartbeatMillis: 50,
  electionMillis: 500,
});
const { leaseGrant, leaseKeepAlive, leaseLeases, leaseRevoke, leaseTimeToLive } = services.lease;

scenario("Follower: writes and reads of one's own writes", async (s) => {
  for (let index = 0; index < 20; index += 1) {
    const { header } = s.succeeds(await s.put("a", String(index)));
    assert.equal(header?.memberId, s.store.memberId);
    const { kvs } = s.succeeds(await s.range("a"));
    assert.equal(Buffer.from(kvs[0]?.value ?? []).toString(), String(index));
  }
  await s.range("a", { serializable: true });
  await s.put("b", "1", { prevKv: true });
  await s.delete("", { end: s.endOf(""), prevKv: true });
});

scenario("Follower: transactions and compaction", async (s) => {
  await s.put("a", "1");
  await s.txn({
    compare: [compare.value(s.key("a"), "=", "1")],
    success: [op.put(s.key("a"), "2", { prevKv: true }), op.range(s.key("a"))],
  });
  await s.txn({ success: [op.range(s.key("a"))] });
  s.succeeds(await s.call(services.kv.compact, { revision: s.at(2), physical: true }));
  s.fails(await s.range("a", { revision: s.at(1) }), "compacted");
  s.fails(await s.call(services.kv.compact, { revision: s.at(9) }), "future-revision");
});

scenario("Follower: errors are the leader's", async (s) => {
  s.fails(await s.put("a", "1", { lease: 4_242n }), "lease-not-found");
  s.fails(await s.put("a", "", { ignoreValue: true }), "key-not-found");
  s.fails(await s.range("a", { revision: s.at(5) }), "future-revision");
  s.fails(await s.put("a", "v".repeat(1_572_865)), "request-too-large");
  s.fails(await s.call(leaseRevoke, { id: 4_242n }), "lease-not-found");
});

scenario("Follower: watches see changes made anywhere", async (s) => {
  const watch = s.watch({ headers: { hasleader: "true" } });
  await watch.created("", { end: s.endOf(""), prevKv: true });
  await s.put("a", "1");
  await s.put("a", "2");
  await s.delete("a");
  await watch.events(0n, 3);
  await watch.created("a", { startRevision: s.at(1), watchId: 7n });
  await watch.events(7n, 3);
  watch.requestProgress();
  assert.equal((await watch.next()).header?.revision, s.at(3));
});

scenario("Follower: leases are granted, renewed, looked at and revoked", async (s) => {
  await s.grant(600, 8_700_001n);
  s.fails(await s.call(leaseGrant, { id: 8_700_001n, ttl: 5 }), "lease-exists");
  await s.put("a", "1", { lease: 8_700_001n });
  const stream = s.stream(leaseKeepAlive);
  const renew = async (id: bigint): Promise<LeaseKeepAliveResponse> => {
    stream.send(leaseKeepAlive.encodeRequest({ id }));
    const message = await stream.next();
    return leaseKeepAlive.decodeResponse(message ?? Buffer.of());
  };
  s.note("renewal", await renew(8_700_001n));
  s.note("renewal of an unknown lease", await renew(4_242n));
  const { ttl, ...left } = s.succeeds(
    await s.quietly(async () => await s.call(leaseTimeToLive, { id: 8_700_001n, keys: true })),
  );
  assert.ok(ttl > 590 && ttl <= 600);
  s.note("time to live", left);
  await s.call(leaseTimeToLive, { id: 4_242n });
  const list = s.succeeds(await s.quietly(async () => await s.call(leaseLeases, {})));
  assert.ok(list.leases.some(({ id }) => id === 8_700_001n));
  s.succeeds(await s.call(leaseRevoke, { id: 8_700_001n }));
  s.note("renewal of a revoked lease", await renew(8_700_001n));
  assert.equal(s.succeeds(await s.range("a")).count, 0);
});

scenario("Follower: a lease that nobody renews expires", async (s) => {
  const lease = await s.grant(1);
  await s.put("a", "1", { lease });
  const watch = s.watch();
  await watch.created("a", { startRevision: s.at(2) });
  const [event] = await watch.events(0n, 1);
  assert.equal(event?.type, "DELETE");
});

scenario("Follower: status, members, alarms and hash", async (s) => {
  await s.put("a", "1");
  const status = s.succeeds(
    await s.quietly(async () => await s.call(services.maintenance.status, {})),
  );
  assert.notEqual(status.leader, s.store.memberId);
  const list = s.succeeds(
    await s.quietly(async () => await s.call(services.cluster.memberList, {})),
  );
  const ids = list.members.map(({ id }) => id);
  assert.deepEqual(
    ids,
    [...ids].sort((one, two) => (one < two ? -1 : 1)),
  );
  const members = list.members.map(({ name, clientUrls, isLearner }) => ({
    name,
    urls: clientUrls.length,
    isLearner,
  }));
  s.note(
    "members",
    members.sort((one, two) => (one.name < two.name ? -1 : 1)),
  );
  s.note("status", [status.leader !== 0n, status.isLearner, status.errors]);
});

scenario("All members hash the same history to the same number", async (s) => {
  await s.put("a", "1");
  const { hashKv } = services.maintenance;
  const request = Buffer.from(hashKv.encodeRequest({ revision: s.at(1) }));
  const hashes = new Set<number>();
  for (const { endpoint } of s.store.cluster.members) {
    const rpc = new RpcClient(endpoint);
    // A member that has not yet applied the revision answers with an error.
    hashes.add(
      await until(20_000, "the revision at every member", async () => {
        const { messages } = await rpc.unary(hashKv.path, request).outcome;
        return messages[0] === undefined ? undefined : hashKv.decodeResponse(messages[0]).hash;
      }),
    );
    rpc.close();
  }
  s.note("different hashes", hashes.size);
  assert.equal(hashes.size, 1);
});

scenario("Follower: random requests", async (s) => {
  const draw = RandomRequests.of(s, 800);
  let newest = 0;
  for (let count = 0; count < 200; count += 1) newest = await draw.send(s, newest);
  await s.all();
});
