import assert from "node:assert/strict";
import { test } from "node:test";
import { runSchedule, type Schedule } from "./schedule.ts";

/** Each schedule is played with so many different chances; more in the long form. */
const seeds = Number(process.env["QUORATE_SEEDS"] ?? "1");

/** Makes a test of each schedule: nothing fails, and it gets to where the bug would strike. */
export function play(schedules: readonly Schedule[]): void {
  for (const schedule of schedules) {
    test(`${schedule.rows.join(", ")}: ${schedule.name}`, async () => {
      for (let seed = 1n; seed <= seeds; seed += 1n) await playOnce(schedule, seed);
    });
  }
}

async function playOnce(schedule: Schedule, seed: bigint): Promise<void> {
  const { failure, coverage } = await runSchedule(schedule, seed);
  const story = `${failure?.lines.join("\n")}\n${failure?.message}\n${failure?.stack}`;
  assert.ok(failure === undefined, `seed ${seed}\n${story}`);
  const reached = coverage.sometimes.find(([name]) => name === `schedule: ${schedule.name}`);
  assert.ok((reached?.[1] ?? 0) > 0, `seed ${seed}: the schedule does not get there`);
}
