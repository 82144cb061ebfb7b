/** One process of `run-seeds.ts`. */
import { drawPlan } from "./plan/draw-plan.ts";
import { runPlan, type RunResult } from "./run-plan.ts";
import type { SeedReport, WorkerOrder } from "./run-seeds.ts";

/** One seed in so many is run twice: the same seed must tell the same story (D2). */
const twiceEvery = 100;

const order = toOrder(process.argv[2] ?? "");
const end = performance.now() + order.seconds * 1000;
for (let count = 0; count < order.seeds && performance.now() < end; count += 1) {
  const seed = BigInt(order.first) + BigInt(count * order.step);
  await report(seed, await runOnce(seed, count % twiceEvery === 0));
}

async function runOnce(seed: bigint, isTwice: boolean): Promise<RunResult> {
  const plan = drawPlan(seed);
  const result = await runPlan(plan);
  if (!isTwice || result.failure !== undefined) return result;
  const again = await runPlan(plan);
  if (again.traceHash === result.traceHash) return result;
  const message = `D2: traces ${result.traceHash} and ${again.traceHash} of one seed differ`;
  return { ...result, failure: { kind: "D2", message, stack: "", lines: [] } };
}

/** Waits until the parent has it: what is in the pipe of an exiting process may be lost. */
function report(seed: bigint, { failure, ...result }: RunResult): Promise<void> {
  const message: SeedReport = {
    seed: seed.toString(),
    events: result.events,
    virtualMillis: result.virtualMillis,
    coverage: result.coverage,
    failure:
      failure === undefined
        ? undefined
        : { message: `${failure.message}\n${failure.stack}`, lines: failure.lines },
  };
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}

/** The parent is this program, too. */
function toOrder(json: string): WorkerOrder {
  return JSON.parse(json) as WorkerOrder;
}
