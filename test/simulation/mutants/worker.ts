/** Looks for a planted bug: seeds from 1 on, until one fails. */
import { drawPlan } from "../plan/draw-plan.ts";
import { runPlan } from "../run-plan.ts";
import type { Budget, Catch } from "./find-catcher.ts";

const { seeds, seconds } = toBudget(process.argv[2] ?? "");
await tell(await search());

async function search(): Promise<Catch> {
  const end = performance.now() + seconds * 1000;
  let seed = 0;
  while (seed < seeds && performance.now() < end) {
    seed += 1;
    const { failure } = await runPlan(drawPlan(BigInt(seed)));
    if (failure === undefined) continue;
    return { kind: "caught", checker: failure.kind, message: failure.message, seeds: seed };
  }
  return { kind: "survived", seeds: seed };
}

function tell(found: Catch): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(found, () => resolve());
  });
}

/** The parent is this program, too. */
function toBudget(json: string): Budget {
  return JSON.parse(json) as Budget;
}
