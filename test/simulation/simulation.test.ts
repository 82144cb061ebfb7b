import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { drawPlan } from "./plan/draw-plan.ts";
import { runPlan, type RunResult } from "./run-plan.ts";

const fixedSeeds = Array.from({ length: 12 }, (_, i) => BigInt(i + 1));

function assertHeld(seed: bigint, { failure }: RunResult): void {
  const story = failure?.lines.join("\n") ?? "";
  const message = `${story}\n${failure?.message}\n${failure?.stack}\nnpm run sim -- --seed ${seed}`;
  assert.ok(failure === undefined, message);
}

test("every promise holds in clusters that the first seeds draw", async () => {
  for (const seed of fixedSeeds) assertHeld(seed, await runPlan(drawPlan(seed)));
});

test("seeds that have failed once hold", async () => {
  const text = readFileSync(new URL("seeds.txt", import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => /^\d/.test(line));
  for (const line of lines) {
    const seed = BigInt(line.split(" ", 1)[0] ?? "");
    assertHeld(seed, await runPlan(drawPlan(seed)));
  }
});

test("a seed tells the same story each time (D2)", async () => {
  const plan = drawPlan(7n);
  const one = await runPlan(plan);
  const other = await runPlan(plan);
  assert.equal(other.traceHash, one.traceHash);
  assert.notEqual((await runPlan(drawPlan(8n))).traceHash, one.traceHash);
});
