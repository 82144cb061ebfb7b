import { op, type Client } from "@quorate/client";
import { plainTiming } from "../plan/plain-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { Machine } from "../world/machine.ts";
import type { WatchLog } from "../workloads/watch-log.ts";
import { eventsOf, RawWatchers, watchedPrefix } from "./raw-watchers.ts";
import { plainPlan, type Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

const shortLogs: Partial<Plan> = {
  workloads: [],
  timing: { ...plainTiming, snapshotCount: 10, catchupEntries: 5 },
};

/** Tiny batches: watchers that are behind stay so for a while. */
const tinyBatches: Partial<Plan> = {
  workloads: [],
  machine: {
    ...plainPlan(1n).machine,
    ...{ watchBatchRevisionsMax: 1, watchSliceWatchersMax: 1, watchFanOutWatchersMax: 5 },
  },
};

/** Watchers of members that lag, of streams that lag, and of history that goes. */
export const watchSchedules: readonly Schedule[] = [
  {
    name: "watchers of a follower that is cut off until it gets a state",
    rows: ["C38"],
    plan: shortLogs,
    script: async (stage, reached) => {
      for (let round = 0; round < 3; round += 1) {
        const { follower, others } = await pickFollower(stage);
        await change(others, 5);
        const watchers = await RawWatchers.open(stage, follower);
        // One is synced, one was long ago, one is not yet due.
        await watchers.created();
        await watchers.created({ startRevision: 1 });
        const { revision } = await others.range("none");
        await watchers.created({ startRevision: revision + 40 });
        await cutUntilRestored(stage, follower, others);
        reached();
        const last = await change(others, 60);
        await watchers.cover(last);
        watchers.judge();
        watchers.close();
      }
    },
  },
  {
    name: "progress is asked of a stream whose watchers are behind",
    rows: ["C39"],
    plan: tinyBatches,
    script: async (stage, reached) => {
      await change(stage.anyone, 80);
      const watchers = await RawWatchers.open(stage, await stage.leader());
      const behind = Array.from({ length: 30 }, (_, i) => watchers.watch({ startRevision: 1 + i }));
      watchers.watch();
      for (let asked = 0; asked < 100; asked += 1) {
        watchers.requestProgress();
        await stage.wait(1);
        const told = behind.reduce((sum, log) => sum + eventsOf(log), 0);
        if (told > 0 && told < 30 * 60) reached();
      }
      await watchers.cover(await change(stage.anyone, 5));
      watchers.judge();
    },
  },
  {
    name: "progress is asked while a revision too large for one answer is told in fragments",
    rows: ["C39"],
    plan: { workloads: [] },
    script: async (stage, reached) => {
      const watchers = await RawWatchers.open(stage, await stage.leader());
      const logs = [await watchers.created()];
      let last = await changeLargely(stage.anyone, "a");
      // The one from the beginning is told of it from the log, the others as it happens.
      logs.push(watchers.watch({ startRevision: 1 }), watchers.watch());
      watchers.requestProgress();
      const changed = changeLargely(stage.anyone, "b").then((revision) => {
        last = revision;
      });
      for (let asked = 0; asked < 20; asked += 1) {
        watchers.requestProgress();
        await stage.wait(1);
      }
      await changed;
      await watchers.cover(last);
      const isInFragments = ({ steps }: WatchLog): boolean =>
        steps.some((step) => step.kind === "events" && step.isFragment);
      if (logs.every(isInFragments)) reached();
      watchers.judge();
    },
  },
  {
    name: "compaction overtakes watchers whose client does not read",
    rows: ["C40"],
    plan: tinyBatches,
    script: async (stage, reached) => {
      const machine = await stage.leader();
      const slow = await RawWatchers.open(stage, machine);
      const fast = await RawWatchers.open(stage, machine);
      const logs = [await slow.created(), await slow.created({ startRevision: 1 })];
      await fast.created();
      const link = stage.world.clients.link(slow.clientName, machine.address);
      link.cut("to-client");
      let last = 0;
      for (let round = 0; round < 10; round += 1) {
        last = await change(stage.anyone, 20, 4_000);
        await stage.anyone.compact(last - 1);
      }
      // Others are not held up by it.
      await fast.cover(last);
      const late = await fast.created({ startRevision: 3 });
      const isTold = (): boolean => late.isCancelled;
      await stage.until("whoever comes too late is told so", isTold, 30_000, "W9");
      link.heal();
      await stage.until("the end of both", () => logs.every((log) => isOver(log, last)));
      if (logs.some(({ isCancelled }) => isCancelled)) reached();
      slow.judge();
      fast.judge();
    },
  },
  {
    name: "a deletion is compacted at, and watched from, before and after a restart",
    rows: ["C41"],
    plan: { workloads: [] },
    script: async (stage, reached) => {
      await change(stage.anyone, 10);
      const key = `${watchedPrefix}0`;
      const { revision } = await stage.anyone.delete(key);
      await stage.anyone.compact(revision, { physical: true });
      await change(stage.anyone, 3);
      await watchDeletion(stage, revision);
      for (const machine of stage.world.present) {
        stage.powerOff(machine);
        stage.up(machine);
      }
      await stage.settled();
      await watchDeletion(stage, revision);
      reached();
    },
  },
  {
    name: "a watcher waits on a lagging member for revisions to come",
    rows: ["C42"],
    plan: { workloads: [] },
    script: async (stage, reached) => {
      for (const ahead of [50, 51, 100]) {
        const { follower, others } = await pickFollower(stage);
        const { revision } = await others.range("none");
        stage.isolate(follower);
        await change(others, 30);
        const watchers = await RawWatchers.open(stage, follower);
        const startRevision = revision + ahead;
        const log = await watchers.created({ startRevision });
        const [first] = log.steps;
        if (first?.kind === "created" && first.revision < revision + 30) reached();
        stage.healLinks();
        const last = await change(others, 100);
        await watchers.cover(last);
        watchers.judge();
        stage.expect(eventsOf(log) === last - startRevision + 1, "W8: the wrong events");
        watchers.close();
      }
    },
  },
  {
    name: "hundreds of watchers on one stream fall behind and are compacted away",
    rows: ["C43", "C40"],
    plan: tinyBatches,
    script: async (stage, reached) => {
      const first = await change(stage.anyone, 30, 1_000);
      const machine = await stage.leader();
      const watchers = await RawWatchers.open(stage, machine);
      const link = stage.world.clients.link(watchers.clientName, machine.address);
      link.cut("to-client");
      const logs = Array.from({ length: 600 }, (_, i) =>
        watchers.watch({ startRevision: first - (i % 20), key: `${watchedPrefix}${i % 8}` }),
      );
      await stage.wait(100);
      const last = await change(stage.anyone, 10);
      await stage.anyone.compact(last);
      link.heal();
      await watchers.cover(last);
      if (logs.some(({ isCancelled }) => isCancelled)) reached();
      const told = logs.map(({ steps }) => steps.filter(({ kind }) => kind === "cancelled").length);
      stage.expect(Math.max(...told) <= 1, "W10: a watcher is told twice that it is compacted");
      await stage.wait(2_000);
      watchers.judge();
    },
  },
];

/** Changes watched keys in turn; returns the last revision. */
async function change(client: Client, count: number, bytes: number = 0): Promise<number> {
  let revision = 0;
  for (let i = 0; i < count; i += 1) {
    const value = `${i}`.padEnd(bytes, ".");
    ({ revision } = await client.put(`${watchedPrefix}${i % 8}`, value));
  }
  return revision;
}

/** Two values in one revision: with the pairs before them more than one answer may hold (W4). */
async function changeLargely(client: Client, fill: string): Promise<number> {
  const value = fill.repeat(700_000);
  const puts = ["0", "1"].map((name) => op.put(`${watchedPrefix}${name}`, value));
  const { revision } = await client
    .txn()
    .then(...puts)
    .commit();
  return revision;
}

interface Picked {
  readonly follower: Machine;
  /** A client of all others. */
  readonly others: Client;
}

async function pickFollower(stage: Stage): Promise<Picked> {
  await stage.settled();
  const leader = await stage.leader();
  const follower = stage.random.pick(stage.followersOf(leader));
  const others = stage.world.present.filter((one) => one !== follower);
  return { follower, others: stage.client(...others).client };
}

/** Cuts a follower off for so many changes that it gets a state. */
async function cutUntilRestored(stage: Stage, follower: Machine, others: Client): Promise<void> {
  const known = follower.running?.status().log.lastIndex ?? 0;
  const compactedOf = ({ running }: Machine): number => running?.status().log.compactedIndex ?? 0;
  stage.isolate(follower);
  while (compactedOf(await stage.leader()) <= known + 1) await change(others, 10);
  stage.healLinks();
  await stage.until("a state is there", () => compactedOf(follower) > known);
}

function isOver(
  log: { readonly isCancelled: boolean; nextRevision: number },
  last: number,
): boolean {
  return log.isCancelled || log.nextRevision > last;
}

/** Every member still tells of a deletion at the compact revision. */
async function watchDeletion(stage: Stage, revision: number): Promise<void> {
  for (const machine of stage.world.present) {
    const watchers = await RawWatchers.open(stage, machine);
    const log = await watchers.created({ startRevision: revision });
    await watchers.cover(revision);
    const seen = log.steps.flatMap((step) => (step.kind === "events" ? step.events : []));
    const isTold = seen[0]?.kind === "delete" && seen[0].modRevision === revision;
    stage.expect(isTold, `W9: ${machine.name} keeps the deletion at ${revision} back`);
    watchers.judge();
    watchers.close();
  }
}
