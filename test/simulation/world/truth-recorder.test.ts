import assert from "node:assert/strict";
import { test } from "node:test";
import { runSchedule } from "../schedules/schedule.ts";

test("TruthRecorder: every compaction of an entry is noted, not the last alone (P9)", async () => {
  let compacted: readonly number[] = [];
  const { failure } = await runSchedule(
    {
      name: "three compactions at once",
      rows: [],
      plan: { workloads: [] },
      script: async ({ anyone, world }) => {
        for (let count = 0; count < 20; count += 1) await anyone.put("key", `${count}`);
        await Promise.all([5, 9, 12].map((revision) => anyone.compact(revision)));
        compacted = world.truth.compactions.map(({ revision }) => revision);
      },
    },
    1n,
  );
  assert.equal(failure, undefined, `${failure?.message}\n${failure?.stack}`);
  assert.deepEqual(compacted, [5, 9, 12]);
});
