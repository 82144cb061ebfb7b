/** Plays seeds in several processes and ends with one line. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { currentCommit } from "./commit.ts";
import type { Focus } from "./plan/focus.ts";
import { Summary, type SeedReport } from "./summary.ts";
import {
  describeEnding,
  onStopSignal,
  stopSignals,
  supervise,
  type Ending,
  type StopSignal,
} from "./supervise.ts";

/** Which seeds are played, and where. */
export interface SeedOptions {
  readonly first: bigint;
  /** Most seeds. */
  readonly seeds: number;
  /** Real seconds from the first seed on; seeds that are under way then are played to their end. */
  readonly seconds: number;
  readonly workers: number;
  /** A seed of more real seconds hangs (D12). */
  readonly hangSeconds: number;
  /** The theme of all plans. @default one plan in five has one */
  readonly focus?: Focus | undefined;
  /** Whether all may be well though something was never reached or judged (D12). @default true */
  readonly mayHaveHoles?: boolean | undefined;
}

/** What a worker is told. */
export interface WorkerOrder {
  readonly seed: string;
  readonly focus: Focus | undefined;
  /** Whether the seed is played twice: it must tell the same story (D2). */
  readonly isTwice: boolean;
}

/** What a worker tells: that it can begin, that a second play begins, or what a seed came to. */
export type WorkerMessage =
  { readonly kind: "ready" | "again" } | ({ readonly kind: "played" } & SeedReport);

interface WorkerState {
  isStarted: boolean;
  /** What it plays now. */
  order: WorkerOrder | undefined;
}

const progressMillis = 5_000;
/** Failures that are told in full; the others by their seed and message. */
const storiesMax = 3;
/** One seed in so many is played twice, and not the first ones: short runs end soon. */
const twiceEvery = 100;
const twiceAt = 19;

/** @returns The exit code: 1 when a promise was broken. */
export function runSeeds(options: SeedOptions): Promise<number> {
  return new SeedRun(options).run();
}

class SeedRun {
  readonly #options: SeedOptions;
  readonly #commit = currentCommit();
  readonly #summary = new Summary();
  readonly #workers = new Set<ChildProcess>();
  readonly #underWay = new Set<string>();
  #begun = 0;
  #endMillis: number | undefined;
  #stoppedBy: StopSignal | undefined;
  #isBroken = false;

  constructor(options: SeedOptions) {
    this.#options = options;
  }

  async run(): Promise<number> {
    const { first, workers } = this.#options;
    console.log(`seeds from ${first} in ${workers} processes, commit ${this.#commit}`);
    const progress = process.stderr.isTTY
      ? setInterval(() => console.error(this.#summary.short()), progressMillis)
      : undefined;
    const ignore = onStopSignal((signal) => this.#stop(signal));
    await Promise.all(Array.from({ length: workers }, () => this.#playInOrder()));
    clearInterval(progress);
    const code = this.#conclude();
    ignore();
    return code;
  }

  /** Follows one worker after the other: one that died or hung has a successor. */
  async #playInOrder(): Promise<void> {
    do {
      const isStarted = await this.#follow(this.#start());
      if (isStarted || this.#stoppedBy !== undefined) continue;
      this.#isBroken = true;
      return;
    } while (this.#hasMore());
  }

  #start(): ChildProcess {
    const worker = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), []);
    this.#workers.add(worker);
    return worker;
  }

  /** @returns Whether the worker came as far as a first word. */
  async #follow(worker: ChildProcess): Promise<boolean> {
    const state: WorkerState = { isStarted: false, order: undefined };
    const onMessage = (json: unknown): void => {
      const message = toMessage(json);
      if (message.kind === "again") return;
      state.isStarted = true;
      if (message.kind === "played") this.#add(message);
      state.order = this.#take();
      if (state.order === undefined) worker.disconnect();
      // Whatever ends a worker is seen there.
      else worker.send(state.order, () => undefined);
    };
    const silenceSeconds = this.#options.hangSeconds;
    const ending = await supervise(worker, { silenceSeconds, onMessage });
    this.#workers.delete(worker);
    if (this.#stoppedBy === undefined) this.#judge(state, ending);
    return state.isStarted;
  }

  /** A worker that ends while it plays takes its seed with it. */
  #judge({ isStarted, order }: WorkerState, ending: Ending): void {
    if (!isStarted) console.log(`A worker ${describeEnding(ending)} before its first seed.`);
    if (order === undefined) return;
    const what = ending.kind === "silent" ? "hang" : "process";
    this.#addLost(order.seed, `D12: ${what}: its process ${describeEnding(ending)}`);
  }

  #hasMore(): boolean {
    const isInTime = performance.now() < (this.#endMillis ?? Infinity);
    return isInTime && this.#begun < this.#options.seeds && this.#stoppedBy === undefined;
  }

  #take(): WorkerOrder | undefined {
    this.#endMillis ??= performance.now() + this.#options.seconds * 1000;
    if (!this.#hasMore()) return undefined;
    const { first, focus } = this.#options;
    const seed = BigInt.asUintN(64, first + BigInt(this.#begun)).toString();
    const isTwice = this.#begun % twiceEvery === twiceAt;
    this.#begun += 1;
    this.#underWay.add(seed);
    return { seed, focus, isTwice };
  }

  #add(report: SeedReport): void {
    const { failure, seed } = report;
    this.#underWay.delete(seed);
    this.#summary.add(report);
    if (failure === undefined) return;
    if (this.#summary.failed.length <= storiesMax) console.log(failure.lines.join("\n"));
    this.#tellFailed(seed, failure.message);
  }

  #addLost(seed: string, message: string): void {
    this.#underWay.delete(seed);
    this.#summary.addLost(seed);
    this.#tellFailed(seed, message);
  }

  #tellFailed(seed: string, message: string): void {
    console.log(`seed ${seed} FAILED ${message}\n${this.#repeat(seed)}`);
  }

  /** What is typed to see a seed again. */
  #repeat(seed: string): string {
    const { focus } = this.#options;
    const theme = focus === undefined ? "" : ` --focus ${focus}`;
    return `npm run sim -- --seed ${seed}${theme}   # commit ${this.#commit}`;
  }

  #stop(signal: StopSignal): void {
    this.#stoppedBy ??= signal;
    for (const worker of this.#workers) worker.kill("SIGKILL");
  }

  /** Tells what was done. @returns The exit code */
  #conclude(): number {
    const { seeds, failed } = this.#summary;
    const stop = this.#stoppedBy;
    if (stop !== undefined) {
      const left =
        this.#underWay.size === 0 ? "" : `, under way: ${[...this.#underWay].join(", ")}`;
      console.log(`stopped by ${stop} before the end${left}`);
    }
    console.log(this.#summary.lines().join("\n"));
    for (const seed of failed) console.log(this.#repeat(seed));
    if (this.#isBroken) console.error("Cannot start all workers: the count is not complete.");
    if (failed.length > 0) return 1;
    if (stop !== undefined) return stopSignals[stop];
    const { mayHaveHoles = true } = this.#options;
    const isWhole = mayHaveHoles || this.#summary.holes.length === 0;
    return this.#isBroken || seeds === 0 || !isWhole ? 1 : 0;
  }
}

/** What a worker sends is what it builds: both are this program. */
function toMessage(message: unknown): WorkerMessage {
  return message as WorkerMessage;
}
