import { plainTiming } from "../plan/plain-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { Machine } from "../world/machine.ts";
import { calmFaults } from "../world/peer-network-faults.ts";
import { holdSyncs } from "./disks.ts";
import { Ledger } from "./ledger.ts";
import { Operator } from "./operator.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** Logs are short, so that whoever was away gets a state instead of entries. */
const shortLogs: Partial<Plan> = {
  workloads: [],
  timing: { ...plainTiming, snapshotCount: 10, catchupEntries: 5 },
};

/** Followers that are brought up to date by a state, and what becomes of them. */
export const snapshotSchedules: readonly Schedule[] = [
  {
    name: "the leader dies as a follower has taken its state; the follower restarts and leads",
    rows: ["C9"],
    plan: shortLogs,
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "restored");
      for (let round = 0; round < 3; round += 1) {
        const leader = await stage.leader();
        const follower = stage.random.pick(stage.followersOf(leader));
        await leaveBehind(stage, ledger, follower);
        // At any moment from its arrival to its place on the disk.
        follower.disk.slowMillis = 200;
        const begin = compactedOf(follower);
        await stage.until("a state arrives", () => {
          return isRestoring(follower) || compactedOf(follower) > begin;
        });
        await stage.wait(stage.random.nextFloat() * stage.random.pick([0, 20, 300]));
        follower.disk.slowMillis = 0;
        stage.powerOff(leader);
        stage.powerOff(follower, "drop-all");
        reached();
        stage.up(follower);
        await stage.lead(follower);
        // What comes now goes on from the state.
        await ledger.writeMany(stage.client(follower).client, 5);
        stage.powerOff(follower, "drop-all");
        stage.up(follower, leader);
        await stage.settled();
        await ledger.check();
      }
    },
  },
  {
    name: "a state arrives while the log's disk is stuck, and the power goes",
    rows: ["C9"],
    plan: shortLogs,
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "stuck");
      for (let round = 0; round < 2; round += 1) {
        const follower = stage.random.pick(stage.followersOf(await stage.leader()));
        await leaveBehind(stage, ledger, follower);
        const loosen = holdSyncs(follower, 60_000);
        const begin = compactedOf(follower);
        await stage.until("a state arrives", () => {
          return isRestoring(follower) || compactedOf(follower) > begin;
        });
        // Long enough to put it in place, were it not for the log.
        await stage.wait(stage.random.between(1_000, 2_000));
        reached();
        stage.powerOff(follower, "drop-all");
        loosen();
        stage.up(follower);
        await stage.settled();
        await ledger.check(stage.client(follower).client);
      }
    },
  },
  {
    name: "a new member that began with a state leads, and brings up those who were away",
    rows: ["C10"],
    plan: shortLogs,
    script: async (stage, reached) => {
      const operator = new Operator(stage);
      const ledger = new Ledger(stage, "fresh");
      await ledger.writeMany(stage.anyone, 30);
      const fresh = await operator.addVoter();
      const leader = await stage.leader();
      const away = stage.random.pick(stage.followersOf(leader).filter((one) => one !== fresh));
      stage.powerOff(away);
      // Some of this is in the new member's log, some before its beginning.
      await ledger.writeMany(stage.anyone, stage.random.between(1, 20));
      await stage.lead(fresh);
      stage.up(away);
      const stop = ledger.load(2);
      reached();
      await stage.settled();
      await stop();
      await stage.lead(away);
      await ledger.check(stage.client(away).client);
    },
  },
  {
    name: "states come late, twice and in pieces while the log goes on",
    rows: ["C13"],
    plan: {
      ...shortLogs,
      network: {
        ...calmFaults,
        ...{ snapshotPauseMillis: 40, snapshotCutProbability: 0.2, duplicateProbability: 0.3 },
        ...{ reorderProbability: 0.3, delayMeanMillis: 3 },
      },
    },
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "late states");
      for (let round = 0; round < 4; round += 1) {
        const leader = await stage.leader();
        const follower = stage.random.pick(stage.followersOf(leader));
        await leaveBehind(stage, ledger, follower);
        const stop = ledger.load(3);
        await stage.until("a state is sent", () => isSentState(leader, follower));
        if (stage.random.chance(0.5)) stage.world.peers.reset(leader.memberId, follower.memberId);
        else await restored(stage, follower);
        reached();
        // Another leader sends another state.
        const others = stage.followersOf(leader).filter((one) => one !== follower);
        for (const other of others) {
          stage.memberOf(leader).transferLeadership(other.memberId);
        }
        await stage.wait(stage.random.between(0, 300));
        stage.powerOff(follower);
        stage.up(follower);
        await stop();
        await stage.settled();
      }
      await ledger.check();
    },
  },
];

/** Lets the others write so much without a follower that entries alone do not bring it back. */
async function leaveBehind(stage: Stage, ledger: Ledger, follower: Machine): Promise<void> {
  const leader = await stage.leader();
  await stage.settled();
  const known = follower.running?.status().log.lastIndex ?? 0;
  stage.powerOff(follower);
  const { client } = stage.client(...stage.world.present.filter((one) => one !== follower));
  const isBehind = (): boolean => compactedOf(leader) > known + 1;
  for (let i = 0; i < 40 && !isBehind(); i += 1) await ledger.writeMany(client, 10);
  stage.expect(isBehind(), "schedule: the log is never cut");
  stage.up(follower);
  await stage.until("the follower runs", () => follower.running !== undefined);
}

/** Waits until a follower has taken a state, or is just about it. */
async function restored(stage: Stage, follower: Machine): Promise<void> {
  const begin = follower.running?.state.appliedIndex ?? 0;
  const isRestored = (): boolean => compactedOf(follower) > begin;
  await stage.until("a state is there", isRestored);
}

function compactedOf({ running }: Machine): number {
  return running?.status().log.compactedIndex ?? 0;
}

function isRestoring({ running }: Machine): boolean {
  return running?.status().isInstallingSnapshot === true;
}

function isSentState(leader: Machine, follower: Machine): boolean {
  const followers = leader.running?.status().leadership?.followers ?? [];
  return followers.some(({ id, state }) => id === follower.memberId && state === "snapshot");
}
