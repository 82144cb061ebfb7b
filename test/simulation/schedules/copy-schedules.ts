import type { Client } from "@quorate/client";
import type { Machine } from "../world/machine.ts";
import { holdSyncs } from "./disks.ts";
import { Ledger } from "./ledger.ts";
import { Operator } from "./operator.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** Copies of an entry that do not count for its majority. */
export const copySchedules: readonly Schedule[] = [
  {
    name: "the leader's own copy is not on its disk, and a majority needs it",
    rows: ["C5"],
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "own copy");
      for (let round = 0; round < 3; round += 1) {
        const { leader, helper, away, client } = await cast(stage);
        await ledger.writeMany(client, 3);
        stage.isolate(away);
        const loosen = holdSyncs(leader, 3_000);
        const before = ledger.acknowledged;
        const late = ledger.writeMany(client, 1);
        await stage.wait(stage.random.between(100, 600));
        reached();
        stage.expect(ledger.acknowledged === before, "P4: acknowledged by one durable copy");
        loosen();
        stage.powerOff(leader, "drop-all");
        stage.healLinks();
        stage.powerOff(helper, "drop-all");
        stage.up(leader, helper);
        await late;
        await stage.settled();
        await ledger.check();
      }
    },
  },
  {
    name: "a process is killed with its log in the cache, and the power goes after its restart",
    rows: ["C8"],
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "cache");
      for (let round = 0; round < 3; round += 1) {
        const { leader, helper, away, client } = await cast(stage);
        await ledger.writeMany(client, 3);
        stage.powerOff(away);
        const loosen = holdSyncs(helper, 5_000);
        const written = ledger.writeMany(client, 3);
        await stage.wait(300);
        stage.kill(helper);
        loosen();
        stage.up(helper);
        // Now it takes what it reads for its own, and says so.
        const acknowledged = await written;
        if (acknowledged > 0) reached();
        stage.powerOff(leader, "drop-all");
        stage.powerOff(helper, "drop-all");
        stage.up(helper, away);
        await stage.leader();
        await ledger.check(stage.client(helper, away).client);
        stage.up(leader);
        await stage.settled();
      }
    },
  },
  {
    name: "a learner has an entry that one voter of two has not",
    rows: ["C20"],
    plan: { members: 2, workloads: [] },
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "learner");
      const operator = new Operator(stage);
      const learner = await operator.add();
      await stage.until("the learner runs", () => learner.running !== undefined);
      for (let round = 0; round < 3; round += 1) {
        const leader = await stage.leader();
        const client = stage.client(leader).client;
        await ledger.writeMany(client, 3);
        await stage.settled();
        const [other] = stage.followersOf(leader).filter((one) => one !== learner);
        if (other === undefined) throw new Error("Cannot find the other voter");
        stage.powerOff(other);
        const isAcknowledged = await ledger.write(client, 900);
        stage.expect(!isAcknowledged, "P4: a learner's copy counts for a majority");
        const indexOf = (machine: typeof leader): number =>
          machine.running?.status().log.lastIndex ?? 0;
        if (indexOf(learner) >= indexOf(leader)) reached();
        stage.up(other);
        await stage.settled();
      }
      await ledger.check();
    },
  },
];

/** Who plays what in a cluster of three. */
interface Cast {
  readonly leader: Machine;
  readonly helper: Machine;
  readonly away: Machine;
  /** Of the leader alone. */
  readonly client: Client;
}

async function cast(stage: Stage): Promise<Cast> {
  const leader = await stage.leader();
  const [helper, away] = stage.random.shuffle([...stage.followersOf(leader)]);
  if (helper === undefined || away === undefined) throw new Error("Cannot find followers");
  return { leader, helper, away, client: stage.client(leader).client };
}
