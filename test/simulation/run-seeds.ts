/** Runs seeds in several processes and ends with one line. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Coverage, type CoverageJson } from "./coverage.ts";

/** Which seeds are run, and where. */
export interface SeedOptions {
  readonly first: bigint;
  /** Most seeds. */
  readonly seeds: number;
  /** Longest time in real seconds. */
  readonly seconds: number;
  readonly workers: number;
}

/** What a worker is told: every so many-th seed, from one on, until a time. */
export interface WorkerOrder {
  readonly first: string;
  readonly step: number;
  readonly seeds: number;
  readonly seconds: number;
}

/** What a worker tells of each seed. */
export interface SeedReport {
  readonly seed: string;
  readonly events: number;
  readonly virtualMillis: number;
  readonly coverage: CoverageJson;
  /** Undefined when every promise held. */
  readonly failure: { readonly message: string; readonly lines: readonly string[] } | undefined;
}

interface Totals {
  seeds: number;
  events: number;
  virtualMillis: number;
  readonly coverage: Coverage;
  readonly failed: SeedReport[];
}

const progressMillis = 10_000;
/** Failures that are told in full; the others by their seed and message. */
const storiesMax = 3;

/** @returns The exit code: 1 when a promise was broken. */
export async function runSeeds(options: SeedOptions): Promise<number> {
  const began = performance.now();
  const totals: Totals = {
    ...{ seeds: 0, events: 0, virtualMillis: 0, failed: [] },
    coverage: new Coverage(),
  };
  console.log(`seeds from ${options.first} in ${options.workers} processes`);
  const progress = process.stderr.isTTY
    ? setInterval(() => console.error(shortSummary(totals, began)), progressMillis)
    : undefined;
  const workers = Array.from({ length: options.workers }, (_, i) => startWorker(options, i));
  const stop = (): void => {
    for (const worker of workers) worker.kill();
  };
  process.once("SIGINT", stop);
  const codes = await Promise.all(workers.map((worker) => follow(worker, totals)));
  process.off("SIGINT", stop);
  clearInterval(progress);
  const isBroken = codes.some((code) => code !== 0);
  console.log(coverageLines(totals.coverage));
  console.log(`${shortSummary(totals, began)} | ${listOf(totals.coverage)}`);
  for (const { seed } of totals.failed) console.log(`npm run sim -- --seed ${seed}`);
  if (isBroken) console.error("A worker has ended before its time: the count is not complete.");
  return totals.failed.length > 0 || isBroken || totals.seeds === 0 ? 1 : 0;
}

function startWorker({ first, seeds, seconds, workers }: SeedOptions, index: number): ChildProcess {
  const order: WorkerOrder = {
    first: (first + BigInt(index)).toString(),
    step: workers,
    seeds: seeds === Infinity ? Number.MAX_SAFE_INTEGER : Math.ceil((seeds - index) / workers),
    seconds: seconds === Infinity ? Number.MAX_SAFE_INTEGER : seconds,
  };
  return fork(fileURLToPath(new URL("worker.ts", import.meta.url)), [JSON.stringify(order)]);
}

function follow(worker: ChildProcess, totals: Totals): Promise<number> {
  worker.on("message", (message) => {
    addReport(totals, toReport(message));
  });
  return new Promise((resolve) => {
    worker.once("exit", (code) => resolve(code ?? 1));
    worker.once("error", () => resolve(1));
  });
}

function addReport(totals: Totals, report: SeedReport): void {
  totals.seeds += 1;
  totals.events += report.events;
  totals.virtualMillis += report.virtualMillis;
  totals.coverage.addAll(Coverage.fromJson(report.coverage));
  const { failure, seed } = report;
  if (failure === undefined) return;
  totals.failed.push(report);
  if (totals.failed.length <= storiesMax) console.log(failure.lines.join("\n"));
  console.log(`seed ${seed} FAILED ${failure.message}`);
}

function shortSummary(totals: Totals, began: number): string {
  const seconds = (performance.now() - began) / 1000;
  const hours = (totals.virtualMillis / 3_600_000).toFixed(1);
  return (
    `${totals.seeds} seeds, ${totals.events} events (${Math.round(totals.events / seconds)}/s), ` +
    `${hours} virtual hours in ${Math.round(seconds)} s, ${totals.failed.length} failures`
  );
}

function listOf(coverage: Coverage): string {
  const join = (group: "faults" | "promises"): string =>
    coverage
      .counts(group)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  return `faults: ${join("faults")} | promises checked: ${join("promises")}`;
}

/** Rare paths, those that were never reached first: holes in the simulation (D12). */
function coverageLines(coverage: Coverage): string {
  const counts = [...coverage.counts("sometimes")].sort(([, one], [, other]) => one - other);
  return counts.map(([name, count]) => `${String(count).padStart(8)} ${name}`).join("\n");
}

/** What a worker sends is what it builds: both are this program. */
function toReport(message: unknown): SeedReport {
  return message as SeedReport;
}
