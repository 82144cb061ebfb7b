/** The command line of `npm run sim`. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { drawPlan } from "./plan/draw-plan.ts";
import type { Plan } from "./plan/plan.ts";
import { replay } from "./replay.ts";
import { runSeeds } from "./run-seeds.ts";

const help = `usage: npm run sim -- [options]

Plays whole clusters on virtual time, each from a seed that decides everything.

  --seconds N     fresh seeds for N seconds; default: 60
  --seeds N       N seeds instead of a time
  --first S       first seed; default: drawn, and printed
  --workers N     processes; default: number of cores
  --seed S        replay one seed and tell its story
  --plan FILE     replay a plan that was kept as JSON
  --faults A,B    replay with these kinds of faults alone
  --shrink        with --seed or --plan: look for the smallest plan that fails alike
  --quiet         with --seed or --plan: no story

Exit code: 0 when every promise held, 1 when one was broken, 2 for a bad option.
`;

/** What was asked for cannot be done; the message says why. */
class OptionError extends Error {
  override readonly name = "OptionError";
}

process.exitCode = await main();

async function main(): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        seconds: { type: "string", default: "60" },
        seeds: { type: "string" },
        first: { type: "string" },
        workers: { type: "string", default: String(availableParallelism()) },
        seed: { type: "string" },
        plan: { type: "string" },
        faults: { type: "string" },
        shrink: { type: "boolean", default: false },
        quiet: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
    if (values.help) {
      process.stdout.write(help);
      return 0;
    }
    if (values.seed !== undefined || values.plan !== undefined) {
      const plan = planOf(values.seed, values.plan, values.faults);
      return await replay(plan, { isQuiet: values.quiet, isShrunk: values.shrink });
    }
    return await runSeeds({
      first: values.first === undefined ? drawSeed() : toSeed(values.first),
      seeds: values.seeds === undefined ? Infinity : toNumber("seeds", values.seeds),
      seconds: values.seeds === undefined ? toNumber("seconds", values.seconds) : Infinity,
      workers: toNumber("workers", values.workers),
    });
  } catch (error) {
    if (!(error instanceof OptionError) && !isParseError(error)) throw error;
    console.error(`${error.message}\n\n${help}`);
    return 2;
  }
}

function planOf(
  seed: string | undefined,
  path: string | undefined,
  kinds: string | undefined,
): Plan {
  const plan = path === undefined ? drawPlan(toSeed(seed ?? "")) : readPlan(path);
  if (kinds === undefined) return plan;
  const wanted = new Set(kinds.split(",").map((kind) => kind.trim()));
  return { ...plan, faults: plan.faults.filter(({ kind }) => wanted.has(kind)) };
}

function readPlan(path: string): Plan {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Plan;
  } catch (cause) {
    throw new OptionError(`Cannot read plan "${path}": it is no JSON file of a plan`, { cause });
  }
}

function isParseError(error: unknown): error is Error {
  return error instanceof TypeError && "code" in error;
}

function toSeed(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) {
    throw new OptionError(`Cannot use seed "${text}": a seed is a decimal number below 2^64`);
  }
  return BigInt.asUintN(64, BigInt(text));
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new OptionError(`Cannot use --${name} ${text}: it is a whole number from 1 on`);
  }
  return value;
}

/** Small enough to be typed. */
function drawSeed(): bigint {
  return BigInt(randomBytes(4).readUInt32BE()) * 1_000_000n;
}
