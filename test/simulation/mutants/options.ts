/** What `npm run mutants` can be told. */
import { availableParallelism } from "node:os";
import { CommandLine, OptionError } from "../command-line.ts";
import { focuses } from "../plan/focus.ts";
import type { Budget } from "./find-catcher.ts";
import type { Mutant } from "./mutant.ts";
import { mutants } from "./mutants.ts";
import type { Play } from "./play.ts";
import { foundBySeedsAlone } from "./quick.ts";

/** What was asked for. */
export type Wish =
  | { readonly kind: "help" }
  | { readonly kind: "list"; readonly wanted: readonly Mutant[] }
  | { readonly kind: "replay"; readonly mutant: Mutant; readonly play: Play }
  | {
      readonly kind: "search";
      readonly wanted: readonly Mutant[];
      readonly budget: Budget;
      readonly workers: number;
    };

/** The help text. */
export const help = `usage: npm run mutants -- [options] [NAME ...]

Plants one bug at a time and lets the simulator look for it: schedules of its row first, then seeds.
Each must be found, by something that holds without it.

  --quick           schedules alone, and only for bugs that they find: a few minutes
  --seeds N         most seeds for one bug; default: 5000
  --seconds N       longest time for one bug; default: 300
  --hang-seconds N  a play of more than N real seconds hangs, and has found the bug; default: 300
  --workers N       bugs at once; default: number of cores
  --list            print the bugs and look for none

  --replay NAME     plant one bug, play once and tell the story
  --seed S          with --replay: its seed; default: 1
  --focus THEME     with --replay: the theme of the plan
  --schedule TITLE  with --replay: a schedule instead of a plan

Exit code: 0 when all were found, 1 when one was not (or a replay broke a promise), 2 for an option
that cannot be used, 129, 130 or 143 when a signal ended the run before its time.
`;

const ofSearch = ["quick", "seeds", "seconds", "hang-seconds", "workers"];
const ofReplay = ["seed", "focus", "schedule"];

/** Reads what was typed. @throws OptionError for what cannot be done */
export function readWish(texts: readonly string[]): Wish {
  const line = new CommandLine(texts, {
    texts: ["seeds", "seconds", "hang-seconds", "workers", "replay", ...ofReplay],
    flags: ["quick", "list", "help"],
    hasWords: true,
  });
  if (line.has("help")) return { kind: "help" };
  line.refuseBeside("replay", ["list", ...ofSearch]);
  line.refuseBeside("list", ofSearch.slice(1));
  line.refuseBeside("quick", ["seeds", "seconds"]);
  line.refuseBeside("schedule", ["focus"]);
  for (const name of ofReplay) line.refuseWithout(name, ["replay"]);
  const name = line.text("replay");
  if (name !== undefined) return readReplay(line, name);
  const wanted = readWanted(line);
  if (line.has("list")) return { kind: "list", wanted };
  const isQuick = line.has("quick");
  const many = { min: 1, max: 1_000_000 };
  const budget = {
    seeds: isQuick ? 0 : (line.whole("seeds", many) ?? 5_000),
    seconds: line.whole("seconds", many) ?? 300,
    hangSeconds: line.whole("hang-seconds", many) ?? 300,
  };
  const workers = line.whole("workers", { min: 1, max: 1_000 }) ?? availableParallelism();
  return { kind: "search", wanted, budget, workers };
}

function readReplay(line: CommandLine, name: string): Wish {
  if (line.words.length > 0) {
    throw new OptionError(`Cannot use "${line.words.join(" ")}" with --replay: it plants one bug`);
  }
  const play: Play = {
    seed: (line.seed("seed") ?? 1n).toString(),
    focus: line.oneOf("focus", focuses),
    schedule: line.text("schedule"),
  };
  return { kind: "replay", mutant: mutantOf(name), play };
}

function readWanted(line: CommandLine): readonly Mutant[] {
  const named = new Set(line.words.map(mutantOf));
  const asked = named.size === 0 ? mutants : mutants.filter((mutant) => named.has(mutant));
  if (!line.has("quick")) return asked;
  const wanted = asked.filter(({ name }) => !foundBySeedsAlone.has(name));
  if (wanted.length > 0) return wanted;
  throw new OptionError(
    `Cannot look for ${line.words.join(", ")} with --quick: only seeds find it`,
  );
}

function mutantOf(name: string): Mutant {
  const found = mutants.find((mutant) => mutant.name === name);
  if (found !== undefined) return found;
  throw new OptionError(`Cannot find bug "${name}": --list shows what there is`);
}
