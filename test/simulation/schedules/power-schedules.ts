import { plainTiming } from "../plan/plain-plan.ts";
import type { Machine } from "../world/machine.ts";
import { failOneSync, isLogSync } from "./disks.ts";
import { Ledger } from "./ledger.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** Power that goes just when something was promised. */
export const powerSchedules: readonly Schedule[] = [
  {
    name: "the power of a single member goes while its log is being synced",
    rows: ["C5"],
    plan: { members: 1 },
    script: async (stage, reached) => {
      const machine = stage.machine(0);
      const ledger = new Ledger(stage, "single");
      for (let round = 0; round < 5; round += 1) {
        await stage.leader();
        await ledger.writeMany(stage.anyone, 3);
        let isSyncing = false;
        const disarm = machine.disk.arm({
          matches: isLogSync,
          countdown: stage.random.nextInt(2),
          strike: () => {
            isSyncing = true;
            return { kind: "delay", millis: 1_000 };
          },
        });
        const before = ledger.acknowledged;
        const late = ledger.writeAtOnce(stage.anyone, 4, 1);
        await stage.until("a sync", () => isSyncing);
        // Answers to what was synced before are still on their way.
        await stage.wait(100);
        const promised = ledger.acknowledged;
        await stage.wait(stage.random.nextInt(800));
        stage.expect(ledger.acknowledged === promised, "P4: acknowledged before the sync is over");
        stage.powerOff(machine, "drop-all");
        reached();
        disarm();
        stage.up(machine);
        await late;
        await stage.leader();
        stage.expect(ledger.acknowledged >= before, "P4: fewer than before");
        await ledger.check();
      }
    },
  },
  ...[1, 3, 5].map((members): Schedule => {
    return {
      name: `all of ${members} lose power under load, and all that was not synced`,
      rows: ["C6"],
      plan: { members },
      script: async (stage, reached) => {
        const ledger = new Ledger(stage, "all");
        for (let round = 0; round < 4; round += 1) {
          await stage.leader();
          const stop = ledger.load(4);
          await stage.wait(stage.random.between(20, 300));
          for (const machine of stage.world.present) stage.powerOff(machine, "drop-all");
          if (ledger.acknowledged > 0) reached();
          stage.up(...stage.world.present);
          await stop();
          await stage.leader();
          await ledger.check();
        }
      },
    };
  }),
  {
    name: "followers lose power right after each acknowledgement, and lead then",
    rows: ["C7", "C8"],
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "followers");
      for (let round = 0; round < 5; round += 1) {
        const leader = await stage.leader();
        const followers = stage.followersOf(leader);
        const isAcknowledged = await ledger.write(stage.client(leader).client);
        for (const follower of followers) stage.powerOff(follower, "drop-all");
        stage.powerOff(leader, "keep-all");
        if (isAcknowledged) reached();
        stage.up(...followers);
        await stage.leader();
        await ledger.check(stage.client(...followers).client);
        stage.up(leader);
        await stage.settled();
      }
    },
  },
  {
    name: "a majority restarts without what it had not synced, and the leader goes on",
    rows: ["C14", "C15"],
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "majority");
      for (let round = 0; round < 4; round += 1) {
        const leader = await stage.leader();
        const followers = stage.followersOf(leader);
        const stop = ledger.load(4);
        for (const { disk } of followers) disk.slowMillis = 100;
        await stage.wait(stage.random.between(100, 400));
        const written = followers.map(lastIndexOf);
        for (const follower of followers) {
          follower.disk.slowMillis = 0;
          stage.powerOff(follower, "drop-all");
          stage.up(follower);
        }
        await stage.until("both are back", () => followers.every(({ running }) => running));
        if (followers.some((one, i) => lastIndexOf(one) < (written[i] ?? 0))) reached();
        await stage.wait(500);
        await stop();
        await stage.settled();
        await ledger.check();
      }
    },
  },
  {
    name: "a sync of the log fails once, and the power goes after the restart",
    rows: ["C35"],
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "failed sync");
      for (let round = 0; round < 3; round += 1) {
        const leader = await stage.leader();
        const target = stage.random.pick(stage.world.present);
        const stop = ledger.load(3);
        await failOneSync(stage, target);
        reached();
        await stage.until("it is back", () => target.running !== undefined);
        stage.powerOff(target, "drop-all");
        if (target !== leader) stage.powerOff(leader, "drop-all");
        stage.up(target, leader);
        await stop();
        await stage.settled();
        await ledger.check();
      }
    },
  },
  {
    name: "the log is cut short behind entries that were overwritten, and the power goes",
    rows: ["C11", "C12"],
    plan: {
      workloads: [],
      timing: { ...plainTiming, snapshotCount: 10, catchupEntries: 20 },
    },
    script: overwriteAndCut,
  },
];

function lastIndexOf({ running }: Machine): number {
  return running?.status().log.lastIndex ?? 0;
}

async function overwriteAndCut(stage: Stage, reached: () => void): Promise<void> {
  const ledger = new Ledger(stage, "overwritten");
  await ledger.writeMany(stage.anyone, 5);
  const old = await stage.leader();
  const others = stage.followersOf(old);
  stage.isolate(old);
  // A tail that only the old leader has.
  const alone = stage.client(old).client;
  const lost: Promise<boolean>[] = [];
  for (let i = 0; i < 20; i += 1) {
    lost.push(ledger.write(alone, 300 + stage.random.nextInt(300)));
    await stage.wait(10);
  }
  await stage.until("a new leader", () => others.some(({ running }) => running?.member?.isLeader));
  const tail = lastIndexOf(old);
  await ledger.writeMany(stage.client(...others).client, 3);
  stage.healLinks();
  await Promise.all(lost);
  await stage.settled();
  // Fewer entries than it had: what is behind them must not come back.
  const isShorter = lastIndexOf(old) < tail;
  await restartAndCompare(stage, old);
  await ledger.writeMany(stage.anyone, 30);
  await stage.settled();
  const isCut = (old.running?.status().log.compactedIndex ?? 0) > 0;
  if (isShorter && isCut) reached();
  await restartAndCompare(stage, old);
  await stage.lead(old);
  await ledger.check(stage.client(old).client);
}

/** Cuts a machine's power: its log must not end behind the leader's afterwards. */
async function restartAndCompare(stage: Stage, machine: Machine): Promise<void> {
  const end = lastIndexOf(await stage.leader());
  stage.powerOff(machine, stage.random.pick(["drop-all", "random", "keep-all"] as const));
  stage.up(machine);
  await stage.until("it is back", () => machine.running !== undefined);
  const last = lastIndexOf(machine);
  stage.expect(last <= end, `C11: a tail of ${last} is back beyond ${end}`);
  await stage.settled();
}
