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
/** V2: until a leader gives up, and until it can say so. */
const refusingMaxMillis = 5_500;

/** Pauses of the leader, of three members or five. */
export const leaderPauses: readonly Scenario[] = [
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
];

/** All pauses, of three members. */
export const pauseScenarios: readonly Scenario[] = [
  ...leaderPauses,
  {
    name: "a follower: nobody cares, and it does not disturb (B12, C18)",
    isStable: true,
    act: (cluster, { others }) => sleep(cluster, others.slice(0, 1), 3 * electionMillis),
  },
  {
    name: "both followers: the leader serves nothing, and then again (B12, V2)",
    act: refuseAlone,
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

/** What a call that found a sleeper was answered; undefined when it was refused. */
interface Answer {
  readonly term: number;
  readonly revision: number;
  readonly value?: string | undefined;
}

/**
 * Requests wait at the old leader when it wakes, all sent after the others have gone on without it.
 * It finds them before any message of its successor, and may not answer them from its old state.
 *
 * With `lateMillis` the followers sleep first, while the leader asks them whether it still leads,
 * for reads that cannot be confirmed any more. Their answers to that reach a leader that sleeps
 * itself, and are the first thing it sees, beside reads that are younger than its leadership.
 *
 * It shows something only where nothing was answered before it was to be, another led in a later
 * term by then, and calls were answered after all: each of it is asserted.
 */
async function readOfSleeper(
  cluster: NetworkCluster,
  { leader, others }: Cast,
  lateMillis: number = 0,
): Promise<void> {
  const [other = leader] = others;
  const { term: oldTerm } = await cluster.agreement();
  // Connected before, or the connection would be what is waited for.
  const clients = Array.from({ length: sleepersReads }, () => toSleeper(cluster, leader));
  await cluster.client(leader).put("sleeper", "old");
  await Promise.all(clients.map((client) => client.get("sleeper")));
  const early = new Waiting();
  if (lateMillis > 0) {
    for (const index of others) cluster.member(index).pause();
    for (const client of clients) early.add(read(client));
    await passing(electionMillis / 4);
  }
  cluster.member(leader).pause();
  assert.equal(early.answered, 0, "P2: reads were confirmed by followers that sleep");
  for (const index of others) cluster.member(index).resume();
  const [reads, writes] = [new Waiting(), new Waiting()];
  let newest: Answer;
  try {
    await cluster.service(others);
    const next = await cluster.agreement(others);
    assert.ok(next.leader !== leader && next.term > oldTerm, "the others have gone on");
    const { revision } = await cluster.client(other).put("sleeper", "new");
    newest = { term: next.term, revision, value: "new" };
    for (const [index, client] of clients.entries()) {
      reads.add(read(client));
      writes.add(write(client, index));
    }
    await passing(Math.max(lateMillis, electionMillis / 4));
    assert.equal(reads.ended + writes.ended, 0, "the leader sleeps");
  } finally {
    cluster.member(leader).resume();
  }
  checkAwake(await reads.answers(), newest);
  await checkWritten(cluster.client(other), await writes.answers(), newest);
  await early.answers();
  for (const client of clients) client.close();
  const answered = `${reads.answered} reads and ${writes.answered} writes were answered`;
  console.log(`of ${sleepersReads} of each that a sleeper found, ${answered}`);
  assert.ok(reads.answered > 0, "no read was answered: this shows nothing");
  assert.ok(writes.answered > 0, "no write was answered: this shows nothing");
}

/** No answer is one of the old term, nor of what the store was then (B12, P2). */
function checkAwake(answers: readonly (Answer | undefined)[], newest: Answer): void {
  for (const answer of answers) {
    if (answer === undefined) continue;
    const { term, revision, value } = answer;
    assert.ok(revision >= newest.revision, `P2: ${revision} after ${newest.revision}`);
    assert.ok(term >= newest.term, `B12: an answer of term ${term} after ${newest.term}`);
    if ("value" in answer) assert.equal(value, newest.value, "P2: an old value");
  }
}

/** What was acknowledged is there, where it was said to be (B12, P4). */
async function checkWritten(
  client: Client,
  answers: readonly (Answer | undefined)[],
  newest: Answer,
): Promise<void> {
  checkAwake(answers, newest);
  for (const [index, answer] of answers.entries()) {
    if (answer === undefined) continue;
    assert.ok(answer.revision > newest.revision, "P7: a revision was used before");
    const row = await client.get(`sleeper/${index}`);
    assert.equal(row?.modRevision, answer.revision, `P4: write ${index}`);
  }
}

/** Calls under way, and how many of them have ended. */
class Waiting {
  readonly #calls: Promise<Answer | undefined>[] = [];
  #ended = 0;
  #answered = 0;

  get ended(): number {
    return this.#ended;
  }

  get answered(): number {
    return this.#answered;
  }

  add(call: Promise<Answer>): void {
    this.#calls.push(this.#follow(call));
  }

  async answers(): Promise<readonly (Answer | undefined)[]> {
    return await Promise.all(this.#calls);
  }

  async #follow(call: Promise<Answer>): Promise<Answer | undefined> {
    try {
      const answer = await call;
      this.#answered += 1;
      return answer;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      return undefined;
    } finally {
      this.#ended += 1;
    }
  }
}

async function read(client: Client): Promise<Answer> {
  const answer = await client.range(Buffer.from("sleeper"), { deadlineMillis: 10_000 });
  return {
    term: answer.header.raftTerm,
    revision: answer.revision,
    value: answer.kvs[0]?.text(),
  };
}

async function write(client: Client, index: number): Promise<Answer> {
  const { header, revision } = await client.put(`sleeper/${index}`, "late", {
    deadlineMillis: 10_000,
  });
  return { term: header.raftTerm, revision };
}

function toSleeper(cluster: NetworkCluster, index: number): Client {
  // One attempt: a second one would find the member awake.
  return connect({ endpoints: [cluster.endpoints[index] ?? ""], readAttemptMillis: 10_000 });
}

/** The leader among sleepers answers nothing, and within time says so at once (P2, P4, V2). */
async function refuseAlone(cluster: NetworkCluster, { leader, others }: Cast): Promise<void> {
  const client = cluster.client(leader);
  const begin = performance.now();
  for (const index of others) cluster.member(index).pause();
  try {
    await until(refusingMaxMillis, "refusals of the leader alone (V2)", async () => {
      const options = { deadlineMillis: electionMillis / 2 };
      const codes = await Promise.all([
        refusalOf(client.put("alone", "probe", options)),
        refusalOf(client.get("alone", options)),
      ]);
      return codes.every((code) => code !== "deadline-exceeded") ? true : undefined;
    });
    await passing(Math.max(0, 2.5 * electionMillis - (performance.now() - begin)));
  } finally {
    for (const index of others) cluster.member(index).resume();
  }
}

async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof EtcdError) return error.code;
    throw error;
  }
  throw new Error("P2, P4: a leader without followers answered");
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
