import assert from "node:assert/strict";
import { test } from "node:test";
import { OptionError } from "../command-line.ts";
import { mutants } from "./mutants.ts";
import { help, readWish } from "./options.ts";
import { foundBySeedsAlone } from "./quick.ts";

test("readWish looks for all bugs when none is named", () => {
  const wish = readWish([]);
  assert.ok(wish.kind === "search");
  assert.equal(wish.wanted.length, mutants.length);
  assert.deepEqual(wish.budget, { seeds: 5_000, seconds: 300, hangSeconds: 300 });
});

test("readWish leaves out what only seeds find when it must be quick", () => {
  for (const name of foundBySeedsAlone) {
    assert.ok(
      mutants.some((mutant) => mutant.name === name),
      `${name} is a bug`,
    );
  }
  const wish = readWish(["--quick"]);
  assert.ok(wish.kind === "search");
  assert.equal(wish.budget.seeds, 0);
  assert.equal(wish.wanted.length, mutants.length - foundBySeedsAlone.size);
  assert.ok(wish.wanted.length >= 30, "D13 asks for 30 bugs");
});

test("readWish reads a replay", () => {
  const wish = readWish(["--replay", "vote-too-soon", "--seed", "3", "--focus", "elections"]);
  assert.ok(wish.kind === "replay");
  assert.equal(wish.mutant.name, "vote-too-soon");
  assert.deepEqual(wish.play, { seed: "3", focus: "elections", schedule: undefined });
});

test("the help names every option", () => {
  const search = ["quick", "seeds", "seconds", "hang-seconds", "workers", "list"];
  for (const name of [...search, "replay", "seed", "focus", "schedule"]) {
    assert.ok(help.includes(`  --${name} `), name);
  }
});

for (const [typed, problem] of [
  ["nosuch", 'Cannot find bug "nosuch": --list shows what there is'],
  ["--workers 0", "Cannot use --workers 0: it is a whole number from 1 to 1000"],
  ["--seeds x", "Cannot use --seeds x: it is a whole number"],
  ["--seeds -1", "Cannot use --seeds -1: it is a whole number"],
  ["--seeds 0", "Cannot use --seeds 0: it is a whole number"],
  ["--seconds NaN", "Cannot use --seconds NaN: it is a whole number"],
  ["--speed", 'Unknown option "--speed"'],
  ["-1", 'Cannot use "-1": it belongs to no option'],
  ["--quick --seeds 3", "Cannot use --seeds with --quick"],
  ["--quick commit-old-term", "Cannot look for commit-old-term with --quick: only seeds find it"],
  ["--list --workers 2", "Cannot use --workers with --list"],
  ["--seed 3", "Cannot use --seed alone: it belongs to --replay"],
  ["--replay nosuch", 'Cannot find bug "nosuch"'],
  ["--replay vote-too-soon commit-old-term", 'Cannot use "commit-old-term" with --replay'],
  ["--replay vote-too-soon --seeds 5", "Cannot use --seeds with --replay"],
  ["--replay vote-too-soon --focus x", "Cannot use --focus x: it is one of membership"],
] as const) {
  test(`"${typed}" is refused with a sentence`, () => {
    assert.throws(
      () => readWish(typed.split(" ")),
      (error) => {
        assert.ok(error instanceof OptionError, String(error));
        assert.ok(error.message.startsWith(problem), error.message);
        return true;
      },
    );
  });
}
