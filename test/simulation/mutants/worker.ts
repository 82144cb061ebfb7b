/** Plays with a bug planted: to find it, or once, to tell how it shows. */
import { drawPlan } from "../plan/draw-plan.ts";
import { runPlan, type RunResult } from "../run-plan.ts";
import { runSchedule } from "../schedules/schedule.ts";
import { schedules } from "../schedules/schedules.ts";
import { onStopSignal } from "../supervise.ts";
import type { WorkerMessage, WorkerOrder } from "./find-catcher.ts";
import type { Play } from "./play.ts";

/** Each schedule is played with so many different chances. */
const scheduleSeeds = 3;

// The parent has what it wants, or has died.
process.on("disconnect", () => process.exit());

const order = toOrder(process.argv[2] ?? "");
if (order.kind === "replay") {
  process.exitCode = await tellStory(order.play);
  process.disconnect();
} else {
  // A terminal interrupts the whole group of processes: the parent decides.
  onStopSignal(() => undefined);
  tell(await search(order));
}

/** Plays until something fails or the budget is spent. */
async function search(wish: Extract<WorkerOrder, { kind: "search" }>): Promise<WorkerMessage> {
  const end = performance.now() + wish.seconds * 1000;
  let plays = 0;
  for (const play of playsOf(wish)) {
    if (performance.now() > end) break;
    tell({ kind: "plays", play });
    plays += 1;
    const { failure } = await playOnce(play);
    if (failure === undefined) continue;
    const { kind: checker, message } = failure;
    return { kind: "caught", checker, message, play, plays };
  }
  return { kind: "survived", plays };
}

/** What is told to play, or schedules of the row and then seeds from 1 on. */
function* playsOf({
  only,
  row,
  seeds,
  focus,
}: Extract<WorkerOrder, { kind: "search" }>): Iterable<Play> {
  if (only !== undefined) {
    yield only;
    return;
  }
  for (const schedule of schedules.filter(({ rows }) => rows.includes(row))) {
    for (let seed = 1; seed <= scheduleSeeds; seed += 1) {
      yield { schedule: schedule.name, seed: String(seed) };
    }
  }
  for (let seed = 1; seed <= seeds; seed += 1) {
    yield { seed: String(seed), focus: seed % 2 === 0 ? undefined : focus };
  }
}

function playOnce(play: Play, onLine?: (line: string) => void): Promise<RunResult> {
  const seed = BigInt(play.seed);
  if (play.schedule === undefined) return runPlan(drawPlan(seed, play.focus), { onLine });
  const schedule = schedules.find(({ name }) => name === play.schedule);
  if (schedule === undefined) throw new Error(`Cannot find schedule "${play.schedule}"`);
  return runSchedule(schedule, seed, onLine);
}

/** @returns The exit code: 1 when a promise was broken. */
async function tellStory(play: Play): Promise<number> {
  const { failure } = await playOnce(play, (line) => {
    process.stdout.write(`${line}\n`);
  });
  if (failure === undefined) console.log("every promise held");
  else console.log(`FAILED ${failure.kind}: ${failure.message}\n${failure.stack}`);
  return failure === undefined ? 0 : 1;
}

function tell(message: WorkerMessage): void {
  process.send?.(message);
}

/** The parent is this program, too. */
function toOrder(json: string): WorkerOrder {
  return JSON.parse(json) as WorkerOrder;
}
