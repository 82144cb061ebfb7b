import type { SimScheduler } from "@quorate/platform/sim";

/**
 * The door of a simulated process: what the world does to it goes through here.
 *
 * While the process is paused (SIGSTOP), work waits in order; once it is dead, nothing enters.
 */
export class ProcessGate {
  readonly #scheduler: SimScheduler;
  readonly #deliver: (work: () => void) => void;
  readonly #waiting: (() => void)[] = [];
  #isPaused = false;
  #isAlive = true;

  /** @param deliver - Runs work as the process's own, now or later; may never run it. */
  constructor(scheduler: SimScheduler, deliver: (work: () => void) => void = runNow) {
    this.#scheduler = scheduler;
    this.#deliver = deliver;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Runs work in the process, now or when it goes on; never when it is dead. */
  enter(work: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused || this.#waiting.length > 0) this.#waiting.push(work);
    else this.#run(work);
  }

  /** Stops the process; idempotent. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on: what waited runs in order, each piece in an event of its own. Idempotent. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#waiting.length > 0) this.#scheduler.schedule(0, () => this.#takeNext());
  }

  /** The process is no more; what waited is forgotten. Idempotent. */
  die(): void {
    this.#isAlive = false;
    this.#waiting.length = 0;
  }

  #takeNext(): void {
    if (this.#isPaused) return;
    const work = this.#waiting.shift();
    if (work === undefined) return;
    // Before the work: it may throw, and the rest of the queue must go on being served.
    if (this.#waiting.length > 0) this.#scheduler.schedule(0, () => this.#takeNext());
    this.#run(work);
  }

  #run(work: () => void): void {
    this.#deliver(() => {
      if (this.#isAlive) work();
    });
  }
}

function runNow(work: () => void): void {
  work();
}
