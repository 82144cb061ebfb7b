/** Plants bugs in processes of their own and finds out what catches them. */
import { fork, type ChildProcess, type StdioOptions } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Focus } from "../plan/focus.ts";
import { describeEnding, supervise, type Ending } from "../supervise.ts";
import type { Mutant } from "./mutant.ts";
import type { Play } from "./play.ts";

/** What became of a planted bug. */
export type Catch =
  | {
      readonly kind: "caught";
      /** The promise whose checker found it, or `hang`: a play that came to no end. */
      readonly checker: string;
      readonly play: Play;
      readonly plays: number;
    }
  | { readonly kind: "survived"; readonly plays: number }
  /** Nobody knows; `why` tells the reason. */
  | { readonly kind: "unclear"; readonly why: string };

/** Most that is spent on one bug, beside the schedules of its row. */
export interface Budget {
  readonly seeds: number;
  readonly seconds: number;
  /** A play of more real seconds hangs. */
  readonly hangSeconds: number;
}

/** What a worker is told. */
export type WorkerOrder =
  | {
      readonly kind: "search";
      readonly seeds: number;
      readonly seconds: number;
      readonly focus: Focus | undefined;
      /** Schedules of this row are played first. */
      readonly row: string;
      /** Is played, and nothing else. */
      readonly only: Play | undefined;
    }
  | { readonly kind: "replay"; readonly play: Play };

/** What a worker tells: what it begins to play, and what came of it all. */
export type WorkerMessage =
  | { readonly kind: "plays"; readonly play: Play }
  | {
      readonly kind: "caught";
      readonly checker: string;
      readonly message: string;
      readonly play: Play;
      readonly plays: number;
    }
  | { readonly kind: "survived"; readonly plays: number };

type Result = Extract<WorkerMessage, { readonly kind: "caught" | "survived" }>;

/** A worker at its end. */
interface Searched {
  readonly result: Result | undefined;
  readonly ending: Ending;
  /** What it was playing. */
  readonly play: Play | undefined;
  readonly plays: number;
  readonly errors: string;
}

/** Searches for bugs; several searches may go on at once. */
export class CatcherSearch {
  readonly #budget: Budget;
  readonly #workers = new Set<ChildProcess>();
  /** By play: why it fails without any bug. */
  readonly #controls = new Map<string, Promise<string | undefined>>();

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Plays schedules and seeds with the bug planted, until one fails or the budget is spent. */
  async find(mutant: Mutant): Promise<Catch> {
    const found = toCatch(await this.#search(mutant, undefined));
    if (found.kind !== "caught") return found;
    const why = await this.#control(found.play);
    return why === undefined ? found : { kind: "unclear", why };
  }

  /** Ends all searches at once. */
  stop(): void {
    for (const worker of this.#workers) worker.kill("SIGKILL");
  }

  /** What fails without the bug as well shows nothing. */
  #control(play: Play): Promise<string | undefined> {
    const key = JSON.stringify(play);
    const known = this.#controls.get(key);
    if (known !== undefined) return known;
    const control = this.#search(undefined, play).then(({ result, ending }) => {
      if (result?.kind === "survived") return undefined;
      const what = result?.message ?? `its process ${describeEnding(ending)}`;
      return `it fails without the bug as well: ${what}`;
    });
    this.#controls.set(key, control);
    return control;
  }

  async #search(mutant: Mutant | undefined, only: Play | undefined): Promise<Searched> {
    const { seeds, seconds, hangSeconds } = this.#budget;
    const { focus, row = "" } = mutant ?? {};
    const order: WorkerOrder = { kind: "search", seeds, seconds, focus, row, only };
    const worker = startWorker(mutant, order, ["ignore", "ignore", "pipe", "ipc"]);
    this.#workers.add(worker);
    const state: { result?: Result; play?: Play; plays: number; errors: string } = {
      ...{ plays: 0, errors: "" },
    };
    worker.stderr?.on("data", (chunk: Buffer) => {
      state.errors = (state.errors + chunk.toString()).slice(-2_000);
    });
    const onMessage = (json: unknown): void => {
      const message = toMessage(json);
      if (message.kind === "plays") {
        state.play = message.play;
        state.plays += 1;
        return;
      }
      state.result = message;
      worker.disconnect();
    };
    const ending = await supervise(worker, { silenceSeconds: hangSeconds, onMessage });
    this.#workers.delete(worker);
    const { result, play, plays, errors } = state;
    return { result, ending, play, plays, errors };
  }
}

/** Plays once with the bug planted and tells the story. @returns The exit code */
export function replayMutant(mutant: Mutant, play: Play): Promise<number> {
  const worker = startWorker(mutant, { kind: "replay", play }, [
    "ignore",
    "inherit",
    "inherit",
    "ipc",
  ]);
  return new Promise((resolve) => {
    worker.once("exit", (code) => resolve(code ?? 1));
  });
}

function startWorker(
  mutant: Mutant | undefined,
  order: WorkerOrder,
  stdio: StdioOptions,
): ChildProcess {
  const hook = fileURLToPath(new URL("mutate.mjs", import.meta.url));
  const { file, find, replace } = mutant ?? {};
  return fork(fileURLToPath(new URL("worker.ts", import.meta.url)), [JSON.stringify(order)], {
    execArgv: ["--conditions=@quorate/source", "--import", hook, "--import", "tsx"],
    env: {
      ...process.env,
      QUORATE_MUTANT: mutant === undefined ? "" : JSON.stringify({ file, find, replace }),
    },
    stdio,
  });
}

function toCatch({ result, ending, play, plays, errors }: Searched): Catch {
  if (result !== undefined) return result;
  const isHung = ending.kind === "silent" && play !== undefined;
  if (isHung) return { kind: "caught", checker: "hang", play, plays };
  const last =
    errors
      .trim()
      .split("\n")
      .find((line) => /Error|Cannot/.test(line)) ?? "";
  return { kind: "unclear", why: `its process ${describeEnding(ending)} without a result ${last}` };
}

/** What a worker sends is what it builds: both are this program. */
function toMessage(message: unknown): WorkerMessage {
  return message as WorkerMessage;
}
