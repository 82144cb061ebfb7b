import assert from "node:assert/strict";
import { test } from "node:test";
import { SimCluster } from "./support/sim-cluster.ts";

test("requests that follow one another for long each have their own time to run out", async () => {
  const cluster = new SimCluster(1);
  await cluster.startAll();
  await cluster.advance(5_000);
  const leader = cluster.leader() ?? assert.fail();
  const node = cluster.nodes.find(({ id }) => id === leader.memberId) ?? assert.fail();
  const operations: ReturnType<SimCluster["write"]>[] = [];
  const until = cluster.scheduler.nowMillis + 20_000;
  // Who asks again when the turn of the answer ends may find the member's next flush scheduled.
  const again = (): void => {
    if (cluster.scheduler.nowMillis >= until) return;
    const next = (): void => void Promise.resolve().then(again);
    operations.push(cluster.write(node, next));
  };
  again();
  await cluster.advance(30_000);
  assert.ok(operations.length > 1_000, `${operations.length} operations`);
  const failed = operations.filter(({ outcome }) => typeof outcome !== "object");
  assert.deepEqual(failed, []);
});

test("members that start in one moment do not campaign in one moment", async () => {
  const terms = new Map<number, number>();
  for (let seed = 1; seed <= 100; seed += 1) {
    // Few ticks, so that time-outs of as many ticks are likely: what differs is when ticks come.
    const timing = { tickMillis: 200, electionTicks: 3, isElectionHastened: false };
    const cluster = new SimCluster(seed, timing);
    await cluster.startAll();
    await cluster.advance(3_000);
    const { term } = cluster.leader()?.status() ?? assert.fail(`seed ${seed}: no leader`);
    terms.set(term, (terms.get(term) ?? 0) + 1);
    await cluster.close();
  }
  assert.deepEqual(Object.fromEntries(terms), { 2: 100 }, "elections that nobody won");
});
