/** The command line of `npm run mutants`. */
import { OptionError } from "../command-line.ts";
import { schedules } from "../schedules/schedules.ts";
import { onStopSignal, stopSignals, type StopSignal } from "../supervise.ts";
import { CatcherSearch, replayMutant, type Budget, type Catch } from "./find-catcher.ts";
import type { Mutant } from "./mutant.ts";
import { help, readWish, type Wish } from "./options.ts";
import { commandOf, describePlay } from "./play.ts";
import { mutants } from "./mutants.ts";

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
    case "list":
      for (const mutant of wish.wanted) console.log(describe(mutant));
      return 0;
    case "replay":
      requireSchedule(wish.play.schedule);
      return await replayMutant(wish.mutant, wish.play);
    case "search":
      return await searchAll(wish);
  }
}

function requireSchedule(title: string | undefined): void {
  if (title === undefined || schedules.some(({ name }) => name === title)) return;
  throw new OptionError(
    `Cannot find schedule "${title}": it is named in test/simulation/schedules`,
  );
}

type SearchWish = Extract<Wish, { readonly kind: "search" }>;

async function searchAll({ wanted, budget, workers }: SearchWish): Promise<number> {
  const began = performance.now();
  const queue = [...wanted];
  const missed: Mutant[] = [];
  const search = new CatcherSearch(budget);
  let found = 0;
  const stops: StopSignal[] = [];
  const ignore = onStopSignal((signal) => {
    stops.push(signal);
    search.stop();
  });
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const mutantBegan = performance.now();
      const outcome = await search.find(mutant);
      if (stops.length > 0) return;
      if (outcome.kind === "caught") found += 1;
      else missed.push(mutant);
      console.log(`${verdict(outcome, since(mutantBegan))} | ${describe(mutant)}`);
      if (outcome.kind === "caught") console.log(`    ${commandOf(mutant.name, outcome.play)}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  ignore();
  const [stop] = stops;
  if (stop !== undefined) console.log(`stopped by ${stop} before the end`);
  for (const { name } of missed) console.log(`NOT FOUND ${name}`);
  const leftOut = wanted.length === mutants.length ? "" : ` (${mutants.length} are known)`;
  console.log(
    `${found} of ${wanted.length} bugs were found${leftOut} in ${since(began)}; ` +
      `for each ${describeBudget(budget)}`,
  );
  if (missed.length > 0) return 1;
  return stop === undefined ? 0 : stopSignals[stop];
}

function describeBudget({ seeds, seconds, hangSeconds }: Budget): string {
  const plays = seeds === 0 ? "the schedules of its row" : `schedules and ${seeds} seeds`;
  return `${plays}, ${seconds} s, a play hangs after ${hangSeconds} s`;
}

function verdict(outcome: Catch, time: string): string {
  switch (outcome.kind) {
    case "caught": {
      const { checker, play, plays } = outcome;
      return `${checker} by ${describePlay(play)}, ${plays} plays, ${time}`;
    }
    case "survived":
      return `SURVIVES ${outcome.plays} plays, ${time}`;
    case "unclear":
      return `UNCLEAR after ${time}: ${outcome.why}`;
  }
}

function describe({ name, row, fault }: Mutant): string {
  return `${row} ${name}: it ${fault}`;
}

function since(beganMillis: number): string {
  return `${Math.round((performance.now() - beganMillis) / 1000)} s`;
}
