/** Plays one plan for a person to read, and looks for the smallest one that fails alike (D11). */
import { writeFileSync } from "node:fs";
import { currentCommit } from "./commit.ts";
import { tellStory } from "./failure-story.ts";
import { specialSettings } from "./plan/plain-plan.ts";
import type { Plan } from "./plan/plan.ts";
import { shrink, type AlikeFailure } from "./plan/shrink.ts";
import { runPlan, type RunFailure, type RunOptions, type RunResult } from "./run-plan.ts";

/** How a plan is replayed. */
export interface ReplayOptions {
  readonly isQuiet: boolean;
  /** Whether a smaller plan with the same failure is looked for. */
  readonly isShrunk: boolean;
  /** Where the smallest plan goes. @default `sim-SEED.json` in the current directory */
  readonly outPath?: string | undefined;
  /** Longest search for a smaller plan. @default 120 */
  readonly shrinkSeconds?: number | undefined;
}

/** Lines and details that are kept for a failure. */
const linesMax = 20_000;
/** What a smaller plan may take of events, compared with the one that failed first. */
const eventsFactor = 2;
/** The same beside that: a plan that fails early may fail later when it is smaller. */
const eventsMore = 20_000;

/** Plays one plan and tells its story. @returns The exit code. */
export async function replay(plan: Plan, options: ReplayOptions): Promise<number> {
  const { isQuiet, isShrunk } = options;
  if (!isQuiet && !isShrunk) tell(describePlan(plan));
  const isTold = !isQuiet && !isShrunk;
  const result = await runPlan(plan, {
    ...(isTold ? { onLine: tell } : {}),
    ...inDetail(!isQuiet),
  });
  const { failure } = result;
  if (failure === undefined) {
    tell(`${describe(plan, result)}, every promise held`);
    return 0;
  }
  if (isShrunk) await shrinkAndTell(plan, result, failure, options);
  else {
    if (!isQuiet) tellDetails(failure);
    tell(describe(plan, result));
    tellFailure(failure);
  }
  return 1;
}

async function shrinkAndTell(
  plan: Plan,
  result: RunResult,
  { kind, message }: RunFailure,
  { outPath = `sim-${plan.seed}.json`, shrinkSeconds = 120 }: ReplayOptions,
): Promise<void> {
  tell(describe(plan, result));
  tell(`FAILED ${message}`);
  tell(`looks for a smaller plan for up to ${shrinkSeconds} s; Ctrl-C ends that`);
  const limit = new TimeLimit(shrinkSeconds);
  const { signal } = limit;
  const eventsMax = result.events * eventsFactor + eventsMore;
  let plays = 0;
  const fails = async (smaller: Plan): Promise<AlikeFailure | undefined> => {
    plays += 1;
    const { failure, virtualMillis, clients } = await runPlan(smaller, { eventsMax, signal });
    if (signal.aborted || failure?.kind !== kind) return undefined;
    return { atMillis: virtualMillis, clients };
  };
  const progress = new Progress();
  try {
    const smallest = await shrink(plan, fails, {
      tell: (line) => progress.tell(`  ${line} (${plays} plays)`),
      onStep: (step) => progress.show(`  ${step}?`),
      isOver: () => signal.aborted,
      onSmaller: (smaller) => writePlan(outPath, smaller),
    });
    if (signal.aborted) progress.tell("  ended early: the smallest plan so far");
    writePlan(outPath, smallest);
    await tellSmallest(smallest, outPath);
  } finally {
    limit.end();
  }
}

/** Aborts after a time or when somebody asks for it. */
class TimeLimit {
  readonly #controller = new AbortController();
  readonly #abort = (): void => this.#controller.abort();
  readonly #timer: NodeJS.Timeout;

  constructor(seconds: number) {
    this.#timer = setTimeout(this.#abort, seconds * 1000);
    process.on("SIGINT", this.#abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
    process.off("SIGINT", this.#abort);
  }
}

/** Says on a terminal what is under way, in a line that the next one overwrites. */
class Progress {
  readonly #isShown = process.stdout.isTTY;

  show(line: string): void {
    if (this.#isShown) process.stdout.write(`\r\x1b[K${line}`);
  }

  tell(line: string): void {
    this.show("");
    tell(line);
  }
}

async function tellSmallest(plan: Plan, path: string): Promise<void> {
  const result = await runPlan(plan, inDetail(true));
  tell("");
  tell(describePlan(plan));
  if (result.failure === undefined) throw new Error(`Cannot repeat the failure of ${path}`);
  tellDetails(result.failure);
  tell(describe(plan, result));
  tellFailure(result.failure);
  tell(`npm run sim -- --plan ${path}`);
}

function writePlan(path: string, plan: Plan): void {
  writeFileSync(path, `${JSON.stringify(plan, undefined, 2)}\n`);
}

function inDetail(isDetailed: boolean): Pick<RunOptions, "isDetailed" | "linesMax"> {
  return { isDetailed, linesMax };
}

function tellDetails({ lines, message }: RunFailure): void {
  tell("\nwhat led to the failure: virtual ms, who, what; > names what the failure names");
  for (const line of tellStory(lines, message)) tell(line);
}

function tellFailure({ message, stack }: RunFailure): void {
  const places = stack.slice(Math.max(0, stack.indexOf("\n    at ") + 1));
  tell(`FAILED ${message}\n${places}\nat commit ${currentCommit()}`);
}

/** What is special about a plan, for a person to read. */
function describePlan(plan: Plan): string {
  const { members, workloads, faults, faultyMillis, calmMillis, silentClients = [] } = plan;
  const settings = specialSettings(plan);
  const lines = [
    `"seed": "${plan.seed}"`,
    `"members": ${members}`,
    `"faultyMillis": ${faultyMillis}`,
    ...settings.map(([name, value]) => `"${name}": ${JSON.stringify(value)}`),
    ...(calmMillis === undefined ? [] : [`"calmMillis": ${calmMillis}`]),
    ...(silentClients.length === 0 ? [] : [`"silentClients": ${JSON.stringify(silentClients)}`]),
    ...workloads.map((workload) => `workload ${JSON.stringify(workload)}`),
    ...faults.map((fault) => `fault ${JSON.stringify(fault)}`),
  ];
  const head = "the plan; settings that it does not name are the plain ones";
  return `${head}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** A result in a line. */
function describe(plan: Plan, result: RunResult): string {
  return (
    `seed ${plan.seed}: ${result.events} events, ${Math.round(result.virtualMillis)} virtual ms, ` +
    `trace ${result.traceHash}`
  );
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
