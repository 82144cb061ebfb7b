import assert from "node:assert/strict";
import { test } from "node:test";
import { SimCluster } from "./support/sim-cluster.ts";

test("a follower that loses all its connections repeats what it forwarded", async () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const cluster = new SimCluster(seed);
    await cluster.startAll();
    await cluster.advance(5_000);
    const { network, nodes } = cluster;
    const leader = cluster.leader()?.memberId ?? assert.fail("no leader");
    const follower = nodes.find(({ id }) => id !== leader) ?? assert.fail();
    const writes = Array.from({ length: 5 }, () => cluster.write(follower));
    // The frame is on its way when the connections break, the leader's first.
    await cluster.advance(0);
    network.reset(follower.id, leader);
    for (const { id } of nodes) if (id !== leader) network.reset(follower.id, id);
    await cluster.advance(1_000);
    for (const { outcome } of writes) {
      assert.equal(typeof outcome, "object", `seed ${seed}: no outcome long before the time-out`);
    }
    cluster.check();
    await cluster.close();
  }
});
