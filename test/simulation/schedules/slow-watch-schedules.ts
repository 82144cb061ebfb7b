import { RawWatchers, watchedPrefix } from "./raw-watchers.ts";
import { plainPlan, type Schedule } from "./schedule.ts";

/** What a connection takes before the member has to wait, and some more. */
const changesMin = 40;
const valueBytes = 4_000;

/** Watchers whose client takes what it is told only now and then (W11). */
export const slowWatchSchedules: readonly Schedule[] = [
  {
    name: "a stream takes nothing for a while, again and again, and misses nothing",
    rows: ["C40"],
    plan: { workloads: [], machine: { ...plainPlan(1n).machine, watchBufferBytes: 500 } },
    script: async (stage, reached) => {
      const machine = await stage.leader();
      const slow = await RawWatchers.open(stage, machine);
      const logs = [await slow.created(), await slow.created({ key: `${watchedPrefix}3` })];
      const link = stage.world.clients.link(slow.clientName, machine.address);
      const value = "".padEnd(valueBytes, ".");
      for (let round = 0; round < 5; round += 1) {
        link.cut("to-client");
        const count = changesMin + stage.random.nextInt(20);
        let last = 0;
        for (let i = 0; i < count; i += 1) {
          ({ revision: last } = await stage.anyone.put(`${watchedPrefix}${i % 8}`, value));
        }
        if (logs.every(({ nextRevision }) => nextRevision <= last)) reached();
        link.heal();
        // Nothing is written meanwhile that could wake them.
        await slow.cover(last);
        slow.judge();
      }
      slow.close();
    },
  },
];
