import assert from "node:assert/strict";
import { test } from "node:test";
import type { SeededRandom } from "@quorate/platform/sim";
import { SimCluster } from "./support/sim-cluster.ts";
import type { SimNode } from "./support/sim-node.ts";

const seeds = Number(process.env["QUORATE_SEEDS"] ?? 12);
const firstSeed = Number(process.env["QUORATE_SEED"] ?? 1);

/** One client: one call at a time, at a member of its choice; gives up on those that died. */
function runClient(cluster: SimCluster, random: SeededRandom, isOver: () => boolean): void {
  const call = (): void => {
    if (isOver()) return;
    const node = cluster.nodes[random.nextInt(cluster.nodes.length)];
    if (node?.member === undefined) {
      cluster.scheduler.schedule(100, call);
      return;
    }
    let isSettled = false;
    const again = (): void => {
      if (isSettled) return;
      isSettled = true;
      cluster.scheduler.schedule(random.nextInt(40), call);
    };
    if (random.chance(0.6)) cluster.write(node, again);
    else cluster.read(node, again);
    cluster.scheduler.schedule(9_000, again);
  };
  call();
}

/** Breaks one thing; returns how to mend it. */
function disturb(cluster: SimCluster, random: SeededRandom): () => Promise<void> {
  const { network, nodes } = cluster;
  const node = nodes[random.nextInt(nodes.length)];
  const other = nodes[random.nextInt(nodes.length)];
  if (node === undefined || other === undefined) return () => Promise.resolve();
  const mended = (mend: () => void) => (): Promise<void> => {
    mend();
    return Promise.resolve();
  };
  switch (random.nextInt(6)) {
    case 0:
      node.crash(random.chance(0.5));
      return async () => {
        await cluster.whileTimePasses(node.start());
      };
    case 1:
      for (const each of nodes) {
        network.cut(node.id, each.id);
        network.cut(each.id, node.id);
      }
      return mended(() => network.healAll());
    case 2:
      network.cut(node.id, other.id);
      return mended(() => network.healAll());
    case 3:
      for (const each of nodes) network.reset(node.id, each.id);
      return mended(() => undefined);
    case 4:
      node.stop();
      return mended(() => node.goOn());
    default:
      slowDown(node, random);
      return mended(() => node.files.setFaultPolicy(undefined));
  }
}

function slowDown(node: SimNode, random: SeededRandom): void {
  const most = random.nextInt(3_000);
  node.files.setFaultPolicy(({ kind }) =>
    kind === "datasync" ? { kind: "delay", millis: random.nextInt(most + 1) } : undefined,
  );
}

async function play(seed: number): Promise<SimCluster> {
  const cluster = new SimCluster(seed);
  const random = cluster.random.split("faults");
  await cluster.startAll();
  let isOver = false;
  for (let client = 0; client < 4; client += 1) {
    runClient(cluster, cluster.random.split(`client ${client}`), () => isOver);
  }
  for (let round = 0; round < 6; round += 1) {
    await cluster.advance(300 + random.nextInt(1_500));
    const mend = disturb(cluster, random);
    await cluster.advance(200 + random.nextInt(4_000));
    await mend();
  }
  await cluster.advance(3_000);
  isOver = true;
  // Everything has its answer within the time of a request, whatever happened before.
  await cluster.advance(10_000);
  return cluster;
}

test("three members: one order of events through crashes, cuts, stops and slow disks", async () => {
  let written = 0;
  let snapshots = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    try {
      const cluster = await play(seed);
      cluster.check();
      const { operations, nodes, network } = cluster;
      written += operations.filter(({ kind, outcome }) => kind === "write" && outcome).length;
      for (const { id } of nodes) snapshots += network.snapshotsInto(id);
      await cluster.close();
    } catch (error) {
      throw new Error(`QUORATE_SEED=${seed} QUORATE_SEEDS=1 repeats this`, { cause: error });
    }
  }
  assert.ok(written > seeds * 50, `the story is too quiet: ${written} writes`);
  assert.ok(snapshots > 0, "no member was ever brought back by a snapshot");
});

test("a follower that loses all its connections repeats what it forwarded", async () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const cluster = new SimCluster(seed);
    await cluster.startAll();
    await cluster.advance(5_000);
    const { network, nodes } = cluster;
    const leader = cluster.leader()?.memberId ?? assert.fail("no leader");
    const follower = nodes.find(({ id }) => id !== leader) ?? assert.fail();
    const operations = Array.from({ length: 5 }, () => cluster.write(follower));
    // The frame is on its way when the connections break, the leader's first.
    await cluster.advance(0);
    network.reset(follower.id, leader);
    for (const { id } of nodes) if (id !== leader) network.reset(follower.id, id);
    await cluster.advance(1_000);
    for (const { outcome } of operations) {
      assert.equal(typeof outcome, "object", `seed ${seed}: no outcome long before the time-out`);
    }
    cluster.check();
    await cluster.close();
  }
});
