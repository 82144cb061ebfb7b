import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { drawPlan } from "./plan/draw-plan.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

function sim(...options: readonly string[]): {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
} {
  const flags = ["--conditions=@quorate/source", "--import", "tsx", main, ...options];
  const run = spawnSync(process.execPath, flags, { encoding: "utf8", timeout: 120_000 });
  return { code: run.status, output: run.stdout, errors: run.stderr };
}

test("seeds end with one line: seeds, events, time, faults, promises, failures", () => {
  const { code, output } = sim("--seeds", "3", "--first", "1", "--workers", "1");
  assert.equal(code, 0, output);
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  assert.match(last, /^3 seeds, \d+ events \(\d+\/s\), [\d.]+ virtual hours in \d+ s, 0 failures/);
  assert.match(last, /faults: .* \| promises checked: .*P1 \d+/);
});

// As `npm run sim -- --seconds 30` and `npm run sim -- --seconds 5`, in less time.
test("a time ends a run", () => {
  const { code, output } = sim("--seconds", "1", "--workers", "1");
  assert.equal(code, 0, output);
  assert.match(output, /[1-9]\d* seeds, /);
});

// This is `npm run sim -- --seed 7`.
test("a replay prints its plan, its story and its trace, which a second one repeats", () => {
  const [one, other] = [sim("--seed", "7"), sim("--seed", "7")];
  assert.equal(one.code, 0, one.output);
  assert.match(one.output, /"seed": "7"/);
  assert.match(one.output, /m1 starts, life 1/);
  assert.match(one.output, /trace [0-9a-f]{8}, every promise held/);
  assert.equal(other.output, one.output);
});

test("a plan that was kept is replayed", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "quorate-sim-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "plan.json");
  writeFileSync(path, JSON.stringify(drawPlan(7n)));
  const { code, output } = sim("--plan", path, "--quiet");
  assert.equal(code, 0, output);
  assert.match(output, /^seed 7: /);
});

for (const [options, problem] of [
  [["--seed", "x"], 'Cannot use seed "x": a seed is a decimal number below 2^64'],
  [["--seconds", "0"], "Cannot use --seconds 0: it is a whole number from 1 on"],
  [["--plan", "/nowhere.json"], 'Cannot read plan "/nowhere.json"'],
  [["--speed"], "Unknown option '--speed'"],
] as const) {
  test(`${options.join(" ")} is refused with a sentence`, () => {
    const { code, errors } = sim(...options);
    assert.equal(code, 2, errors);
    assert.ok(errors.includes(problem), errors);
  });
}
