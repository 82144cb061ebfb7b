import { flipLogBit } from "../faults/log-damage.ts";
import { flipRowBit } from "../faults/store-damage.ts";
import type { Machine } from "../world/machine.ts";
import { dataDirectory } from "../world/process-storage.ts";
import { Ledger } from "./ledger.ts";
import { Operator } from "./operator.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** Disks that come back with less than was promised, or with something else (B6, B7, B16). */
export const forgetfulSchedules: readonly Schedule[] = [
  ...(["entries", "a vote"] as const).map((forgotten): Schedule => {
    return {
      name: `an old copy of a data directory comes back, which has forgotten ${forgotten}`,
      rows: ["C14"],
      script: async (stage, reached) => {
        const ledger = new Ledger(stage, "old copy");
        for (let round = 0; round < 2; round += 1) {
          const leader = await stage.leader();
          const [helper, away] = stage.random.shuffle([...stage.followersOf(leader)]);
          if (helper === undefined || away === undefined) throw new Error("Cannot find followers");
          await ledger.writeMany(stage.client(leader).client, 3);
          await stage.settled();
          const image = helper.files.image();
          if (forgotten === "a vote") await stage.lead(away);
          else {
            // The copy of the helper is what acknowledges.
            stage.isolate(away);
            await ledger.writeMany(stage.client(leader).client, 3);
          }
          stage.kill(helper);
          helper.files.restore(image);
          stage.healLinks();
          await isRefused(stage, helper, /StaleDirectory/, "B16");
          reached();
          await ledger.check();
          await replace(stage, helper);
          await ledger.check();
        }
      },
    };
  }),
  ...(["log", "store"] as const).map((file): Schedule => {
    return {
      name: `a bit of a follower's ${file} flips while it is down`,
      rows: ["C7", "C36"],
      script: async (stage, reached) => {
        const ledger = new Ledger(stage, "flipped bit");
        for (let round = 0; round < 2; round += 1) {
          const leader = await stage.leader();
          const [victim] = stage.random.shuffle([...stage.followersOf(leader)]);
          if (victim === undefined) throw new Error("Cannot find a follower");
          await ledger.writeMany(stage.client(leader).client, 10);
          await stage.settled();
          // What was written last has witnesses, and is in the store's file.
          await stage.wait(500);
          await ledger.writeMany(stage.client(leader).client, 3);
          stage.kill(victim);
          const place = stage.random.nextFloat();
          const flipped =
            file === "log"
              ? flipLogBit(victim.files, `${dataDirectory}/member/wal`, place)
              : flipRowBit(victim.files, `${dataDirectory}/member/snap/db`, place);
          stage.expect(flipped !== undefined, "schedule: there is nothing to flip");
          if (file === "log") await isRefused(stage, victim, /Wal/, "B6");
          else await isRefused(stage, victim, /StoreCorrupt/, "B7");
          reached();
          await replace(stage, victim);
          await ledger.check();
        }
      },
    };
  }),
  {
    name: "the name of a new log file cannot be made durable, and the power goes",
    rows: ["C35", "C36"],
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "name");
      for (let round = 0; round < 3; round += 1) {
        const leader = await stage.leader();
        const excused = leader.disk.excuse({ errno: "EIO" });
        const { process } = leader;
        leader.disk.arm({
          matches: ({ kind, path }) => kind === "sync-directory" && path.includes("/wal"),
          countdown: 0,
          strike: () => ({ kind: "error", errno: "EIO" }),
        });
        let writes = 0;
        const client = stage.client(leader).client;
        while (leader.process === process && writes < 200) {
          writes += 1;
          await ledger.write(client, 1_000, 1_000);
        }
        stage.expect(leader.process !== process, "B3: it goes on with a name that is not durable");
        reached();
        excused();
        stage.powerOff(leader, "drop-all");
        stage.up(leader);
        await stage.settled();
        await ledger.check();
      }
    },
  },
];

/** A machine that must not be believed starts again, and refuses to go on. */
async function isRefused(
  stage: Stage,
  machine: Machine,
  why: RegExp,
  promise: string,
): Promise<void> {
  machine.isDoubtful = true;
  stage.world.truth.forgetful.add(machine.memberId);
  stage.up(machine);
  await stage.until(`${machine.name} refuses`, () => machine.isRefused, 15_000, promise);
  const refusal = machine.refusal ?? "";
  stage.expect(why.test(refusal), `${promise}: ${machine.name} refuses by ${refusal}`);
}

/** Another member comes in its place, as operators are told to do. */
async function replace(stage: Stage, machine: Machine): Promise<void> {
  const operator = new Operator(stage);
  await operator.remove(machine);
  machine.retire();
  await operator.addVoter();
  await operator.check();
}
