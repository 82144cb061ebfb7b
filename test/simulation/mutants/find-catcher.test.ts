import assert from "node:assert/strict";
import { test } from "node:test";
import { CatcherSearch, replayMutant, type Catch } from "./find-catcher.ts";
import type { Mutant } from "./mutant.ts";
import { mutants } from "./mutants.ts";
import { commandOf } from "./play.ts";

/** A bug in the search itself, of no row that has a schedule. */
function planted(replace: string): Mutant {
  const file = "test/simulation/mutants/worker.ts";
  const find = "const seed = BigInt(play.seed);";
  return { name: "planted", fault: "fails", row: "none", file, find, replace };
}

function find(mutant: Mutant, hangSeconds: number): Promise<Catch> {
  return new CatcherSearch({ seeds: 1, seconds: 60, hangSeconds }).find(mutant);
}

test("a bug is caught by a schedule of its row", async () => {
  const mutant = mutants.find(({ name }) => name === "vote-too-soon");
  assert.ok(mutant !== undefined);
  const found = await find(mutant, 120);
  assert.ok(found.kind === "caught", JSON.stringify(found));
  assert.equal(found.checker, "D8");
  const command = commandOf(mutant.name, found.play);
  assert.match(command, /^npm run mutants -- --replay vote-too-soon --schedule '.*' --seed 1$/);
});

test("a play without an end has caught a bug", async () => {
  const found = await find(planted("for (;;);"), 20);
  assert.deepEqual(found, {
    ...{ kind: "caught", checker: "hang", plays: 1 },
    play: { seed: "1" },
  });
});

test("what changes nothing survives", async () => {
  const found = await find(planted("const seed = BigInt(String(play.seed));"), 120);
  assert.deepEqual(found, { kind: "survived", plays: 1 });
});

test("a process that ends without a result has caught nothing", async () => {
  const found = await find(planted("process.exit(7);"), 120);
  assert.ok(found.kind === "unclear", JSON.stringify(found));
  assert.match(found.why, /^its process ended with code 7 without a result/);
});

test("a replay ends, with code 1 where a promise is broken", { timeout: 120_000 }, async () => {
  const nothing = planted("const seed = BigInt(String(play.seed));");
  assert.equal(await replayMutant(nothing, { seed: "1" }), 0);
  const broken = planted('if (play.seed === "1") process.exit(1); const seed = 2n;');
  assert.equal(await replayMutant(broken, { seed: "1" }), 1);
});
