import { drawPlan } from "../plan/draw-plan.ts";
import { plainTiming } from "../plan/plain-plan.ts";
import type { Plan } from "../plan/plan.ts";
import { runPlan, type RunResult } from "../run-plan.ts";
import { calmFaults } from "../world/peer-network-faults.ts";
import type { Stage } from "./stage.ts";

/** A story that leads to where a known bug would show, judged by all checkers. */
export interface Schedule {
  /** Says what happens, as a sentence without a full stop. */
  readonly name: string;
  /** Rows of the list of known bugs, as `C6`, and promises beside them, as `P6`. */
  readonly rows: readonly string[];
  /** What differs from {@link plainPlan}. */
  readonly plan?: Partial<Plan>;
  /** @param reached - To be called where the bug would have struck. */
  readonly script: (stage: Stage, reached: () => void) => Promise<void>;
}

/** Three members on good machines and links, no faults, one workload of registers. */
export function plainPlan(seed: bigint): Plan {
  const drawn = drawPlan(seed);
  return {
    seed: seed.toString(),
    members: 3,
    timing: plainTiming,
    machine: {
      ...drawn.machine,
      segmentBytes: 32_768,
      syncMillis: [0, 2],
      commitIntervalMillis: 20,
      compactionBatchLimit: 10,
      autoCompaction: { mode: "off" },
      driftMax: 0,
      quotaBytes: 0,
    },
    network: calmFaults,
    probeMillis: 20,
    workloads: [{ kind: "register", name: "register" }],
    faults: [],
    faultyMillis: 0,
    isCoreHealedAlone: false,
  };
}

/** Plays a schedule with the chances of a seed. */
export function runSchedule(
  { name, plan, script }: Schedule,
  seed: bigint,
  onLine?: (line: string) => void,
): Promise<RunResult> {
  const act = async (stage: Stage): Promise<void> => {
    // Calls of scripts need not expect that nobody leads yet.
    await stage.settled();
    await script(stage, () => stage.reached(name));
  };
  return runPlan({ ...plainPlan(seed), ...plan }, { script: act, onLine });
}
