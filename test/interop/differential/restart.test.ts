/** What a client finds after the only member was killed and started again. */
import assert from "node:assert/strict";
import { services } from "@quorate/api";
import { until } from "../../support/deadline.ts";
import { RandomRequests } from "./random-requests.ts";
import { compareStores, type Scenario } from "./scenario.ts";

const scenario = compareStores({ heartbeatMillis: 50, electionMillis: 500 });
const { leaseGrant, leaseLeases, leaseTimeToLive } = services.lease;

async function killAndStart(s: Scenario): Promise<void> {
  const member = s.store.cluster.member(0);
  await member.kill();
  await member.start();
  await s.quietly(async () => {
    await until(30_000, "the member to answer", async () =>
      (await s.range("a")).code === 0 ? true : undefined,
    );
  });
}

scenario("Restart: keys, versions and revisions are as before", async (s) => {
  for (const value of ["1", "2", "3"]) await s.put("a", value);
  await s.put("b", "1");
  await s.delete("b");
  await killAndStart(s);
  await s.all();
  await s.all({ revision: s.at(2) });
  await s.range("b", { revision: s.at(4) });
  const { header } = s.succeeds(await s.put("a", "4", { prevKv: true }));
  assert.equal(header?.revision, s.at(6));
});

scenario("Restart: leases live on with their keys, and ids stay taken", async (s) => {
  await s.grant(600, 8_800_001n);
  await s.put("a", "1", { lease: 8_800_001n });
  await killAndStart(s);
  s.fails(await s.call(leaseGrant, { id: 8_800_001n, ttl: 60 }), "lease-exists");
  const { grantedTtl, keys } = s.succeeds(
    await s.quietly(async () => await s.call(leaseTimeToLive, { id: 8_800_001n, keys: true })),
  );
  assert.deepEqual([grantedTtl, keys.length], [600, 1]);
  s.note("lease", { grantedTtl, keys });
  const { leases } = s.succeeds(await s.quietly(async () => await s.call(leaseLeases, {})));
  assert.ok(leases.some(({ id }) => id === 8_800_001n));
  s.succeeds(await s.call(services.lease.leaseRevoke, { id: 8_800_001n }));
  assert.equal(s.succeeds(await s.range("a")).count, 0);
});

scenario("Restart: history can be watched, what was compacted stays compacted", async (s) => {
  for (const value of ["1", "2", "3"]) await s.put("a", value);
  s.succeeds(await s.call(services.kv.compact, { revision: s.at(2), physical: true }));
  await killAndStart(s);
  s.fails(await s.range("a", { revision: s.at(1) }), "compacted");
  s.fails(await s.call(services.kv.compact, { revision: s.at(2) }), "compacted");
  const watch = s.watch();
  await watch.created("a", { startRevision: s.at(2), prevKv: true });
  await watch.events(0n, 2);
  await watch.created("a", { startRevision: s.at(1), watchId: 5n });
  assert.equal((await watch.next()).compactRevision, s.at(2));
});

scenario("Restart: a lease expires after it, its key with it", async (s) => {
  const lease = await s.grant(2);
  await s.put("a", "1", { lease });
  await killAndStart(s);
  const watch = s.watch();
  await watch.created("a", { startRevision: s.at(2) });
  const [event] = await watch.events(0n, 1);
  assert.equal(event?.type, "DELETE");
});

scenario("Restart: random requests go on as if nothing had happened", async (s) => {
  const draw = RandomRequests.of(s, 700);
  let newest = 0;
  for (let restarts = 0; restarts < 4; restarts += 1) {
    for (let count = 0; count < 60; count += 1) newest = await draw.send(s, newest);
    await killAndStart(s);
    await s.all();
  }
});
