/** Looks for a planted bug: the schedules of its row, then seeds from 1 on, until one fails. */
import { drawPlan } from "../plan/draw-plan.ts";
import { runPlan, type RunResult } from "../run-plan.ts";
import { runSchedule } from "../schedules/schedule.ts";
import { schedules } from "../schedules/schedules.ts";
import type { Catch, SearchOrder } from "./find-catcher.ts";

/** Each schedule is played with so many different chances. */
const scheduleSeeds = 3;

const order = toOrder(process.argv[2] ?? "");
await tell(await search());

async function search(): Promise<Catch> {
  const end = performance.now() + order.seconds * 1000;
  for (const schedule of schedules.filter(({ rows }) => rows.includes(order.row))) {
    for (let seed = 1; seed <= scheduleSeeds; seed += 1) {
      const { failure } = await runSchedule(schedule, BigInt(seed));
      if (failure !== undefined) return caught(failure, `"${schedule.name}"`);
    }
  }
  let count = 0;
  while (count < order.seeds && performance.now() < end) {
    count += 1;
    const focus = count % 2 === 0 ? undefined : order.focus;
    const { failure } = await runPlan(drawPlan(BigInt(count), focus));
    if (failure !== undefined) return caught(failure, `seed ${count} of the search`);
  }
  return { kind: "survived", seeds: count };
}

function caught(failure: NonNullable<RunResult["failure"]>, where: string): Catch {
  return { kind: "caught", checker: failure.kind, message: failure.message, where };
}

function tell(found: Catch): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(found, () => resolve());
  });
}

/** The parent is this program, too. */
function toOrder(json: string): SearchOrder {
  return JSON.parse(json) as SearchOrder;
}
