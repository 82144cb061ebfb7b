/** What `npm run sim` can be told. */
import { availableParallelism } from "node:os";
import { CommandLine, OptionError } from "./command-line.ts";
import { focuses, type Focus } from "./plan/focus.ts";
import { faultKinds } from "./plan/parse-plan.ts";
import type { SeedOptions } from "./run-seeds.ts";

/** What was asked for. */
export type Wish =
  | { readonly kind: "help" }
  | { readonly kind: "seeds"; readonly options: Omit<SeedOptions, "first"> & FirstSeed }
  | {
      readonly kind: "replay";
      readonly source: PlanSource;
      /** Kinds of faults that alone remain. @default all */
      readonly faults: readonly string[] | undefined;
      readonly isShrunk: boolean;
      readonly isQuiet: boolean;
      /** Where the smallest plan goes. @default named by the seed */
      readonly outPath: string | undefined;
    };

interface FirstSeed {
  /** Undefined: drawn. */
  readonly first: bigint | undefined;
}

/** Where a plan comes from. */
export type PlanSource =
  | { readonly kind: "seed"; readonly seed: bigint; readonly focus: Focus | undefined }
  | { readonly kind: "file"; readonly path: string };

/** The help text. */
export const help = `usage: npm run sim -- [options]

Plays whole clusters on virtual time, each from a seed that decides everything.

Many seeds:
  --seconds N       fresh seeds for N seconds; those under way are played to their end; default: 60
  --seeds N         N seeds instead of a time
  --first S         first seed; default: drawn, and printed
  --workers N       processes; default: number of cores
  --hang-seconds N  a seed of more than N real seconds hangs: that is a failure; default: 300
  --no-holes        what was never reached or judged is a failure, too: for long runs

One plan:
  --seed S          replay one seed and tell its story
  --plan FILE       replay a plan that was kept as JSON
  --faults A,B      with these kinds of faults alone
  --shrink          look for the smallest plan that fails alike
  --out FILE        with --shrink: where that goes; default: sim-SEED.json
  --quiet           no story

Both:
  --focus NAME      the theme of plans that seeds draw: ${focuses.slice(0, 4).join(", ")},
                    ${focuses.slice(4).join(", ")}

Exit code: 0 when every promise held, 1 when one was broken, a seed came to no end or there are
holes that must not be, 2 for an option or a plan that cannot be used, 129, 130 or 143 when a
signal ended the run before its time.
`;

const ofSeeds = ["seconds", "seeds", "first", "workers", "hang-seconds"];
const flagsOfSeeds = ["no-holes"];
const ofReplay = ["faults", "shrink", "quiet", "out"];

/** Reads what was typed. @throws OptionError for what cannot be done */
export function readWish(texts: readonly string[]): Wish {
  const line = new CommandLine(texts, {
    texts: [...ofSeeds, "seed", "plan", "faults", "focus", "out"],
    flags: ["shrink", "quiet", "help", ...flagsOfSeeds],
  });
  if (line.has("help")) return { kind: "help" };
  line.refuseBeside("seed", ["plan", ...ofSeeds, ...flagsOfSeeds]);
  line.refuseBeside("plan", ["focus", ...ofSeeds, ...flagsOfSeeds]);
  line.refuseBeside("seeds", ["seconds"]);
  for (const name of ofReplay) line.refuseWithout(name, ["seed", "plan"]);
  line.refuseWithout("out", ["shrink"]);
  const source = readSource(line);
  if (source === undefined) return { kind: "seeds", options: readSeedOptions(line) };
  return {
    kind: "replay",
    source,
    faults: readFaults(line),
    isShrunk: line.has("shrink"),
    isQuiet: line.has("quiet"),
    outPath: line.text("out"),
  };
}

function readSource(line: CommandLine): PlanSource | undefined {
  const path = line.text("plan");
  if (path !== undefined) return { kind: "file", path };
  const seed = line.seed("seed");
  if (seed === undefined) return undefined;
  return { kind: "seed", seed, focus: line.oneOf("focus", focuses) };
}

function readSeedOptions(line: CommandLine): Omit<SeedOptions, "first"> & FirstSeed {
  const many = { min: 1, max: 1_000_000_000 };
  const seeds = line.whole("seeds", many);
  const seconds = line.whole("seconds", many) ?? 60;
  return {
    first: line.seed("first"),
    seeds: seeds ?? Infinity,
    seconds: seeds === undefined ? seconds : Infinity,
    workers: line.whole("workers", { min: 1, max: 1_000 }) ?? availableParallelism(),
    hangSeconds: line.whole("hang-seconds", { min: 1, max: 1_000_000 }) ?? 300,
    focus: line.oneOf("focus", focuses),
    mayHaveHoles: !line.has("no-holes"),
  };
}

function readFaults(line: CommandLine): readonly string[] | undefined {
  const kinds = line
    .text("faults")
    ?.split(",")
    .map((kind) => kind.trim());
  const unknown = kinds?.find((kind) => !faultKinds.includes(kind));
  if (unknown === undefined) return kinds;
  const known = faultKinds.join(", ");
  throw new OptionError(`Cannot use --faults "${unknown}": a kind is one of ${known}`);
}
