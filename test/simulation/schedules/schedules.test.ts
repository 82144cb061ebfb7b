import assert from "node:assert/strict";
import { test } from "node:test";
import { runSchedule } from "./schedule.ts";
import { schedules } from "./schedules.ts";

/** Each schedule is played with so many different chances; more in the long form. */
const seeds = Number(process.env["QUORATE_SEEDS"] ?? "1");

for (const schedule of schedules) {
  test(`${schedule.rows.join(", ")}: ${schedule.name}`, async () => {
    for (let seed = 1n; seed <= seeds; seed += 1n) {
      const { failure, coverage } = await runSchedule(schedule, seed);
      const story = `${failure?.lines.join("\n")}\n${failure?.message}\n${failure?.stack}`;
      assert.ok(failure === undefined, `seed ${seed}\n${story}`);
      const reached = coverage.sometimes.find(([name]) => name === `schedule: ${schedule.name}`);
      assert.ok((reached?.[1] ?? 0) > 0, `seed ${seed}: the schedule does not get there`);
    }
  });
}
