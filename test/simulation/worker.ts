/** One process of `run-seeds.ts`: plays the seeds that it is told, one after the other. */
import { drawPlan } from "./plan/draw-plan.ts";
import { runPlan, type RunResult } from "./run-plan.ts";
import type { WorkerMessage, WorkerOrder } from "./run-seeds.ts";
import { onStopSignal } from "./supervise.ts";

process.on("message", (message) => void play(toOrder(message)));
// The parent has no more seeds, or has died.
process.on("disconnect", () => process.exit());
// A terminal interrupts the whole group of processes: the parent decides.
onStopSignal(() => undefined);
tell({ kind: "ready" });

async function play({ seed, focus, isTwice }: WorkerOrder): Promise<void> {
  const plan = drawPlan(BigInt(seed), focus);
  const one = await runPlan(plan);
  if (!isTwice || one.failure !== undefined) {
    tell(toMessage(seed, one));
    return;
  }
  tell({ kind: "again" });
  const other = await runPlan(plan);
  tell(toMessage(seed, other.traceHash === one.traceHash ? one : unequal(one, other)));
}

/** The same seed must tell the same story (D2). */
function unequal(one: RunResult, other: RunResult): RunResult {
  const message = `D2: traces ${one.traceHash} and ${other.traceHash} of one seed differ`;
  return { ...one, failure: { kind: "D2", message, stack: "", lines: [] } };
}

function toMessage(seed: string, { failure, ...result }: RunResult): WorkerMessage {
  return {
    kind: "played",
    seed,
    events: result.events,
    virtualMillis: result.virtualMillis,
    coverage: result.coverage,
    failure:
      failure === undefined
        ? undefined
        : { message: `${failure.message}\n${failure.stack}`, lines: failure.lines },
  };
}

function tell(message: WorkerMessage): void {
  process.send?.(message);
}

/** The parent is this program, too. */
function toOrder(message: unknown): WorkerOrder {
  return message as WorkerOrder;
}
