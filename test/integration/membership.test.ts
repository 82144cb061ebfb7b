/**
 * Membership changes on real processes under load: every member of three replaced one after the
 * other, leaders killed in between, removed members kept out (B15, C19 to C24, M1 to M4).
 */
import assert from "node:assert/strict";
import { cp, rename, rm } from "node:fs/promises";
import { describe, test } from "node:test";
import { connect, EtcdError, type Client } from "@quorate/client";
import { quorateMissing } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import type { MemberProcess } from "../support/member-process.ts";
import { GrowingCluster } from "./growing-cluster.ts";
import { checkRecords, viewOf } from "./history.ts";
import { describeRun, Load } from "./kill-checks.ts";
import { RealTime, type WriterRecord } from "./writers.ts";

const skip = quorateMissing;
const timeout = 180_000;

describe("membership changes", { skip }, () => {
  test("every member of three is replaced under load", { timeout }, async () => {
    await using cluster = await GrowingCluster.start(3);
    const old = [...cluster.running];
    const records = await underLoad(cluster, async (join) => {
      for (const leaving of old) {
        const added = await add(cluster, true);
        await promote(cluster, added);
        join(added);
        // The first one leaves as leader of itself, whoever leads then.
        const from = leaving === old[0] ? await leaderOf(cluster) : leaving;
        const gone = cluster.running.includes(leaving) ? leaving : from;
        await remove(cluster, gone, gone);
        const { code } = await gone.ended();
        assert.equal(code, 0, "a removed member ends by itself");
        cluster.forget(gone);
      }
    });
    await checkAll(cluster, records);
  });

  test("the leader removes itself, and writes go on", { timeout }, async () => {
    await using cluster = await GrowingCluster.start(3);
    const records = await underLoad(cluster, async () => {
      const leader = await leaderOf(cluster);
      await remove(cluster, leader, leader);
      assert.equal((await leader.ended()).code, 0);
      cluster.forget(leader);
      await write(cluster);
    });
    await checkAll(cluster, records);
  });

  test("the leader is killed at each step of a replacement", { timeout }, async () => {
    await using cluster = await GrowingCluster.start(3);
    const records = await underLoad(cluster, async () => {
      const kill = async (): Promise<void> => {
        const leader = await leaderOf(cluster);
        await leader.kill();
        await write(cluster);
        await leader.start();
      };
      // Each change is asked for while its leader dies, and looked up when its outcome is unknown.
      const [leaving] = cluster.running;
      assert.ok(leaving);
      const added = cluster.prepare();
      const [, id] = await Promise.all([
        kill(),
        added.then((place) => addId(cluster, place.peerUrl, true)),
      ]);
      await cluster.startExisting(
        await added,
        (await members(cluster)).map((each) => each.peerUrls),
      );
      await kill();
      await Promise.all([kill(), promoteId(cluster, id)]);
      const leavingId = await idOf(cluster, leaving);
      await Promise.all([
        kill().catch((error: unknown) => {
          // The killed one may be the removed one, which refuses to start.
          if (!/removed/.test(String(error))) throw error;
        }),
        removeId(cluster, leavingId),
      ]);
      await leaving.kill();
      cluster.forget(leaving);
    });
    await checkAll(cluster, records);
  });

  test("one grows to two and to three", { timeout }, async () => {
    await using cluster = await GrowingCluster.start(1);
    for (const isLearner of [false, false]) {
      await add(cluster, isLearner);
      await write(cluster);
    }
    await checkAll(cluster, []);
  });

  test("a removed member cannot start again, nor under its old id", { timeout }, async () => {
    await using cluster = await GrowingCluster.start(3);
    const [one, two, gone] = cluster.running;
    assert.ok(one && two && gone);
    await gone.kill();
    await healthy(cluster);
    await removeId(cluster, await idOf(cluster, gone));
    cluster.forget(gone);
    // It was away when it was removed: the others tell it.
    gone.launch();
    assert.equal((await gone.ended()).code, 0);
    assert.match(gone.lifeLog.join("\n"), /removed from the cluster/);
    // An empty directory does not help: its id is gone for ever.
    await rm(gone.dataDirectory, { recursive: true, force: true });
    gone.launch();
    assert.equal((await gone.ended()).code, 1);
    assert.match(gone.lifeLog.join("\n"), /it was removed from the cluster/);
    await checkAll(cluster, []);
  });

  test("B16: a member with an older data directory stops", { timeout }, async () => {
    await using cluster = await GrowingCluster.start(3);
    await write(cluster);
    const leader = await leaderOf(cluster);
    const stale = cluster.running.find((member) => member !== leader);
    assert.ok(stale);
    await stale.kill();
    const copy = `${stale.dataDirectory}.copy`;
    await cp(stale.dataDirectory, copy, { recursive: true });
    await stale.start();
    const records = await underLoad(cluster, async () => {
      for (let count = 0; count < 20; count += 1) await write(cluster);
      await stale.kill();
      await rm(stale.dataDirectory, { recursive: true });
      await rename(copy, stale.dataDirectory);
      stale.launch();
      assert.equal((await stale.ended()).code, 1);
      assert.match(stale.lifeLog.join("\n"), /is older than what it has promised/);
      // It is replaced, as the message says.
      await removeId(cluster, await idOf(cluster, stale));
      cluster.forget(stale);
      await add(cluster, false);
    });
    await checkAll(cluster, records);
  });

  test("B16: a member whose directory was wiped does not start", { timeout }, async () => {
    await using cluster = await GrowingCluster.start(3);
    const [, , wiped] = cluster.running;
    assert.ok(wiped);
    await write(cluster);
    await wiped.kill();
    await rm(wiped.dataDirectory, { recursive: true, force: true });
    wiped.launch();
    assert.equal((await wiped.ended()).code, 1);
    assert.match(wiped.lifeLog.join("\n"), /has started before/);
  });
});

/** Runs writers on the first members, and on those that come, while `disturb` runs. */
async function underLoad(
  cluster: GrowingCluster,
  disturb: (join: (member: MemberProcess) => void) => Promise<void>,
): Promise<readonly WriterRecord[]> {
  const realTime = new RealTime();
  await using first = new Load(cluster.endpoints, realTime);
  const loads = [first];
  try {
    await disturb(({ endpoint, name }) => loads.push(new Load([endpoint], realTime, name)));
  } finally {
    await Promise.allSettled(loads.map((load) => load.end()));
  }
  return (await Promise.all(loads.map((load) => load.end()))).flat();
}

/** Adds a member and starts its process. */
async function add(cluster: GrowingCluster, isLearner: boolean): Promise<MemberProcess> {
  const place = await cluster.prepare();
  await addId(cluster, place.peerUrl, isLearner);
  const listed = await members(cluster, false);
  return cluster.startExisting(
    place,
    listed.map(({ peerUrls }) => peerUrls),
  );
}

async function promote(cluster: GrowingCluster, member: MemberProcess): Promise<void> {
  await promoteId(cluster, await idOf(cluster, member));
}

async function remove(
  cluster: GrowingCluster,
  member: MemberProcess,
  through: MemberProcess,
): Promise<void> {
  await removeId(cluster, await idOf(cluster, member), [through.endpoint]);
}

/** Asks until the members are as wanted: refusals and unknown outcomes are tried again. */
async function change(
  cluster: GrowingCluster,
  isDone: (listed: readonly Listed[]) => boolean,
  ask: (client: Client) => Promise<unknown>,
  first: readonly string[] = cluster.endpoints,
): Promise<void> {
  let endpoints = first;
  await until(60_000, "a membership change", async () => {
    await using client = connect({ endpoints: [...endpoints] });
    try {
      await ask(client);
      return true;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      endpoints = cluster.endpoints;
      const listed = await members(cluster).catch(() => undefined);
      return listed !== undefined && isDone(listed) ? true : undefined;
    }
  });
}

async function addId(
  cluster: GrowingCluster,
  peerUrl: string,
  isLearner: boolean,
): Promise<bigint> {
  const find = (listed: readonly Listed[]): Listed | undefined =>
    listed.find(({ peerUrls }) => peerUrls.includes(peerUrl));
  await change(
    cluster,
    (listed) => find(listed) !== undefined,
    (client) => client.cluster.memberAdd({ peerUrls: [peerUrl], isLearner }),
  );
  // The only voter has no quorum until the newcomer runs.
  const added = await until(10_000, "the member", async () => find(await members(cluster, false)));
  assert.ok(added);
  return added.id;
}

async function promoteId(cluster: GrowingCluster, id: bigint): Promise<void> {
  await change(
    cluster,
    (listed) => listed.some((each) => each.id === id && !each.isLearner),
    (client) => client.cluster.memberPromote({ id }),
  );
}

async function removeId(
  cluster: GrowingCluster,
  id: bigint,
  first: readonly string[] = cluster.endpoints,
): Promise<void> {
  await change(
    cluster,
    (listed) => listed.every((each) => each.id !== id),
    (client) => client.cluster.memberRemove({ id }),
    first,
  );
}

interface Listed {
  readonly id: bigint;
  readonly name: string;
  readonly isLearner: boolean;
  readonly peerUrls: readonly string[];
}

function members(cluster: GrowingCluster, linearizable = true): Promise<readonly Listed[]> {
  return until(30_000, "the list of members", async () => {
    await using client = connect({ endpoints: cluster.endpoints });
    try {
      return (await client.cluster.memberList({ linearizable })).members;
    } catch (error) {
      if (error instanceof EtcdError) return undefined;
      throw error;
    }
  });
}

async function idOf(cluster: GrowingCluster, { name }: MemberProcess): Promise<bigint> {
  return until(30_000, `${name} to be listed`, async () => {
    return (await members(cluster)).find((each) => each.name === name)?.id;
  });
}

function leaderOf(cluster: GrowingCluster): Promise<MemberProcess> {
  return until(30_000, "a leader", async () => {
    for (const member of cluster.running) {
      if (!member.isRunning) continue;
      await using client = connect({ endpoints: [member.endpoint] });
      const status = await client.maintenance
        .status({}, { deadlineMillis: 1_000 })
        .catch(() => undefined);
      if (status !== undefined && status.leader === status.header?.memberId) return member;
    }
    return undefined;
  });
}

/** Waits until strict checks see everybody connected for long enough. */
async function healthy(cluster: GrowingCluster): Promise<void> {
  await members(cluster);
  await write(cluster);
}

async function write(cluster: GrowingCluster): Promise<void> {
  await until(30_000, "a write", async () => {
    await using client = connect({ endpoints: cluster.endpoints });
    try {
      await client.put("service", "probe", { deadlineMillis: 5_000 });
      return true;
    } catch (error) {
      if (error instanceof EtcdError) return undefined;
      throw error;
    }
  });
}

async function checkAll(cluster: GrowingCluster, records: readonly WriterRecord[]): Promise<void> {
  // What was cut short may still end; nothing new is asked for.
  const views = await until(20_000, "one revision", async () => {
    const seen = await Promise.all(cluster.endpoints.map((endpoint) => viewOf(endpoint)));
    return new Set(seen.map(({ revision }) => revision)).size === 1 ? seen : undefined;
  });
  const [first] = views;
  assert.ok(first);
  for (const view of views) {
    assert.deepEqual(view.events, first.events, "members tell one history");
  }
  checkRecords(first, records);
  const hashes = await Promise.all(
    cluster.endpoints.map(async (endpoint) => {
      await using client = connect({ endpoints: [endpoint] });
      return (await client.maintenance.hashKv({ revision: first.revision })).hash;
    }),
  );
  assert.equal(new Set(hashes).size, 1, `hashes differ: ${hashes.join()}`);
  const listed = await members(cluster);
  const running = cluster.running.map(({ name }) => name).sort();
  assert.deepEqual(listed.map(({ name }) => name).sort(), running, "list == processes (C24)");
  if (records.length > 0) console.log(describeRun(records, { members: running.length }));
}
