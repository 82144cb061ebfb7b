import type { Timer, Timers } from "@quorate/platform";
import type { SimClock, SimScheduler } from "@quorate/platform/sim";

/** What a process tells its world. */
export interface ProcessTimersHooks {
  /** A callback of the process has run. */
  readonly onRan?: () => void;
  /** A callback has thrown: the process dies of it. @default the scheduler's caller gets it */
  readonly onUncaught?: (error: unknown) => void;
}

/**
 * Everything that makes one simulated process run: its timers, and what arrives for it.
 *
 * A process that is paused (SIGSTOP) runs nothing; what falls due meanwhile waits and runs when it
 * goes on: timers first, then mail, each as an event of its own, as an event loop does that finds
 * both (B12). A process that died runs nothing any more.
 *
 * @example
 * ```ts
 * const timers = new ProcessTimers(scheduler, clock);
 * network.join(id, handler, { deliver: (callback) => timers.run(callback) });
 * timers.pause();
 * ```
 */
export class ProcessTimers implements Timers {
  readonly #scheduler: SimScheduler;
  readonly #clock: SimClock | undefined;
  readonly #hooks: ProcessTimersHooks;
  readonly #live = new Set<ProcessTimer>();
  #lateTimers: ProcessTimer[] = [];
  #mail: (() => void)[] = [];
  #isWorkingOff = false;
  #isPaused = false;
  #isAlive = true;

  /** @param clock - Its rate stretches delays, as on a machine whose clock drifts (B13). */
  constructor(scheduler: SimScheduler, clock?: SimClock, hooks: ProcessTimersHooks = {}) {
    this.#scheduler = scheduler;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** Whether the process stands still. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** False once it has died. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Callbacks that wait for the process to go on. */
  get waiting(): number {
    return this.#lateTimers.length + this.#mail.length;
  }

  setTimer(delayMillis: number, callback: () => void): Timer {
    const timer = new ProcessTimer(callback, this.#live);
    if (!this.#isAlive) return timer;
    this.#live.add(timer);
    timer.inner = this.#scheduler.schedule(delayMillis / (this.#clock?.rate ?? 1), () => {
      if (this.#isPaused || this.#isWorkingOff) this.#lateTimers.push(timer);
      else this.#fire(timer);
    });
    return timer;
  }

  setImmediate(callback: () => void): Timer {
    return this.setTimer(0, callback);
  }

  /** Hands the process something from outside: now, when it goes on, or never. */
  run(callback: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused || this.#isWorkingOff) this.#mail.push(callback);
    else this.#call(callback);
  }

  /** SIGSTOP. */
  pause(): void {
    this.#isPaused = true;
  }

  /** SIGCONT. */
  goOn(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.waiting > 0) this.#workOffLater();
  }

  /** Drops every callback, also those that are still being set. */
  die(): void {
    this.#isAlive = false;
    for (const timer of this.#live) timer.cancel();
    this.#lateTimers = [];
    this.#mail = [];
  }

  #fire(timer: ProcessTimer): void {
    if (!this.#live.delete(timer)) return;
    this.#call(timer.callback);
  }

  /** What arrives while there is a queue joins it: nothing overtakes. */
  #workOffLater(): void {
    if (this.#isWorkingOff) return;
    this.#isWorkingOff = true;
    this.#scheduler.schedule(0, () => {
      this.#isWorkingOff = false;
      if (this.#isPaused || !this.#isAlive) return;
      const timer = this.#lateTimers.shift();
      const callback = timer === undefined ? this.#mail.shift() : undefined;
      if (this.waiting > 0) this.#workOffLater();
      if (timer !== undefined) this.#fire(timer);
      else if (callback !== undefined) this.#call(callback);
    });
  }

  #call(callback: () => void): void {
    const { onUncaught, onRan } = this.#hooks;
    if (onUncaught === undefined) callback();
    else {
      try {
        callback();
      } catch (error) {
        onUncaught(error);
      }
    }
    if (this.#isAlive) onRan?.();
  }
}

class ProcessTimer implements Timer {
  readonly callback: () => void;
  readonly #live: Set<ProcessTimer>;
  inner: Timer | undefined;

  constructor(callback: () => void, live: Set<ProcessTimer>) {
    this.callback = callback;
    this.#live = live;
  }

  cancel(): void {
    this.#live.delete(this);
    this.inner?.cancel();
  }
}
