/** The command line of `npm run mutants`. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { findCatcher, type Catch } from "./find-catcher.ts";
import type { Mutant } from "./mutant.ts";
import { mutants } from "./mutants.ts";

const help = `usage: npm run mutants -- [options] [NAME ...]

Plants one bug at a time and lets the simulator look for it. Each must be found.

  --seeds N       most seeds for one bug; default: 5000
  --seconds N     longest time for one bug; default: 300
  --workers N     bugs at once; default: number of cores
  --list          print the bugs and look for none
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: "string", default: "5000" },
      seconds: { type: "string", default: "300" },
      workers: { type: "string", default: String(availableParallelism()) },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const unknown = positionals.filter((name) => mutants.every((mutant) => mutant.name !== name));
  if (unknown.length > 0) {
    console.error(`Cannot find ${unknown.join(", ")}: --list shows what there is`);
    return 2;
  }
  const wanted = mutants.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  if (values.list) {
    for (const mutant of wanted) console.log(describe(mutant));
    return 0;
  }
  const budget = { seeds: Number(values.seeds), seconds: Number(values.seconds) };
  const survivors = await runAll(wanted, Number(values.workers), budget);
  console.log(`${wanted.length - survivors.length} of ${wanted.length} bugs were found`);
  for (const { name } of survivors) console.log(`SURVIVES ${name}: a check is missing`);
  return survivors.length === 0 ? 0 : 1;
}

async function runAll(
  wanted: readonly Mutant[],
  workers: number,
  budget: { readonly seeds: number; readonly seconds: number },
): Promise<readonly Mutant[]> {
  const queue = [...wanted];
  const survivors: Mutant[] = [];
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const found = await findCatcher(mutant, budget);
      if (found.kind === "survived") survivors.push(mutant);
      console.log(`${verdict(found)} | ${describe(mutant)}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return survivors;
}

function verdict(found: Catch): string {
  if (found.kind === "survived") return `SURVIVES ${found.seeds} seeds`;
  return `${found.checker} by ${found.where}`;
}

function describe({ name, row, fault }: Mutant): string {
  return `${row} ${name}: it ${fault}`;
}
