/**
 * Members killed by SIGKILL under load, as a failing machine would: nothing acknowledged is lost,
 * all members tell the same history, and service is back within 3 s (B1, P1, P4, P7, P8, V1).
 *
 * `QUORATE_KILL_SECONDS` sets how long each run lasts.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect } from "@quorate/client";
import { until } from "../support/deadline.ts";
import type { EtcdCluster, EtcdMember } from "../support/etcd-process.ts";
import { startStore, storeMissing } from "../support/store.ts";
import { viewOf } from "./history.ts";
import { runWriter, type WriterRecord } from "./writers.ts";

const runMillis = Number(process.env["QUORATE_KILL_SECONDS"] ?? "15") * 1_000;
const skip = storeMissing("quorate");

describe("members killed under load", { skip }, () => {
  test("the leader of three, again and again", { timeout: runMillis + 120_000 }, async () => {
    await using cluster = await startStore("quorate", 3);
    const outages: number[] = [];
    const records = await underLoad(cluster, async (signal) => {
      while (!signal.aborted) {
        const leader = await leaderOf(cluster);
        await leader.kill();
        outages.push(await serviceAfter(cluster, leader));
        await leader.start();
        await acknowledgedWrites(cluster, 3);
      }
    });
    console.log(describeRun(records, outages));
    assert.ok(outages.length >= 2, `killed ${outages.length} leaders`);
    for (const millis of outages) assert.ok(millis < 3_000, `service was away for ${millis} ms`);
    await checkAll(cluster, records);
  });

  test("all three at once", { timeout: runMillis + 120_000 }, async () => {
    await using cluster = await startStore("quorate", 3);
    let kills = 0;
    const records = await underLoad(cluster, async (signal) => {
      while (!signal.aborted) {
        await acknowledgedWrites(cluster, 20);
        await Promise.all(cluster.members.map((member) => member.kill()));
        await Promise.all(cluster.members.map((member) => member.start()));
        kills += 1;
      }
    });
    console.log(`${describeRun(records, [])} kills=${kills}`);
    assert.ok(kills >= 2, `killed all ${kills} times`);
    await checkAll(cluster, records);
  });

  test("the only one", { timeout: runMillis + 120_000 }, async () => {
    await using cluster = await startStore("quorate", 1);
    let kills = 0;
    const records = await underLoad(cluster, async (signal) => {
      const only = cluster.member(0);
      while (!signal.aborted) {
        await acknowledgedWrites(cluster, 20);
        await only.kill();
        await only.start();
        kills += 1;
      }
    });
    console.log(`${describeRun(records, [])} kills=${kills}`);
    assert.ok(kills >= 2, `killed it ${kills} times`);
    await checkAll(cluster, records);
  });
});

/** Runs two writers on each member while `disturb` runs; ends both after the run's time. */
async function underLoad(
  cluster: EtcdCluster,
  disturb: (signal: AbortSignal) => Promise<void>,
): Promise<readonly WriterRecord[]> {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), runMillis);
  const writers = cluster.endpoints.flatMap((endpoint, index) => [
    runWriter(`a${index}`, endpoint, end.signal),
    runWriter(`b${index}`, endpoint, end.signal),
  ]);
  try {
    await disturb(end.signal);
  } finally {
    clearTimeout(timer);
    end.abort();
  }
  return Promise.all(writers);
}

async function leaderOf(cluster: EtcdCluster): Promise<EtcdMember> {
  return until(10_000, "a leader", async () => {
    for (const member of cluster.members) {
      if (!member.isRunning) continue;
      await using client = connect({ endpoints: [member.endpoint] });
      const status = await client.maintenance.status({}, { deadlineMillis: 1_000 }).catch(() => {
        return undefined;
      });
      if (status !== undefined && status.leader === status.header?.memberId) return member;
    }
    return undefined;
  });
}

/** Milliseconds until a write is acknowledged by a member other than the killed one. */
async function serviceAfter(cluster: EtcdCluster, killed: EtcdMember): Promise<number> {
  const begin = performance.now();
  const other = cluster.members.find((member) => member !== killed);
  assert.ok(other);
  await using client = connect({ endpoints: [other.endpoint] });
  await client.put("service", "probe", { deadlineMillis: 30_000 });
  return performance.now() - begin;
}

async function acknowledgedWrites(cluster: EtcdCluster, count: number): Promise<void> {
  await using client = connect({ endpoints: cluster.endpoints });
  for (let write = 0; write < count; write += 1) {
    await client.put("service", String(write), { deadlineMillis: 30_000 });
  }
}

async function checkAll(cluster: EtcdCluster, records: readonly WriterRecord[]): Promise<void> {
  const views = await Promise.all(cluster.endpoints.map((endpoint) => viewOf(endpoint)));
  const [first] = views;
  assert.ok(first);
  for (const view of views) {
    assert.equal(view.revision, first.revision, "members are at one revision");
    assert.deepEqual(view.events, first.events, "members tell one history");
  }
  const revisions = first.events.map((event) => Number(event.split(" ", 1)[0]));
  assert.ok(
    revisions.every((revision, index) => index === 0 || revision >= (revisions[index - 1] ?? 0)),
    "revisions never go back",
  );
  for (const { acknowledged, unknown, name } of records) {
    for (const [row, revision] of acknowledged) {
      assert.equal(first.rows.get(row), revision, `acknowledged ${row} is there`);
    }
    for (const row of first.rows.keys()) {
      if (!row.startsWith(`rows/${name}/`)) continue;
      assert.ok(acknowledged.has(row) || unknown.has(row), `${row} was written by someone`);
    }
  }
  await checkHashes(cluster, first.revision);
}

async function checkHashes(cluster: EtcdCluster, revision: number): Promise<void> {
  const hashes = await Promise.all(
    cluster.endpoints.map(async (endpoint) => {
      await using client = connect({ endpoints: [endpoint] });
      return (await client.maintenance.hashKv({ revision })).hash;
    }),
  );
  assert.equal(new Set(hashes).size, 1, `hashes differ: ${hashes.join()}`);
}

function describeRun(records: readonly WriterRecord[], outages: readonly number[]): string {
  const acknowledged = records.reduce((sum, record) => sum + record.acknowledged.size, 0);
  const unknown = records.reduce((sum, record) => sum + record.unknown.size, 0);
  const longest = Math.round(Math.max(0, ...outages));
  const writes = `acknowledged=${acknowledged} unknown=${unknown}`;
  return `${writes} outages=${outages.length} longest=${longest}ms`;
}
