/** Plays a plan: a safety phase with faults, then a healed phase that must converge (D9). */
import { SimCrashedError } from "@quorate/platform/sim";
import { CheckFailure } from "./checkers/check-failure.ts";
import { createCheckers } from "./checkers/create-checkers.ts";
import { QuorumChecker, quorumLookMillis } from "./checkers/quorum-checker.ts";
import { Coverage, type CoverageJson } from "./coverage.ts";
import { Injector } from "./faults/injector.ts";
import { heal, isConverged, whyNotConverged } from "./healing.ts";
import type { Plan } from "./plan/plan.ts";
import { Stage } from "./schedules/stage.ts";
import { runWorkloads } from "./workloads/run-workloads.ts";
import { withGuardedGlobals } from "./world/globals-guard.ts";
import { describeError } from "./world/machine.ts";
import { World } from "./world/world.ts";

/** How a plan ended. */
export interface RunResult {
  /** What broke; undefined when every promise held. */
  readonly failure: RunFailure | undefined;
  readonly events: number;
  readonly virtualMillis: number;
  /** Names of the clients that there were. */
  readonly clients: readonly string[];
  readonly coverage: CoverageJson;
  /** Of everything that happened, in order: equal when two runs were the same (D2). */
  readonly traceHash: string;
}

/** What broke in a run. */
export interface RunFailure {
  /** The broken promise, or what kind of failure it is; two runs that fail alike have the same. */
  readonly kind: string;
  readonly message: string;
  readonly stack: string;
  /** The end of the story. */
  readonly lines: readonly string[];
}

/** What a run can be given beside its plan. */
export interface RunOptions {
  /** Gets each line of the story. @default nobody */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Whether a failure is told with every frame, call and write before it. @default false */
  readonly isDetailed?: boolean | undefined;
  /** Lines that are kept for a failure, and as many details. @default 200 */
  readonly linesMax?: number | undefined;
  /** A run of more events is judged not to end. @default 3,000,000 */
  readonly eventsMax?: number | undefined;
  /** Ends the run, as if something were wrong. @default nobody does */
  readonly signal?: AbortSignal | undefined;
  /**
   * Plays after the start, beside the faults of the plan, which has no more of them than it needs;
   * the safety phase ends with it. What it throws ends the run. @default the plan's time passes
   */
  readonly script?: ((stage: Stage) => Promise<void>) | undefined;
}

/** Time to converge after everything is healed and clients have ended (D9). */
const convergeMillis = 30_000;
/** Longest time in which clients end: they wait for leases to expire and for watchers. */
const clientsMillis = 120_000;
const defaultCalmMillis = 3_000;
/** Longest time of a script. */
const scriptMillis = 300_000;

/** Plays a plan to its end or its first broken promise. Never throws for what it finds. */
export async function runPlan(plan: Plan, options: RunOptions = {}): Promise<RunResult> {
  const coverage = new Coverage();
  const world = new World(plan, coverage, createCheckers(plan, coverage), options);
  const onRejection = (error: unknown): void => {
    if (!isOfTheDead(error)) world.fail(new Error("unhandled rejection", { cause: error }));
  };
  const onAbort = (): void => world.fail(new Error("the run was ended"));
  process.on("unhandledRejection", onRejection);
  options.signal?.addEventListener("abort", onAbort);
  try {
    await withGuardedGlobals(() => play(world, options));
  } catch (error) {
    world.fail(error);
  } finally {
    process.off("unhandledRejection", onRejection);
    options.signal?.removeEventListener("abort", onAbort);
  }
  return {
    failure: world.hasFailed() ? toFailure(world) : undefined,
    events: world.scheduler.executed,
    virtualMillis: world.scheduler.nowMillis,
    clients: world.clientMachines.map(({ name }) => name),
    coverage: world.coverage.toJson(),
    traceHash: world.traceHash.digest(world.scheduler),
  };
}

async function play(world: World, { script }: RunOptions): Promise<void> {
  const { plan } = world;
  for (const machine of world.machines) machine.start();
  const ending = new AbortController();
  const workloads = runWorkloads(world, plan.workloads, ending.signal);
  world.probeReads();
  watchLeaders(world);
  const injector = new Injector(world, plan.faults);
  if (script === undefined) await world.advance(plan.faultyMillis);
  else await follow(world, script);
  if (world.hasFailed()) return;

  world.trace("heals");
  injector.stop();
  const core = heal(world);
  const silent = world.clientMachines.filter(({ name }) => plan.silentClients?.includes(name));
  for (const machine of silent) machine.pause();
  await world.advance(plan.calmMillis ?? defaultCalmMillis);
  ending.abort();
  for (const machine of silent) machine.goOn();
  await waitFor(
    world,
    () => workloads.isOver,
    "V1",
    () => workloads.describe(),
    clientsMillis,
  );
  await waitFor(
    world,
    () => isConverged(world, core),
    "V1",
    () => whyNotConverged(world, core),
  );
  if (!world.hasFailed()) workloads.judge(world.truth);
}

/** Looks at leaders now and then, for as long as the world lasts. */
function watchLeaders(world: World): void {
  const { machines, peers, scheduler, coverage, plan } = world;
  const { tickMillis, electionTicks } = plan.timing;
  const checker = new QuorumChecker(coverage, tickMillis * electionTicks);
  const look = (): void => {
    checker.look({ machines, peers, nowMillis: scheduler.nowMillis });
    scheduler.schedule(quorumLookMillis, look);
  };
  look();
}

/** Lets time pass until a script has ended; one that does not end is broken. */
async function follow(world: World, script: (stage: Stage) => Promise<void>): Promise<void> {
  let isOver = false;
  script(new Stage(world)).then(
    () => {
      isOver = true;
    },
    (error: unknown) => world.fail(error),
  );
  await waitFor(
    world,
    () => isOver,
    "script",
    () => "it still waits",
    scriptMillis,
  );
}

async function waitFor(
  world: World,
  isReached: () => boolean,
  promise: string,
  describe: () => string,
  withinMillis: number = convergeMillis,
): Promise<void> {
  const { scheduler } = world;
  const end = scheduler.nowMillis + withinMillis;
  await world.advanceUntil(() => scheduler.nowMillis > end || isReached());
  if (world.hasFailed() || isReached()) return;
  throw new CheckFailure(promise, `not within ${withinMillis} ms: ${describe()}`);
}

/** Promises of a process that has died may fail as they like: nobody waits for them. */
function isOfTheDead(error: unknown): boolean {
  if (error instanceof SimCrashedError) return true;
  return error instanceof Error && error.cause !== undefined && isOfTheDead(error.cause);
}

function toFailure(world: World): RunFailure {
  const { failure, story } = world;
  const stack = failure instanceof Error ? stackOf(failure) : "";
  const message = describeError(failure);
  const kind = failure instanceof CheckFailure ? failure.promise : kindOf(message);
  return { kind, message: story.named(message), stack: story.named(stack), lines: story.lines };
}

/** A message without its numbers, so that two failures of one cause compare equal. */
function kindOf(message: string): string {
  return message.replaceAll(/[0-9a-f]*[0-9][0-9a-f]*/g, "N").slice(0, 100);
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
