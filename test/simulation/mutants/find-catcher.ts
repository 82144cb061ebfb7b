import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Focus } from "../plan/focus.ts";
import type { Mutant } from "./mutant.ts";

/** What became of a planted bug. */
export type Catch =
  | {
      readonly kind: "caught";
      /** The promise whose checker found it. */
      readonly checker: string;
      readonly message: string;
      /** The schedule, or how many seeds it took. */
      readonly where: string;
    }
  | { readonly kind: "survived"; readonly seeds: number };

/** Most that is spent on one bug. */
export interface Budget {
  readonly seeds: number;
  readonly seconds: number;
}

/** What is left for the seed under way when the time is over, on a busy machine. */
const graceMillis = 180_000;

/** What a worker is told. */
export interface SearchOrder extends Budget {
  readonly focus?: Focus;
  /** Schedules of this row are played first. */
  readonly row: string;
}

/** Runs schedules and seeds with the bug planted, until one fails or the budget is spent. */
export function findCatcher(mutant: Mutant, budget: Budget): Promise<Catch> {
  const { file, find, replace, focus, row } = mutant;
  const hook = fileURLToPath(new URL("mutate.mjs", import.meta.url));
  const worker = fork(
    fileURLToPath(new URL("worker.ts", import.meta.url)),
    [JSON.stringify({ ...budget, focus, row })],
    {
      execArgv: ["--conditions=@quorate/source", "--import", hook, "--import", "tsx"],
      env: { ...process.env, QUORATE_MUTANT: JSON.stringify({ file, find, replace }) },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    },
  );
  let errors = "";
  worker.stderr?.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-2_000);
  });
  return new Promise((resolve, reject) => {
    let result: Catch | undefined;
    // A bug that makes a turn endless is found by that.
    const timer = setTimeout(
      () => {
        result ??= { kind: "caught", checker: "hang", message: "no end", where: "a turn" };
        worker.kill("SIGKILL");
      },
      budget.seconds * 1000 + graceMillis,
    );
    worker.on("message", (message) => {
      result = toCatch(message);
    });
    worker.once("exit", (code) => {
      clearTimeout(timer);
      if (result !== undefined) resolve(result);
      else reject(new Error(`Cannot judge ${mutant.name}: worker ended with ${code}\n${errors}`));
    });
  });
}

/** What the worker sends is what it builds: both are this program. */
function toCatch(message: unknown): Catch {
  return message as Catch;
}
