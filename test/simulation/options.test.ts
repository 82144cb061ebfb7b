import assert from "node:assert/strict";
import { test } from "node:test";
import { OptionError } from "./command-line.ts";
import { help, readWish } from "./options.ts";

test("readWish reads seeds, with 60 seconds when nothing is said", () => {
  const wish = readWish(["--first", "9", "--workers=3"]);
  assert.ok(wish.kind === "seeds");
  const { first, seeds, seconds, workers, hangSeconds } = wish.options;
  assert.deepEqual(
    { first, seeds, seconds, workers, hangSeconds },
    { first: 9n, seeds: Infinity, seconds: 60, workers: 3, hangSeconds: 300 },
  );
  const counted = readWish(["--seeds", "5", "--focus", "reads"]);
  assert.ok(counted.kind === "seeds");
  assert.equal(counted.options.seconds, Infinity);
  assert.equal(counted.options.focus, "reads");
  assert.equal(counted.options.mayHaveHoles, true);
  const whole = readWish(["--seeds", "5", "--no-holes"]);
  assert.ok(whole.kind === "seeds" && !whole.options.mayHaveHoles);
});

test("readWish reads a replay", () => {
  assert.deepEqual(readWish(["--seed", "7", "--focus", "elections", "--faults", "pause, crash"]), {
    kind: "replay",
    source: { kind: "seed", seed: 7n, focus: "elections" },
    faults: ["pause", "crash"],
    isShrunk: false,
    isQuiet: false,
    outPath: undefined,
  });
  const last = readWish(["--seed", String(2n ** 64n - 1n)]);
  assert.ok(last.kind === "replay" && last.source.kind === "seed");
  assert.equal(last.source.seed, 2n ** 64n - 1n);
});

test("the help names every option", () => {
  assert.deepEqual(readWish(["--seed", "x", "--help"]), { kind: "help" });
  const many = ["seconds", "seeds", "first", "workers", "hang-seconds", "no-holes"];
  for (const name of [...many, "seed", "plan", "faults", "shrink", "quiet", "out", "focus"]) {
    assert.ok(help.includes(`  --${name} `), name);
  }
});

for (const [typed, problem] of [
  ["--seed x", "Cannot use --seed x: a seed is a decimal number below 2^64"],
  ["--seed -1", "Cannot use --seed -1: a seed"],
  ["--first -1", "Cannot use --first -1: a seed"],
  [`--seed ${2n ** 64n}`, "Cannot use --seed 18446744073709551616: a seed"],
  ["--seed 99999999999999999999", "Cannot use --seed 99999999999999999999: a seed"],
  ["--seed", "Cannot use --seed: its value is missing"],
  ["--seed --quiet", "Cannot use --seed: its value is missing"],
  ["--seed 1 --seed 2", "Cannot use --seed twice"],
  ["--seed 1 --plan x.json", "Cannot use --plan with --seed"],
  ["--seed 1 --no-holes", "Cannot use --no-holes with --seed"],
  ["--seed 1 --seconds 5", "Cannot use --seconds with --seed"],
  ["--plan x.json --workers 2", "Cannot use --workers with --plan"],
  ["--plan x.json --focus reads", "Cannot use --focus with --plan"],
  ["--seeds 5 --seconds 5", "Cannot use --seconds with --seeds"],
  ["--seed 1 --out x.json", "Cannot use --out alone: it belongs to --shrink"],
  ["--shrink", "Cannot use --shrink alone: it belongs to --seed or --plan"],
  ["--quiet --seconds 5", "Cannot use --quiet alone: it belongs to --seed or --plan"],
  ["--faults crash", "Cannot use --faults alone: it belongs to --seed or --plan"],
  ["--seed 1 --faults nosuch", /^Cannot use --faults "nosuch": a kind is one of crash, .* wipe/],
  ["--seed 1 --focus nosuch", /^Cannot use --focus nosuch: it is one of membership, /],
  ["--seconds 0", "Cannot use --seconds 0: it is a whole number from 1 to 1000000000"],
  ["--seconds -1", "Cannot use --seconds -1: it is a whole number"],
  ["--seconds 1.5", "Cannot use --seconds 1.5: it is a whole number"],
  ["--seeds NaN", "Cannot use --seeds NaN: it is a whole number"],
  ["--seeds=", "Cannot use --seeds : it is a whole number"],
  ["--workers 0", "Cannot use --workers 0: it is a whole number from 1 to 1000"],
  ["--hang-seconds 0", "Cannot use --hang-seconds 0: it is a whole number"],
  ["--speed", 'Unknown option "--speed"'],
  ["--quiet=yes --seed 1", 'Cannot use "--quiet=yes": --quiet takes no value'],
  ["7", 'Cannot use "7": it belongs to no option'],
] as const) {
  test(`"${typed}" is refused with a sentence`, () => {
    assert.throws(
      () => readWish(typed.split(" ")),
      (error) => {
        assert.ok(error instanceof OptionError, String(error));
        if (typeof problem === "string")
          assert.ok(error.message.startsWith(problem), error.message);
        else assert.match(error.message, problem);
        assert.ok(!error.message.includes("\n"));
        return true;
      },
    );
  });
}
