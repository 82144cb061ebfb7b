import { SeededRandom } from "@quorate/platform/sim";
import type { Coverage } from "../coverage.ts";
import type { Plan } from "../plan/plan.ts";
import type { WorldObserver } from "../world/observer.ts";
import { AnswerChecker } from "./answer-checker.ts";
import { BoundsChecker } from "./bounds-checker.ts";
import { CachesChecker } from "./caches-checker.ts";
import { CommitChecker } from "./commit-checker.ts";
import { DurabilityChecker } from "./durability-checker.ts";
import { LeaseTermChecker } from "./lease-term-checker.ts";
import { MembersChecker } from "./members-checker.ts";
import { RaftChecker } from "./raft-checker.ts";
import { ReadChecker } from "./read-checker.ts";
import { StateHashChecker } from "./state-hash-checker.ts";

/** Makes those who judge every step of a run, in the order in which they see it. */
export function createCheckers(plan: Plan, coverage: Coverage): readonly WorldObserver[] {
  const random = new SeededRandom(BigInt(plan.seed)).split("checkers");
  const durability = new DurabilityChecker(coverage);
  return [
    durability,
    new RaftChecker(coverage, (process) => durability.writtenLog(process), {
      // A look at every step costs a fifth of a run.
      stepsPerLook: random.pick([1, 8, 16, 16, 16]),
    }),
    new CommitChecker(coverage, (process) => durability.writtenLog(process)),
    new MembersChecker(coverage),
    new LeaseTermChecker(coverage),
    new ReadChecker(coverage),
    new AnswerChecker(coverage),
    new StateHashChecker(coverage, 1),
    new CachesChecker(coverage, random.pick([16, 64, 256])),
    new BoundsChecker(coverage, plan.timing.limits),
  ];
}
