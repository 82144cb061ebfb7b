import type { Plan } from "./plan/plan.ts";
import { shrink } from "./plan/shrink.ts";
import { runPlan, type RunResult } from "./run-plan.ts";

/** How a plan is replayed. */
export interface ReplayOptions {
  readonly isQuiet: boolean;
  /** Whether a smaller plan with the same failure is looked for. */
  readonly isShrunk: boolean;
}

/** Plays one plan and tells its story. @returns The exit code. */
export async function replay(plan: Plan, options: ReplayOptions): Promise<number> {
  if (!options.isQuiet) console.log(JSON.stringify(plan, undefined, 2));
  const onLine = options.isQuiet
    ? undefined
    : (line: string): void => {
        process.stdout.write(`${line}\n`);
      };
  const result = await runPlan(plan, { onLine });
  console.log(describe(plan, result));
  if (result.failure === undefined) return 0;
  if (options.isShrunk) await shrinkAndPrint(plan, result.failure.kind);
  return 1;
}

async function shrinkAndPrint(plan: Plan, kind: string): Promise<void> {
  const fails = async (smaller: Plan): Promise<boolean> => {
    const { failure } = await runPlan(smaller);
    return failure?.kind === kind;
  };
  const smallest = await shrink(plan, fails, (line) => console.error(line));
  console.log(JSON.stringify(smallest, undefined, 2));
  const { failure } = await runPlan(smallest);
  console.log(failure?.lines.join("\n"));
  console.log(failure?.message);
}

/** A result in a few lines. */
function describe(plan: Plan, { failure, ...result }: RunResult): string {
  const head =
    `seed ${plan.seed}: ${result.events} events, ${Math.round(result.virtualMillis)} virtual ms, ` +
    `trace ${result.traceHash}`;
  if (failure === undefined) return `${head}, every promise held`;
  return `${head}\nFAILED ${failure.message}\n${failure.stack}`;
}
