import assert from "node:assert/strict";
import { test } from "node:test";
import { plainSettings } from "../plan/plain-plan.ts";
import type { Plan } from "../plan/plan.ts";
import { runPlan, type RunOptions } from "../run-plan.ts";
import { Story } from "./story.ts";

const plan: Plan = {
  ...plainSettings,
  seed: "1",
  members: 3,
  workloads: [{ kind: "register", name: "register" }],
  faults: [],
  faultyMillis: 0,
};

/** The lines of a run that a crash of m1's power ends, with what it has lost. */
async function linesOf(options: RunOptions): Promise<readonly string[]> {
  const { failure } = await runPlan(plan, {
    ...options,
    script: async (stage) => {
      await stage.settled();
      await stage.wait(300);
      throw new Error("it ends here");
    },
  });
  return failure?.lines ?? [];
}

test("members have one name in all lines, however their ids are written", () => {
  const lines: string[] = [];
  const story = new Story(() => 12.3456, { linesMax: 10, onLine: (line) => lines.push(line) });
  story.call(0x7a86a17fd3d73d09n, "m1");
  story.logger("m2").info("leader changed", { to: "7a86a17fd3d73d09" });
  story.tell("FAILS: 8828921689893453065 applies 199");
  assert.deepEqual(lines, [
    "      12.346 m2         info leader changed to=m1",
    "      12.346 world      FAILS: m1 applies 199",
  ]);
  assert.equal(story.named("8828921689893453065 and 1234567890"), "m1 and 1234567890");
});

test("lines and details come in order, the newest of both", () => {
  const told: string[] = [];
  const story = new Story(() => 1, { linesMax: 2, onLine: (line) => told.push(line) });
  for (const name of ["a", "b", "c"]) {
    story.tell(name);
    story.detail("m1", `${name} in detail`);
  }
  const ends = story.lines.map((line) => line.slice(24));
  assert.deepEqual(ends, ["b", "b in detail", "c", "c in detail"]);
  assert.equal(told.length, 3);
});

test("a failure is told with calls, frames and writes where that was asked for", async () => {
  const lines = (await linesOf({ isDetailed: true, linesMax: 2_000 })).join("\n");
  assert.match(lines, /m\d +leads term 2/);
  assert.match(lines, /m\d +-> m\d append behind \d+ of term \d+: entry \d+ of term 2/);
  assert.match(lines, /m\d +-> m\d holds the log to \d+, term 2/);
  assert.match(lines, /m\d +writes entry \d+ of term 2/);
  assert.match(lines, /m\d +syncs wal\/0-1.wal; safe now: entry \d+ of term 2/);
  assert.match(lines, /m\d +applies \d+ of term 2, revision \d+: put key=register\/\d/);
  assert.match(lines, /register\/c\d -> m\d #\d+ Put key=register\/\d value=c\d-\d/);
  assert.match(lines, /register\/c\d <- m\d #\d+ Put at revision \d+/);
  assert.match(lines, /world +FAILS: it ends here$/);
});

test("without being asked a run keeps no details", async () => {
  const lines = (await linesOf({})).join("\n");
  assert.match(lines, /m1 +starts, life 1/);
  assert.doesNotMatch(lines, /append behind|writes entry|-> m/);
});
