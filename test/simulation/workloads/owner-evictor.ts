/**
 * Takes ownerships away, as an operator may: deletes owner keys and revokes the leases of sessions.
 * Most of all of whoever has just become first and may be on the way to be told so (C47).
 */
import { compare, op, WatchCompactedError, type KeyValue } from "@quorate/client";
import type { SeededRandom } from "@quorate/platform/sim";

import { attempt, isTrouble, latin1, pause } from "./pacing.ts";
import type { SimClient, WorkloadWorld } from "./workload.ts";

/** What was asked of the store against an owner key. */
export interface Eviction {
  /** latin1 of the owner key. */
  readonly key: string;
  readonly sentMillis: number;
}

/** What an evictor works with. */
export interface EvictorParts {
  readonly world: WorkloadWorld;
  readonly sim: SimClient;
  readonly random: SeededRandom;
  /** Name whose owners are evicted. */
  readonly name: string;
  /** Grows. */
  readonly evictions: Eviction[];
}

/** Evicts until the signal aborts. */
export async function evictOwners(parts: EvictorParts, signal: AbortSignal): Promise<void> {
  const { sim, random } = parts;
  while (!signal.aborted) {
    try {
      await follow(parts, signal);
    } catch (error) {
      if (!(error instanceof WatchCompactedError) && !isTrouble(error)) throw error;
    }
    await pause(sim.timers, random.between(10, 500), signal);
  }
}

/** Follows the queue; acts when somebody leaves it. */
async function follow(parts: EvictorParts, signal: AbortSignal): Promise<void> {
  const { sim, random, name } = parts;
  const range = { prefix: `${name}/` };
  const { kvs, revision } = await sim.client.range(range);
  const queue = new Map(kvs.map((kv) => [latin1(kv.key), kv]));
  const options = { startRevision: revision + 1, signal };
  for await (const { type, kv } of sim.client.watch(range, options)) {
    if (type === "put") {
      queue.set(latin1(kv.key), kv);
      continue;
    }
    queue.delete(latin1(kv.key));
    if (!random.chance(0.6)) continue;
    const places = [...queue.values()].sort((one, two) => one.createRevision - two.createRevision);
    const victim = random.chance(0.8) ? places[0] : random.pick([...places, undefined]);
    if (victim === undefined) continue;
    await pause(sim.timers, random.pick([0, 0, 1, 5, 20, 1_000]) * random.nextFloat(), signal);
    await evict(parts, victim);
  }
}

async function evict({ world, sim, random, evictions }: EvictorParts, at: KeyValue): Promise<void> {
  const { client } = sim;
  evictions.push({ key: latin1(at.key), sentMillis: world.nowMillis() });
  const done = await attempt<unknown>(
    () =>
      random.chance(0.5)
        ? client.lease.revoke(at.lease)
        : client
            .txn()
            .if(compare.createRevision(at.key, "==", at.createRevision))
            .then(op.delete(at.key))
            .commit(),
    ["lease-not-found"],
  );
  world.coverage.sometimes("somebody took an ownership away", done.kind === "done");
}
