/** The command line of `npm run sim`. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { OptionError } from "./command-line.ts";
import { help, readWish, type PlanSource, type Wish } from "./options.ts";
import { drawPlan } from "./plan/draw-plan.ts";
import { PlanError, toPlan } from "./plan/parse-plan.ts";
import type { Plan } from "./plan/plan.ts";
import { replay } from "./replay.ts";
import { runSeeds } from "./run-seeds.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    return await fulfil(readWish(process.argv.slice(2)));
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    console.error(error.message);
    return 2;
  }
}

async function fulfil(wish: Wish): Promise<number> {
  switch (wish.kind) {
    case "help":
      process.stdout.write(help);
      return 0;
    case "seeds":
      return await runSeeds({ ...wish.options, first: wish.options.first ?? drawSeed() });
    case "replay":
      return await replayOne(wish);
  }
}

async function replayOne(wish: Extract<Wish, { readonly kind: "replay" }>): Promise<number> {
  const plan = planOf(wish.source);
  const { faults, isQuiet, isShrunk, outPath } = wish;
  const narrow = (wanted: readonly string[]): Plan["faults"] =>
    plan.faults.filter(({ kind }) => wanted.includes(kind));
  const narrowed = faults === undefined ? plan : { ...plan, faults: narrow(faults) };
  const code = await replay(narrowed, { isQuiet, isShrunk, outPath });
  if (code === 0 && isShrunk) console.log("Nothing to shrink: every promise held.");
  return code;
}

function planOf(source: PlanSource): Plan {
  if (source.kind === "seed") return drawPlan(source.seed, source.focus);
  try {
    return toPlan(JSON.parse(readFileSync(source.path, "utf8")));
  } catch (cause) {
    const why = cause instanceof PlanError ? cause.message : "it is no JSON file that can be read";
    throw new OptionError(`Cannot use plan "${source.path}": ${why}`, { cause });
  }
}

/** Small enough to be typed. */
function drawSeed(): bigint {
  return BigInt(randomBytes(4).readUInt32BE()) * 1_000_000n;
}
