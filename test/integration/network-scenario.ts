/**
 * One fault of the network under load: how it goes, what must hold, and how that is measured.
 */
import assert from "node:assert/strict";
import { setTimeout as passing } from "node:timers/promises";
import { EtcdError, type Client } from "@quorate/client";
import { until } from "../support/deadline.ts";
import { describeLap, FairStopwatch } from "../support/fair-stopwatch.ts";
import type { Link } from "../support/link-faults.ts";
import { checkMemory } from "./member-memory.ts";
import type { Leadership, NetworkCluster } from "./network-cluster.ts";
import { judge, type Verdict } from "./network-judge.ts";
import { NetworkLoad } from "./network-load.ts";

/** V1: a connected majority serves within this time, in milliseconds. */
const servingMaxMillis = 5_000;
/** Service on all members after a fault has ended. */
const healedMaxMillis = 3_000;
/** V2: three election time-outs without a leader, and up to two until a leader gives up. */
const refusingMaxMillis = 5_500;
/** What a refusal may take by itself. */
const promptMillis = 500;
/** Terms that one fault may cost; endless elections cost one a second and more (C18). */
const termsMax = 8;

/** Members by their part: the one that leads, and the others in order. */
export interface Cast {
  readonly leader: number;
  readonly others: readonly number[];
}

/** A fault and what must hold; see {@link runScenario}. */
export interface Scenario {
  readonly name: string;
  /** Links that are cut, all at once. Absent: `act` does it. */
  readonly cut?: (cast: Cast) => readonly Link[];
  /** What is done instead of cutting links and waiting. */
  readonly act?: (cluster: NetworkCluster, cast: Cast) => Promise<void>;
  /** Members that serve while links are cut (V1). @default none */
  readonly serving?: (cast: Cast) => readonly number[];
  /** Members that refuse, at once and by a typed error, while links are cut (V2). @default none */
  readonly refusing?: (cast: Cast) => readonly number[];
  /** Nobody else may lead afterwards: the fault is no reason for it. @default false */
  readonly isStable?: boolean;
  /** Least time that links are cut. @default 0 */
  readonly holdMillis?: number;
}

/** Runs one scenario on a whole cluster and leaves it whole; throws when a promise is broken. */
export async function runScenario(
  cluster: NetworkCluster,
  scenario: Scenario,
  label: string,
): Promise<void> {
  const before = await cluster.agreement();
  const others = cluster.indexes.filter((index) => index !== before.leader);
  const cast = { leader: before.leader, others };
  await using load = new NetworkLoad(`load/${label}/`, cluster.endpoints);
  await answers(load, cluster.size * 4);
  const notes: string[] = [];
  try {
    if (scenario.act !== undefined) await scenario.act(cluster, cast);
    else notes.push(...(await holdCut(cluster, scenario, cast)));
  } finally {
    cluster.faults.drop([]);
  }
  const healed = await cluster.service(cluster.indexes);
  const after = await cluster.agreement();
  await answers(load, cluster.size * 4);
  await load.stop();
  const verdict = await judge(`load/${label}/`, cluster.endpoints, load);
  notes.push(`healed ${describeLap(healed)}`, describeTerms(before, after));
  const { revision = 0 } = (await cluster.status(after.leader)) ?? {};
  notes.push(checkMemory(cluster.processes.members, revision));
  console.log(`${label}, ${scenario.name}: ${notes.join(", ")}; ${describeVerdict(verdict)}`);
  assert.ok(healed.millis < healedMaxMillis, `V1: back ${healed.millis} ms after the fault`);
  if (scenario.isStable === true) assert.deepEqual(after, before, "leadership did not move");
  assert.ok(after.term - before.term <= termsMax, `${before.term} to ${after.term}: C18`);
}

async function holdCut(
  cluster: NetworkCluster,
  scenario: Scenario,
  cast: Cast,
): Promise<readonly string[]> {
  const notes: string[] = [];
  const begin = performance.now();
  const stopwatch = new FairStopwatch(cluster.processes.members);
  cluster.faults.drop(scenario.cut?.(cast) ?? []);
  const [serving, refusing] = [scenario.serving?.(cast), scenario.refusing?.(cast)];
  const measure = async (): Promise<void> => {
    if (serving === undefined) return;
    const served = await cluster.service(serving);
    notes.push(`served ${describeLap(served)}`);
    const { millis } = served;
    assert.ok(millis < servingMaxMillis, `V1: the majority served after ${millis} ms`);
  };
  const measureRefusals = async (): Promise<void> => {
    if (refusing === undefined) return;
    await Promise.all(refusing.map((index) => refusal(cluster.client(index), index)));
    const refused = stopwatch.read();
    notes.push(`refused ${describeLap(refused)}`);
    const { millis } = refused;
    assert.ok(millis < refusingMaxMillis, `V2: the minority refused after ${millis} ms`);
  };
  await Promise.all([measure(), measureRefusals()]);
  // How long a fault lasts is part of it: nothing is waited for here.
  await passing(Math.max(0, (scenario.holdMillis ?? 0) - (performance.now() - begin)));
  return notes;
}

/** Waits until a member refuses both a write and a linearizable read promptly. */
async function refusal(client: Client, index: number): Promise<void> {
  await until(15_000, `refusals of member ${index}`, async () => {
    const options = { deadlineMillis: promptMillis };
    const ends = await Promise.all([
      refusedBy(client.put("refused", "probe", options)),
      refusedBy(client.get("refused", options)),
    ]);
    return ends.every((isRefused) => isRefused) ? true : undefined;
  });
}

async function refusedBy(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    return error.isTransient && error.code !== "deadline-exceeded";
  }
}

/** Waits until so many more writes were acknowledged. */
async function answers(load: NetworkLoad, count: number): Promise<void> {
  const from = load.writes.length;
  await until(10_000, `${count} acknowledged writes`, async () => {
    await passing(1);
    const fresh = load.writes.slice(from).filter(({ outcome }) => outcome.kind === "done");
    return fresh.length >= count ? true : undefined;
  });
}

function describeTerms(before: Leadership, after: Leadership): string {
  const leader = before.leader === after.leader ? "same" : "another";
  return `${after.term - before.term} terms, ${leader} leader`;
}

function describeVerdict({ acknowledged, unknown, surfaced, failed, reads }: Verdict): string {
  const writes = `writes ${acknowledged} + ${unknown} unknown (${surfaced} took effect)`;
  return `${writes} + ${failed} failed, reads ${reads}`;
}
