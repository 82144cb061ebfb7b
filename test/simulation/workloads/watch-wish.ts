/** What is watched, and who changes it. */
import { compare, op, type Client } from "@quorate/client";
import type { SeededRandom } from "@quorate/platform/sim";

import type { WatchWish } from "../history/watch-history.ts";
import { attempt, pause } from "./pacing.ts";
import type { SimClient, WorkloadWorld } from "./workload.ts";

/** Keys of the workload, in order. */
const watchedKeys: readonly string[] = Array.from({ length: 8 }, (_, i) => `w/${i}`);

/** Two such values fit into a request, three into no answer that may be split. */
const largeBytes = 700_000;

/** What somebody learnt of the watched keys. */
export interface WatchedKeys {
  /** Newest and compacted revision that is known. */
  newest: number;
  compacted: number;
  /** Whether some values are so long that answers have to be split. */
  readonly hasLarge: boolean;
}

/** Draws what a watcher asks for, given what is known. */
export function drawWish(random: SeededRandom, known: WatchedKeys): WatchWish {
  const { newest, compacted, hasLarge } = known;
  if (hasLarge && random.chance(0.4)) {
    const startRevision = drawStart(random, newest, compacted);
    const everything = { previous: true, withoutPuts: false, withoutDeletes: false };
    return { key: "w/", rangeEnd: "w0", startRevision, ...everything };
  }
  const [key, rangeEnd] = random.pick([
    [random.pick(watchedKeys), ""],
    ["w/2", "w/6"],
    ["w/", "w0"],
    ["w/3", "\0"],
    ["\0", "\0"],
  ] as const);
  const filter = random.nextInt(6);
  return {
    ...{ key, rangeEnd, startRevision: drawStart(random, newest, compacted) },
    previous: random.chance(0.4),
    withoutPuts: filter === 0,
    withoutDeletes: filter === 1,
  };
}

function drawStart(random: SeededRandom, newest: number, compacted: number): number {
  switch (random.nextInt(6)) {
    case 0:
    case 1:
      return 0;
    case 2:
      return Math.max(1, newest - random.nextInt(40));
    case 3:
      // From the compact revision on everything is there; from below it nothing is (W9, C41).
      return Math.max(1, compacted - random.pick([0, 0, 0, 1, 5]));
    case 4:
      return newest + random.between(2, 60);
    default:
      return newest + 1;
  }
}

/** Changes the watched keys until told to stop: puts, deletes, whole ranges, transactions. */
export async function changeWatchedKeys(
  world: WorkloadWorld,
  { client, timers }: SimClient,
  random: SeededRandom,
  signal: AbortSignal,
): Promise<void> {
  const pauseMillis = random.pick([5, 30, 150]);
  let lease = 0n;
  for (let count = 0; !signal.aborted; count += 1) {
    if (lease === 0n || random.chance(0.02)) {
      const granted = await attempt(() => client.lease.grant(random.between(1, 4)));
      if (granted.kind === "done") lease = granted.answer.id;
    }
    const result = await attempt(
      () => changeOnce(client, random, `${count}`, random.chance(0.2) ? lease : 0n),
      ["lease-not-found"],
    );
    if (result.kind === "failed" && result.error.code === "lease-not-found") lease = 0n;
    await pause(timers, random.between(0, 2 * pauseMillis), signal);
  }
  world.coverage.sometimes("watched keys with a lease", lease !== 0n);
}

/** Revisions too large for one answer with the pairs, or the revision, before them (W4). */
export async function changeMuch(
  { client, timers }: SimClient,
  random: SeededRandom,
  signal: AbortSignal,
): Promise<void> {
  for (let count = 0; count < 3; count += 1) {
    await pause(timers, random.between(500, 5_000), signal);
    if (signal.aborted) return;
    const value = `${count}`.repeat(largeBytes);
    if (random.chance(0.5)) await attempt(() => client.put("w/2.large", value));
    await attempt(() =>
      client.txn().then(op.put("w/2.large", value), op.put("w/3.large", value)).commit(),
    );
  }
}

async function changeOnce(
  client: Client,
  random: SeededRandom,
  value: string,
  lease: bigint,
): Promise<void> {
  const key = random.pick(watchedKeys);
  const other = random.pick(watchedKeys.filter((each) => each !== key));
  switch (random.nextInt(8)) {
    case 0:
      await client.delete(key);
      return;
    case 1:
      await client.delete({ begin: "w/2", end: "w/5" });
      return;
    case 2:
      await client
        .txn()
        .if(compare.exists(key))
        .then(op.put(other, value, { lease }), op.delete(key))
        .else(op.put(key, value, { lease }))
        .commit();
      return;
    case 3:
      await client
        .txn()
        .then(...watchedKeys.slice(0, 5).map((each) => op.put(each, value)))
        .commit();
      return;
    default:
      await client.put(key, value, { lease });
  }
}

/** Compacts now and then behind the newest revision, to overtake watchers that are slow. */
export async function compactWatched(
  { client, timers }: SimClient,
  random: SeededRandom,
  known: WatchedKeys,
  signal: AbortSignal,
): Promise<void> {
  const pauseMillis = random.pick([400, 2_000, 8_000]);
  for (;;) {
    await pause(timers, random.between(1, 2 * pauseMillis), signal);
    if (signal.aborted) return;
    const seen = await attempt(() => client.range("w/0", { keysOnly: true }));
    if (seen.kind === "failed") continue;
    known.newest = Math.max(known.newest, seen.answer.revision);
    const revision = Math.max(1, known.newest - random.pick([0, 0, 3, 20]));
    const done = await attempt(() => client.compact(revision), ["compacted"]);
    if (done.kind === "done") known.compacted = Math.max(known.compacted, revision);
  }
}
