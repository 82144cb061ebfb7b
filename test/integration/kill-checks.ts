/** What every test that hurts members does: load, a look at who leads, and checks in the end. */
import assert from "node:assert/strict";
import { connect, EtcdError } from "@quorate/client";
import type { ClusterProcesses } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import { describeLap, FairStopwatch } from "../support/fair-stopwatch.ts";
import type { MemberProcess } from "../support/member-process.ts";
import { checkRecords, viewOf, type MemberView } from "./history.ts";
import { checkRevisions } from "./kill-history.ts";
import { checkMemory } from "./member-memory.ts";
import { RealTime, runWriter, type WriterRecord } from "./writers.ts";

/** Longest time without service after a fault that leaves a majority (V1). */
export const outageMillisMax = 3_000;
/** Entries that a leader may append between a look at it and its copy of the state. */
const entriesSpare = 20;

/** Writers that run until they are ended. */
export class Load implements AsyncDisposable {
  readonly #end = new AbortController();
  readonly #writers: readonly Promise<WriterRecord>[];

  /**
   * Starts two writers on each endpoint.
   *
   * @param name - Tells their rows from those of other loads on the same cluster. @default ""
   */
  constructor(endpoints: readonly string[], realTime: RealTime = new RealTime(), name = "") {
    const { signal } = this.#end;
    this.#writers = endpoints.flatMap((endpoint, index) => [
      runWriter(`a${index}${name}`, endpoint, signal, realTime),
      runWriter(`b${index}${name}`, endpoint, signal, realTime),
    ]);
    for (const writer of this.#writers) writer.catch(() => undefined);
  }

  /** Ends the writers and returns what they know. */
  async end(): Promise<readonly WriterRecord[]> {
    this.#end.abort();
    return Promise.all(this.#writers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.allSettled(this.#writers);
  }
}

/** Runs two writers on each member while `disturb` runs; ends both after so many milliseconds. */
export async function underLoad(
  cluster: ClusterProcesses,
  millis: number,
  disturb: (signal: AbortSignal) => Promise<void>,
): Promise<readonly WriterRecord[]> {
  await using load = new Load(cluster.endpoints);
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), millis);
  try {
    await disturb(end.signal);
  } finally {
    clearTimeout(timer);
  }
  return await load.end();
}

/** The running member that leads. */
export async function leaderOf(cluster: ClusterProcesses): Promise<MemberProcess> {
  return until(10_000, "a leader", async () => {
    for (const member of cluster.members) {
      if (!member.isRunning) continue;
      const status = await statusOf(member).catch(() => undefined);
      if (status !== undefined && status.leader === status.header?.memberId) return member;
    }
    return undefined;
  });
}

/** Hands leadership to a member. */
export async function lead(cluster: ClusterProcesses, member: MemberProcess): Promise<void> {
  const targetId = (await statusOf(member)).header?.memberId ?? 0n;
  await until(10_000, `${member.name} to lead`, async () => {
    const leader = await leaderOf(cluster);
    if (leader === member) return true;
    await using client = connect({ endpoints: [leader.endpoint] });
    await client.maintenance.moveLeader({ targetId }, { deadlineMillis: 2_000 }).catch(() => {
      return undefined;
    });
    return undefined;
  });
}

/** Names that a copy of the leader's state can have at the one who receives it. */
export async function namesOfState(leader: MemberProcess): Promise<readonly string[]> {
  const { raftTerm, raftAppliedIndex } = await statusOf(leader);
  const hex = (value: bigint): string => value.toString(16).padStart(16, "0");
  return Array.from({ length: entriesSpare }, (_, ahead) => {
    return `${hex(BigInt(raftTerm))}-${hex(BigInt(raftAppliedIndex) + BigInt(ahead))}.snap.db`;
  });
}

/** What a member says of itself. */
export async function statusOf(
  member: MemberProcess,
): Promise<Awaited<ReturnType<ReturnType<typeof connect>["maintenance"]["status"]>>> {
  await using client = connect({ endpoints: [member.endpoint] });
  return await client.maintenance.status({}, { deadlineMillis: 1_000 });
}

/**
 * Milliseconds until a write is acknowledged by one of these members, by a {@link FairStopwatch}.
 * It may be written more than once: a member that goes on from a received state cannot tell what
 * became of it (P6).
 */
export async function serviceAfter(members: readonly MemberProcess[]): Promise<number> {
  const stopwatch = new FairStopwatch(members);
  await using client = connect({ endpoints: members.map((member) => member.endpoint) });
  return await until(30_000, "service", async () => {
    try {
      await client.put("service", "probe", { deadlineMillis: 30_000 });
    } catch (error) {
      if (!(error instanceof EtcdError) || !error.isTransient) throw error;
      return undefined;
    }
    const lap = stopwatch.read();
    console.log(`service after ${describeLap(lap)}`);
    return lap.millis;
  });
}

/**
 * Starts members and tells, as {@link serviceAfter} does, how long it takes from the moment at
 * which a majority of the cluster runs and has opened its data: that members are started and read
 * is no outage (V1). Returns when all that were started are ready.
 *
 * @param launched - Members that do not run.
 */
export async function serviceAfterStart(
  cluster: ClusterProcesses,
  launched: readonly MemberProcess[],
): Promise<number> {
  const running = cluster.members.filter(({ isRunning }) => isRunning);
  const missing = Math.floor(cluster.members.length / 2) + 1 - running.length;
  for (const member of launched) member.launch();
  const opened = await firstOpened(launched, missing);
  const millis = await serviceAfter([...running, ...opened]);
  // One writes it only after a write of its own, so it is not what the time above is taken from.
  await Promise.all(launched.map((member) => member.logged(/ready to serve client requests/)));
  return millis;
}

/** The first so many of these members that have opened their data, once they have. */
function firstOpened(
  members: readonly MemberProcess[],
  count: number,
): Promise<readonly MemberProcess[]> {
  const first: MemberProcess[] = [];
  return new Promise((resolve, reject) => {
    const note = (): void => {
      if (first.length >= count) resolve([...first]);
    };
    note();
    for (const member of members) {
      member.logged(/opened data directory/).then(() => {
        first.push(member);
        note();
      }, reject);
    }
  });
}

/** Waits until so many writes of its own are acknowledged. */
export async function acknowledgedWrites(cluster: ClusterProcesses, count: number): Promise<void> {
  await using client = connect({ endpoints: cluster.endpoints });
  for (let write = 0; write < count; write += 1) {
    await client.put("service", String(write), { deadlineMillis: 30_000 });
  }
}

/**
 * Holds all members against each other and against what writers know (P4, P5, P7, P8).
 *
 * @param firstRevision - Where histories begin; behind the last compaction. @default 1
 */
export async function checkAll(
  cluster: ClusterProcesses,
  records: readonly WriterRecord[],
  firstRevision = 1,
): Promise<void> {
  const views = await settledViews(cluster, firstRevision);
  const [first] = views;
  assert.ok(first);
  for (const view of views) {
    assert.deepEqual(view.events, first.events, "members tell one history (P8)");
    assert.deepEqual(view.rows, first.rows, "members hold one state (P8)");
  }
  checkRevisions(first);
  checkRecords(first, records);
  const hashes = await hashesOf(cluster, first.revision);
  assert.equal(new Set(hashes).size, 1, `hashes differ: ${hashes.join()} (P8)`);
  console.log(`memory ${checkMemory(cluster.members, first.revision)}`);
}

/** What all members hold, once leases of writers that died have ended everywhere. */
async function settledViews(
  cluster: ClusterProcesses,
  firstRevision: number,
): Promise<readonly MemberView[]> {
  return until(30_000, "one revision on all members (P8)", async () => {
    const views = await Promise.all(
      cluster.endpoints.map((endpoint) => viewOf(endpoint, firstRevision)),
    );
    return new Set(views.map(({ revision }) => revision)).size === 1 ? views : undefined;
  });
}

/** `HashKV` of each member at one revision. */
export async function hashesOf(
  cluster: ClusterProcesses,
  revision: number,
): Promise<readonly number[]> {
  return Promise.all(
    cluster.endpoints.map(async (endpoint) => {
      await using client = connect({ endpoints: [endpoint] });
      return (await client.maintenance.hashKv({ revision })).hash;
    }),
  );
}

/** One line of what a run did. */
export function describeRun(
  records: readonly WriterRecord[],
  counts: Readonly<Record<string, number>>,
): string {
  const count = { acknowledged: 0, unknown: 0, refused: 0, reads: 0 };
  for (const { rows, reads } of records) {
    count.reads += reads.length;
    for (const { written, removed } of rows.values()) {
      for (const outcome of [written, removed]) {
        if (typeof outcome === "number") count.acknowledged += 1;
        else if (outcome !== undefined) count[outcome] += 1;
      }
    }
  }
  const shown = Object.entries({ ...counts, ...count });
  return shown.map(([name, value]) => `${name}=${Math.round(value)}`).join(" ");
}
