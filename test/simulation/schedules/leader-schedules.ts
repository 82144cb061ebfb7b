import type { Machine } from "../world/machine.ts";
import { Ledger } from "./ledger.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** A transfer is given up after an election time-out of 1 s; a tick and a sync may come on top. */
const transferMillis = 1_500;

/** Leadership that is handed over, and leadership that must stay where it is. */
export const leaderSchedules: readonly Schedule[] = [
  {
    name: "leadership is handed to a member that is down, and service resumes",
    rows: ["C17"],
    script: (stage, reached) =>
      handOver(stage, {
        reached,
        spoil: (target) => stage.powerOff(target),
        mend: (target) => stage.up(target),
      }),
  },
  {
    name: "leadership is handed to a member that is cut off, and service resumes",
    rows: ["C17"],
    script: (stage, reached) =>
      handOver(stage, {
        reached,
        spoil: (target) => stage.isolate(target),
        mend: () => stage.healLinks(),
      }),
  },
  {
    name: "leadership is handed to a member that stands still, and service resumes",
    rows: ["C17"],
    script: (stage, reached) =>
      handOver(stage, {
        reached,
        spoil: (target) => target.process?.pause(),
        mend: (target) => target.process?.goOn(),
      }),
  },
  {
    name: "the leader is not heard by one follower for half a minute",
    rows: ["C18"],
    script: (stage, reached) =>
      cutForLong(stage, {
        reached,
        isFromLeader: true,
      }),
  },
  {
    name: "the leader does not hear one follower for half a minute",
    rows: ["C18"],
    script: (stage, reached) =>
      cutForLong(stage, {
        reached,
        isFromLeader: false,
      }),
  },
  {
    name: "a leader leads again when writes for its first term arrive",
    rows: ["P6"],
    script: leadAgain,
  },
];

/** The sender has applied an entry of a later term, and has proposed its writes again (P6). */
async function leadAgain(stage: Stage, reached: () => void): Promise<void> {
  const ledger = new Ledger(stage, "lead again");
  for (let round = 0; round < 3; round += 1) {
    const leader = await stage.leader();
    const [sender, heir] = stage.random.shuffle([...stage.followersOf(leader)]);
    if (sender === undefined || heir === undefined) throw new Error("Cannot act: too few members");
    await stage.settled();
    const connectedSince = stage.memberOf(sender).connectedSince(leader.memberId);
    const unclog = stage.clogOneWay(sender, leader);
    const { client } = stage.client(sender);
    const writing = ledger.writeAtOnce(client, 4, 1);
    const { pendingProposals } = stage.memberOf(sender);
    await stage.until("writes under way", () => {
      return stage.memberOf(sender).pendingProposals > pendingProposals;
    });
    await stage.lead(heir);
    await writing;
    stage.memberOf(heir).transferLeadership(leader.memberId);
    await stage.until("the first to lead again", () => stage.world.leader() === leader);
    // A connection that was given up has taken with it what waits.
    if (stage.memberOf(sender).connectedSince(leader.memberId) === connectedSince) reached();
    unclog();
    await stage.settled();
    await ledger.check();
  }
}

interface Spoiled {
  readonly reached: () => void;
  readonly spoil: (target: Machine) => void;
  readonly mend: (target: Machine) => void;
}

async function handOver(stage: Stage, { reached, spoil, mend }: Spoiled): Promise<void> {
  const ledger = new Ledger(stage, "hand over");
  for (let round = 0; round < 3; round += 1) {
    const leader = await stage.leader();
    const client = stage.client(leader).client;
    const target = stage.random.pick(stage.followersOf(leader));
    await stage.insist("a write", () => client.put("schedule", "before"));
    spoil(target);
    const begin = stage.nowMillis;
    stage.memberOf(leader).transferLeadership(target.memberId);
    const status = stage.memberOf(leader).status().leadership;
    stage.expect(status?.transferTarget === target.memberId, "B17: no transfer is under way");
    reached();
    await stage.insist("a write", () => client.put("schedule", "after", { deadlineMillis: 500 }));
    const took = stage.nowMillis - begin;
    stage.expect(took <= transferMillis, `B17: writes resume after ${took} ms only`);
    await ledger.writeMany(client, 5);
    mend(target);
    await stage.settled();
  }
  await ledger.check();
}

interface LongCut {
  readonly reached: () => void;
  readonly isFromLeader: boolean;
}

async function cutForLong(stage: Stage, { reached, isFromLeader }: LongCut): Promise<void> {
  const ledger = new Ledger(stage, "long cut");
  const leader = await stage.leader();
  const follower = stage.random.pick(stage.followersOf(leader));
  const { term } = stage.memberOf(leader);
  if (isFromLeader) stage.cutOneWay(leader, follower);
  else stage.cutOneWay(follower, leader);
  const client = stage.client(leader).client;
  for (let second = 0; second < 30; second += 1) {
    stage.expect(await ledger.write(client, 900), `V1: no write in second ${second} of the cut`);
    stage.expect(stage.world.leader() === leader, `V1: another leads in second ${second}`);
    await stage.wait(1_000);
  }
  reached();
  stage.healLinks();
  await stage.settled();
  const now = stage.memberOf(leader).term;
  stage.expect(now <= term + 1, `V1: the cut costs terms: ${term} to ${now}`);
  await ledger.check();
}
