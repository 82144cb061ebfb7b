import { attempt } from "../workloads/pacing.ts";
import type { Machine } from "../world/machine.ts";
import { holdSyncs } from "./disks.ts";
import { Ledger } from "./ledger.ts";
import { Operator, refusals } from "./operator.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** Members change only while all have been connected for so long. */
const healthyMillis = 6_000;

/** Members that come and go, by the calls of an operator. */
export const membershipSchedules: readonly Schedule[] = [
  {
    name: "the leader dies at some step of each change of members",
    rows: ["C19", "C21"],
    plan: { workloads: [] },
    script: async (stage, reached) => {
      const operator = new Operator(stage);
      const ledger = new Ledger(stage, "steps");
      const stop = ledger.load(1);
      const leaving = stage.random.pick(stage.world.present);
      const added = await amongDeaths(stage, reached, () => operator.add());
      await amongDeaths(stage, reached, () => operator.promote(added));
      await amongDeaths(stage, reached, () => operator.remove(leaving));
      leaving.retire();
      await operator.check();
      await stop();
      await ledger.check();
    },
  },
  {
    name: "changes of members race each other, asked of all members at once",
    rows: ["C19", "C20"],
    script: async (stage, reached) => {
      const operator = new Operator(stage);
      const learner = await operator.add();
      const old = await stage.leader();
      const leaving = stage.random.pick(stage.followersOf(old).filter((one) => one !== learner));
      await stage.until("the learner runs", () => learner.running !== undefined);
      await stage.wait(healthyMillis);
      // A new leader meets them before it has committed anything.
      stage.powerOff(old);
      const others = stage.followersOf(old);
      const loosen = others.map((other) => holdSyncs(other, 250));
      const isNew = ({ running }: Machine): boolean =>
        running?.status().leadership?.isCommitCurrent === false;
      await stage.until("a leader without a commit of its term", () => others.some(isNew));
      const early = others.flatMap((one) => {
        const { cluster } = stage.client(one).client;
        const options = { deadlineMillis: 1_000 };
        return [
          attempt(() => cluster.memberPromote({ id: learner.memberId }, options), refusals),
          attempt(() => cluster.memberRemove({ id: leaving.memberId }, options), refusals),
        ];
      });
      // They arrive while the disks hold the leader's first entry up.
      await stage.wait(50);
      if (others.some(isNew)) reached();
      await Promise.all(early);
      for (const end of loosen) end();
      const wake = async (): Promise<void> => {
        await stage.wait(stage.random.between(0, 2_000));
        stage.up(old);
      };
      await Promise.all([operator.promote(learner), operator.remove(leaving), wake()]);
      leaving.retire();
      await operator.check();
    },
  },
  {
    name: "a change that only a leader has who is cut off is taken back",
    rows: ["C21"],
    plan: { workloads: [] },
    script: async (stage, reached) => {
      const operator = new Operator(stage);
      const ledger = new Ledger(stage, "taken back");
      await stage.wait(healthyMillis);
      const old = await stage.leader();
      const others = stage.followersOf(old);
      const { cluster } = stage.client(old).client;
      const peerUrls = [stage.world.peerUrlOf(stage.world.reservePlace() ?? 0)];
      const loosen = others.map((other) => holdSyncs(other, 5_000));
      const options = { deadlineMillis: 2_000 };
      const asked = attempt(() => cluster.memberAdd({ peerUrls, isLearner: true }, options));
      const hasIt = (): boolean => old.running?.status().configuration.learners.length === 1;
      await stage.until("the change is in the leader's log", hasIt);
      await stage.wait(50);
      // Nobody else has it on the disk, and nobody asks for it again.
      for (const machine of [old, ...others]) {
        stage.powerOff(machine, machine === old ? "keep-all" : "drop-all");
      }
      for (const end of loosen) end();
      stage.isolate(old);
      stage.up(old, ...others);
      await stage.until("a new leader", () =>
        others.some(({ running }) => running?.member?.isLeader === true),
      );
      if (hasIt()) reached();
      await asked;
      await ledger.writeMany(stage.client(...others).client, 5);
      stage.healLinks();
      await operator.check();
      await stage.lead(old);
      await operator.check();
      await ledger.check();
    },
  },
  {
    name: "a member is removed while it is cut off, and another one comes before it is back",
    rows: ["C22"],
    script: async (stage, reached) => {
      const operator = new Operator(stage);
      const ledger = new Ledger(stage, "cut off");
      const leader = await stage.leader();
      const gone = stage.random.pick(stage.followersOf(leader));
      stage.isolate(gone);
      await operator.remove(gone);
      await operator.addVoter();
      await ledger.writeMany(stage.anyone, 10);
      const { term } = stage.memberOf(await stage.leader());
      const isCampaigning = (): boolean =>
        gone.running?.status().role.endsWith("candidate") === true;
      await stage.until("the removed member campaigns", isCampaigning);
      // It knows nothing of its removal, and asks those for votes who do.
      reached();
      stage.healLinks();
      await stage.wait(5_000);
      const after = stage.memberOf(await stage.leader()).term;
      stage.expect(after === term, `M3: the removed member moves the term, ${term} to ${after}`);
      stage.expect(gone.running?.member?.isLeader !== true, "M3: the removed member leads");
      gone.retire();
      await ledger.check();
      await operator.check();
    },
  },
  {
    name: "every member is replaced under load",
    rows: ["C24"],
    plan: { workloads: [] },
    script: async (stage, reached) => {
      const operator = new Operator(stage);
      const ledger = new Ledger(stage, "replaced");
      const stop = ledger.load(2);
      let isUnderLoad = true;
      for (const machine of [...stage.world.present]) {
        const before = ledger.acknowledged;
        await operator.addVoter();
        await operator.remove(machine);
        machine.retire();
        await operator.check();
        isUnderLoad &&= ledger.acknowledged > before;
      }
      const list = await operator.list();
      const first = stage.world.cluster.members.map(({ id }) => id);
      stage.expect(!list.some(({ id }) => first.includes(id)), "M3: a removed member is listed");
      stage.expect(list.length === 3, `M4: ${list.length} members of 3`);
      if (isUnderLoad) reached();
      await stop();
      await ledger.check();
    },
  },
];

/** Kills the leader at one of its next effects, again and again, while something is done. */
async function amongDeaths<Result>(
  stage: Stage,
  reached: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const { world, random } = stage;
  const leader = await stage.leader();
  const effect = random.pick(["frame", "frame", "answer"] as const);
  const disarm = world.effects.arm(leader, effect, random.nextInt(30), () => {
    stage.kill(leader);
    reached();
    world.scheduler.schedule(random.between(10, 3_000), () => stage.up(leader));
  });
  const result = await work();
  disarm();
  return result;
}
