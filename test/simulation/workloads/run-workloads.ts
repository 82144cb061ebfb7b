import type { WorkloadPlan } from "../plan/plan.ts";
import type { Truth } from "../history/truth.ts";
import type { World } from "../world/world.ts";
import { createWorkload } from "./create-workload.ts";
import type { Workload } from "./workload.ts";

/** The workloads of a run, begun. */
export interface RunningWorkloads {
  /** Whether all have ended. */
  readonly isOver: boolean;
  /** Which have not, for a failure. */
  describe(): string;
  /** Judges all. @throws CheckFailure */
  judge(truth: Truth): void;
}

/** Begins workloads. What one throws ends the run. */
export function runWorkloads(
  world: World,
  plans: readonly WorkloadPlan[],
  signal: AbortSignal,
): RunningWorkloads {
  const { coverage, scheduler, plan } = world;
  const { tickMillis, electionTicks } = plan.timing;
  const running = new Set<Workload>();
  const workloads = plans.map(({ kind, name }) => {
    const random = world.random.split(`workload ${name}`);
    const workload = createWorkload(kind, random);
    running.add(workload);
    const surroundings = {
      ...{ random, coverage, timers: world.outsideTimers },
      electionMillis: tickMillis * electionTicks,
      nowMillis: () => scheduler.nowMillis,
      connect: (client: string) => world.connect(`${name} ${client}`),
      addresses: world.addresses,
    };
    workload.run(surroundings, signal).then(
      () => running.delete(workload),
      (error: unknown) => world.fail(error),
    );
    return workload;
  });
  return {
    get isOver() {
      return running.size === 0;
    },
    describe: () => `${[...running].map(({ name }) => name).join(", ")} still running`,
    judge: (truth) => {
      for (const workload of workloads) workload.judge(truth, coverage);
    },
  };
}
