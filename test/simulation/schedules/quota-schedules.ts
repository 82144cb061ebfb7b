import { AlarmRequestAlarmAction, AlarmType } from "@quorate/api";
import type { Client } from "@quorate/client";
import { attempt } from "../workloads/pacing.ts";
import { Ledger } from "./ledger.ts";
import { plainPlan, type Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

const quotaBytes = 400_000;
const prefix = "full/";

/** Stores that are as large as they may become (B5). */
export const quotaSchedules: readonly Schedule[] = [
  {
    name: "the quota is reached, a leader falls, and operators make space (B5)",
    rows: [],
    plan: { machine: { ...plainPlan(0n).machine, quotaBytes } },
    script: async (stage, reached) => {
      const client = stage.anyone;
      const ledger = new Ledger(stage, "quota");
      for (let round = 0; round < 2; round += 1) {
        await ledger.writeMany(client, 3);
        await fill(stage, client);
        reached();
        // Whoever leads: all have the alarm, and what makes space goes on.
        const leader = await stage.leader();
        stage.powerOff(leader, "drop-all");
        stage.up(leader);
        await stage.settled();
        stage.expect(!(await isWritten(client)), "B5: a write passes the alarm");
        await stage.insist("deleting", () => client.delete(`${prefix}0`));
        await ledger.check();
        await makeSpace(stage, client);
        await stage.until("the alarm ends", () => !isRaised(stage));
        await stage.insist("writing again", () => client.put(`${prefix}0`, "again"));
        await ledger.check();
      }
    },
  },
];

/** Writes until there is no more space, and all know it. */
async function fill(stage: Stage, client: Client): Promise<void> {
  const value = "x".repeat(2_000);
  let code = "";
  for (let i = 0; code !== "no-space"; i += 1) {
    stage.expect(i * value.length < 4 * quotaBytes, "B5: the store grows beyond its quota");
    const written = await attempt(() => client.put(`${prefix}${i % 5}`, value));
    code = written.kind === "failed" ? written.error.code : "";
  }
  await stage.until("everybody has the alarm", () => isRaised(stage), 10_000, "B5");
}

async function isWritten(client: Client): Promise<boolean> {
  const { kind } = await attempt(() => client.put(`${prefix}small`, "x"));
  return kind === "done";
}

/** What operators are told to do: compact, defragment every member, then end the alarm. */
async function makeSpace(stage: Stage, client: Client): Promise<void> {
  const { maintenance } = client;
  const { revision } = await stage.insist("reading", () => client.range({ prefix }));
  await stage.insist("compacting", () => client.compact(revision, { physical: true }));
  for (const { address } of stage.world.present) {
    const endpoint = client.endpoints.find((each) => each.includes(address));
    stage.expect(endpoint !== undefined, `schedule: no endpoint for ${address}`);
    if (endpoint === undefined) continue;
    await stage.insist(`defragmenting ${address}`, () => maintenance.defragment({}, { endpoint }));
  }
  const ask = { action: AlarmRequestAlarmAction.GET, memberId: 0n, alarm: AlarmType.NONE };
  const { alarms } = await stage.insist("listing alarms", () => maintenance.alarm(ask));
  for (const { memberId } of alarms) {
    const action = AlarmRequestAlarmAction.DEACTIVATE;
    const end = { action, memberId, alarm: AlarmType.NOSPACE };
    await stage.insist("ending the alarm", () => maintenance.alarm(end));
  }
}

function isRaised({ world }: Stage): boolean {
  return world.present.every(
    ({ running }) => running?.state.alarms.isRaised(AlarmType.NOSPACE) === true,
  );
}
