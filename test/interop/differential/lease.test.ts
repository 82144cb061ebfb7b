import assert from "node:assert/strict";
import { type LeaseKeepAliveResponse, services } from "@quorate/api";
import { compareStores, type Scenario } from "./scenario.ts";
import type { StreamSession } from "./stream-session.ts";
import { until } from "../../support/deadline.ts";

const scenario = compareStores();
const { leaseGrant, leaseKeepAlive, leaseLeases, leaseRevoke, leaseTimeToLive } = services.lease;
const int64Max = 9_223_372_036_854_775_807n;

async function nextKeepAlive(stream: StreamSession): Promise<LeaseKeepAliveResponse> {
  const message = await stream.next();
  if (message === undefined) throw new Error("The keep-alive stream ended");
  return leaseKeepAlive.decodeResponse(message);
}

/** Seconds left; asserted to be near `expected`, because a second may begin in between. */
async function timeToLive(s: Scenario, id: bigint, expected: number): Promise<void> {
  const { ttl, ...rest } = s.succeeds(
    await s.quietly(async () => await s.call(leaseTimeToLive, { id, keys: true })),
  );
  const keys = rest.keys.map((key) => Buffer.from(key).toString("latin1")).sort();
  s.note(`LeaseTimeToLive ${expected}`, { ...rest, keys });
  assert.ok(ttl <= expected && ttl >= expected - 2, `${ttl} seconds are left`);
}

scenario("LeaseGrant takes any id but 0, which lets the store choose a positive one", async (s) => {
  for (const id of [1n, -1n, 9_007_199_254_740_993n, int64Max, -int64Max - 1n]) {
    assert.equal(s.succeeds(await s.call(leaseGrant, { id, ttl: 600 })).id, id);
    s.fails(await s.call(leaseGrant, { id, ttl: 600 }), "lease-exists");
    s.fails(await s.call(leaseGrant, { id, ttl: 9_000_000_001 }), "lease-ttl-too-large");
    s.succeeds(await s.call(leaseRevoke, { id }));
  }
  const chosen = [await s.grant(600), await s.grant(600)];
  assert.ok(chosen.every((id) => id > 0n));
  assert.notEqual(chosen[0], chosen[1]);
});

scenario("LeaseGrant raises a small TTL to the minimum and refuses a huge one", async (s) => {
  for (const [index, ttl] of [-1, 0, 1, 2, 3, 60, 9_000_000_000].entries()) {
    const id = BigInt(8_100_000 + index);
    const answer = s.succeeds(await s.call(leaseGrant, { id, ttl }));
    assert.equal(answer.ttl, Math.max(2, ttl));
    assert.equal(answer.error, "");
    if (ttl > 60) await timeToLive(s, id, ttl);
  }
  const id = 8_100_100n;
  s.fails(await s.call(leaseGrant, { id, ttl: 9_000_000_001 }), "lease-ttl-too-large");
  const huge = Number.MAX_SAFE_INTEGER;
  s.fails(await s.call(leaseGrant, { id, ttl: huge }), "lease-ttl-too-large");
});

scenario("LeaseRevoke deletes the attached keys in one revision", async (s) => {
  const lease = await s.grant(600);
  for (const key of ["c", "a", "b"]) await s.put(key, key, { lease });
  await s.put("beside", "stays");
  const { header } = s.succeeds(await s.call(leaseRevoke, { id: lease }));
  assert.equal(header?.revision, s.at(5));
  assert.equal(s.succeeds(await s.all()).count, 1);
  s.fails(await s.call(leaseRevoke, { id: lease }), "lease-not-found");
});

scenario("LeaseRevoke of a lease without keys leaves the revision alone", async (s) => {
  const lease = await s.grant(600);
  const { header } = s.succeeds(await s.call(leaseRevoke, { id: lease }));
  assert.equal(header?.revision, s.at(0));
  for (const id of [lease, 4_141_414n, 0n, -5n]) {
    s.fails(await s.call(leaseRevoke, { id }), "lease-not-found");
  }
});

scenario("A key is attached to one lease at most; a put moves or detaches it", async (s) => {
  const [one, two] = [await s.grant(600), await s.grant(600)];
  await s.put("a", "1", { lease: one });
  await s.put("b", "1", { lease: one });
  await timeToLive(s, one, 600);
  await s.put("a", "2", { lease: two });
  await timeToLive(s, one, 600);
  await timeToLive(s, two, 600);
  await s.put("b", "2");
  await timeToLive(s, one, 600);
  await s.call(leaseRevoke, { id: one });
  assert.equal(s.succeeds(await s.all()).count, 2);
  await s.call(leaseRevoke, { id: two });
  assert.equal(s.succeeds(await s.all()).count, 1);
});

scenario("Deleting a key detaches it; putting it again does not attach it", async (s) => {
  const lease = await s.grant(600);
  await s.put("a", "1", { lease });
  await s.delete("a");
  await timeToLive(s, lease, 600);
  await s.put("a", "2");
  await s.call(leaseRevoke, { id: lease });
  assert.equal(s.succeeds(await s.all()).count, 1);
});

scenario("LeaseTimeToLive of an unknown lease is -1 and no error", async (s) => {
  for (const id of [4_141_414n, 0n, -1n]) {
    const { ttl, grantedTtl } = s.succeeds(await s.call(leaseTimeToLive, { id }));
    assert.deepEqual([ttl, grantedTtl], [-1, 0]);
    await s.call(leaseTimeToLive, { id, keys: true });
  }
});

scenario("LeaseTimeToLive tells keys only when asked", async (s) => {
  const lease = await s.grant(600);
  await s.put("a", "1", { lease });
  const { keys } = s.succeeds(
    await s.quietly(async () => await s.call(leaseTimeToLive, { id: lease })),
  );
  assert.deepEqual(keys, []);
  await timeToLive(s, lease, 600);
});

scenario("LeaseLeases lists the leases there are", async (s) => {
  const wanted = [8_200_001n, -8_200_002n, 8_200_003n];
  for (const id of wanted) await s.grant(600, id);
  await s.call(leaseRevoke, { id: 8_200_003n });
  const answer = s.succeeds(await s.quietly(async () => await s.call(leaseLeases, {})));
  const ids = answer.leases.map(({ id }) => id);
  s.note("LeaseLeases", [answer.header, ids.filter((id) => wanted.includes(id)).sort()]);
  assert.ok(ids.includes(-8_200_002n) && !ids.includes(8_200_003n));
});

scenario("LeaseKeepAlive answers each request in order, unknown leases with TTL 0", async (s) => {
  await s.grant(100, 8_300_001n);
  await s.grant(200, -8_300_002n);
  const stream = s.stream(leaseKeepAlive);
  const ids = [8_300_001n, 4_141_414n, -8_300_002n, 0n, 8_300_001n, 8_300_001n];
  for (const id of ids) stream.send(leaseKeepAlive.encodeRequest({ id }));
  for (const id of ids) {
    const answer = await nextKeepAlive(stream);
    assert.equal(answer.id, id);
    s.note("LeaseKeepAliveResponse", answer);
  }
  await s.call(leaseRevoke, { id: 8_300_001n });
  stream.send(leaseKeepAlive.encodeRequest({ id: 8_300_001n }));
  const last = await nextKeepAlive(stream);
  assert.equal(last.ttl, 0);
  s.note("LeaseKeepAliveResponse", last);
});

scenario("LeaseKeepAlive: half-close answers what was asked and ends with OK", async (s) => {
  await s.grant(100, 8_400_001n);
  const stream = s.stream(leaseKeepAlive);
  for (let count = 0; count < 3; count += 1) {
    stream.send(leaseKeepAlive.encodeRequest({ id: 8_400_001n }));
  }
  stream.halfClose();
  for (let count = 0; count < 3; count += 1) await nextKeepAlive(stream);
  assert.equal(await stream.next(), undefined);
  const end = await stream.end();
  s.note("end", end);
  assert.equal(end.code, 0);
});

scenario("A lease that is not renewed expires with its keys, not before its time", async (s) => {
  const started = performance.now();
  const lease = await s.grant(2);
  await s.put("a", "1", { lease });
  await s.put("b", "1", { lease });
  const watch = s.watch();
  watch.createPrefix("");
  await watch.next();
  const { events } = await watch.next();
  const seconds = (performance.now() - started) / 1000;
  assert.equal(events.length, 2);
  assert.ok(seconds >= 2, `expired after ${seconds} s`);
  await s.call(leaseTimeToLive, { id: lease, keys: true });
  s.fails(await s.put("c", "1", { lease }), "lease-not-found");
});

scenario("Renewing keeps a lease beyond its first deadline", async (s) => {
  const started = performance.now();
  await s.grant(2, 8_500_001n);
  await s.put("a", "1", { lease: 8_500_001n });
  const stream = s.stream(leaseKeepAlive);
  await until(20_000, "three seconds of renewals", async () => {
    stream.send(leaseKeepAlive.encodeRequest({ id: 8_500_001n }));
    const { ttl } = await nextKeepAlive(stream);
    assert.equal(ttl, 2);
    return performance.now() - started > 3_000 ? true : undefined;
  });
  assert.equal(s.succeeds(await s.range("a")).count, 1);
});
