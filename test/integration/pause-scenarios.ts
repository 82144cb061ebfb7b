/** Members that are stopped in mid-step and go on later, as a machine that hangs (B12, C4, C45). */
import assert from "node:assert/strict";
import { setTimeout as passing } from "node:timers/promises";
import { connect, EtcdError, type Client } from "@quorate/client";
import { SeededRandom } from "@quorate/platform/sim";
import { until } from "../support/deadline.ts";
import type { NetworkCluster } from "./network-cluster.ts";
import type { Cast, Scenario } from "./network-scenario.ts";

const electionMillis = 1_000;
const sleepersReads = 40;
const leaseSeconds = 3;

/** All pauses, of three members. */
export const pauseScenarios: readonly Scenario[] = [
  {
    name: "the leader, until the others have gone on: no old read, no old write (B12, C2)",
    act: (cluster, cast) => readOfSleeper(cluster, cast),
  },
  {
    name: "the leader, for five elections, with late answers to its heartbeats (B12, C4)",
    act: (cluster, cast) => readOfSleeper(cluster, cast, 3.5 * electionMillis),
  },
  {
    name: "the leader, while its leases run out on its own clock only (L1, L3, C45)",
    act: keepLeaseAlive,
  },
  {
    name: "a follower: nobody cares, and it does not disturb (B12, C18)",
    isStable: true,
    act: (cluster, { others }) => sleep(cluster, others.slice(0, 1), 3 * electionMillis),
  },
  {
    name: "both followers: the leader serves nothing, and then again (B12, V2)",
    act: (cluster, { others }) => sleep(cluster, others, 2.5 * electionMillis),
  },
  {
    name: "all at once (B12)",
    act: (cluster) => sleep(cluster, cluster.indexes, 2.5 * electionMillis),
  },
  { name: "one after the other, for moments, at random (B12, C4)", act: naps },
];

/** Stops members for a time. */
async function sleep(
  cluster: NetworkCluster,
  sleepers: readonly number[],
  millis: number,
): Promise<void> {
  for (const index of sleepers) cluster.member(index).pause();
  try {
    await passing(millis);
  } finally {
    for (const index of sleepers) cluster.member(index).resume();
  }
}

/**
 * Requests wait at the old leader when it wakes, all sent after the others have gone on without it.
 * It finds them before any message of its successor, and may not answer them from its old state.
 *
 * With `lateMillis` the followers sleep first, while the leader asks them whether it still leads,
 * for reads that cannot be confirmed any more. Their answers to that reach a leader that sleeps
 * itself, and are the first thing it sees, beside reads that are younger than its leadership.
 */
async function readOfSleeper(
  cluster: NetworkCluster,
  { leader, others }: Cast,
  lateMillis: number = 0,
): Promise<void> {
  const [other = leader] = others;
  // Connected before, or the connection would be what is waited for.
  const clients = Array.from({ length: sleepersReads }, () => toSleeper(cluster, leader));
  await Promise.all(clients.map((client) => client.get("sleeper")));
  const read = (client: Client): Promise<number | undefined> =>
    revisionOf(client.range(Buffer.from("sleeper"), { deadlineMillis: 10_000 }));
  const early: Promise<number | undefined>[] = [];
  if (lateMillis > 0) {
    for (const index of others) cluster.member(index).pause();
    early.push(...clients.map(read));
    await passing(electionMillis / 4);
  }
  cluster.member(leader).pause();
  for (const index of others) cluster.member(index).resume();
  const calls: Promise<number | undefined>[] = [];
  let newest = 0;
  try {
    await cluster.service(others);
    newest = (await cluster.client(other).put("sleeper", "new")).revision;
    for (const client of clients) {
      calls.push(read(client));
      calls.push(revisionOf(client.put("sleeper/write", "late", { deadlineMillis: 10_000 })));
    }
    await passing(lateMillis);
  } finally {
    cluster.member(leader).resume();
  }
  const revisions = await Promise.all(calls);
  await Promise.all(early);
  for (const client of clients) client.close();
  for (const revision of revisions) {
    assert.ok(revision === undefined || revision >= newest, `P2: ${revision} after ${newest}`);
  }
  const answered = revisions.filter((revision) => revision !== undefined).length;
  console.log(`of ${revisions.length} calls that a sleeper found, ${answered} were answered`);
}

function toSleeper(cluster: NetworkCluster, index: number): Client {
  // One attempt: a second one would find the member awake.
  return connect({ endpoints: [cluster.endpoints[index] ?? ""], readAttemptMillis: 10_000 });
}

async function revisionOf(
  call: Promise<{ readonly revision: number }>,
): Promise<number | undefined> {
  try {
    return (await call).revision;
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    return undefined;
  }
}

/**
 * A lease is renewed with the new leader while the old one sleeps past its end. Waking up, the old
 * one finds it overdue: it may not end it. Left alone afterwards, it ends neither early nor late.
 */
async function keepLeaseAlive(cluster: NetworkCluster, { leader, others }: Cast): Promise<void> {
  const [other = leader] = others;
  const client = cluster.client(other);
  const key = `leased/${performance.now()}`;
  const { id } = await client.lease.grant(leaseSeconds);
  await client.put(key, "held", { lease: id });
  let renewed = performance.now();
  const renew = async (): Promise<void> => {
    const begun = performance.now();
    await client.lease.keepAliveOnce(id, { deadlineMillis: 2_500 });
    renewed = begun;
  };
  const renewUntil = async (end: number): Promise<void> => {
    while (performance.now() < end) {
      await renew();
      await passing(50);
    }
  };
  await renew();
  cluster.member(leader).pause();
  try {
    await cluster.service(others);
    await renewUntil(performance.now() + (leaseSeconds + 1) * 1_000);
  } finally {
    cluster.member(leader).resume();
  }
  await cluster.service([leader]);
  await renewUntil(performance.now() + 500);
  await until(20_000, "the end of the lease", async () => {
    return (await client.get(key)) === undefined ? true : undefined;
  });
  const lasted = performance.now() - renewed;
  console.log(`a lease of ${leaseSeconds} s lasted ${Math.round(lasted)} ms after its renewal`);
  assert.ok(lasted >= leaseSeconds * 1_000, `L1: it lasted ${lasted} ms`);
  const latest = leaseSeconds * 1_000 + 2 * electionMillis + 1_000;
  assert.ok(lasted <= latest, `L2: it lasted ${lasted} ms`);
}

/** Members take turns to sleep for moments around an election time-out, one at a time. */
async function naps(cluster: NetworkCluster): Promise<void> {
  const seed = process.env["QUORATE_NAPS_SEED"] ?? String(Date.now() % 1_000_000);
  const random = new SeededRandom(BigInt(seed));
  console.log(`QUORATE_NAPS_SEED=${seed}`);
  for (let turn = 0; turn < 12; turn += 1) {
    const index = random.nextInt(cluster.size);
    await sleep(cluster, [index], 20 + random.nextInt(turn % 4 === 0 ? 1_300 : 250));
    await passing(random.nextInt(60));
  }
}
