import { performance } from "node:perf_hooks";
import type { Clock, Timer, Timers } from "../clock.ts";

/** The process's clocks. */
export class NodeClock implements Clock {
  monotonicMillis(): number {
    return performance.now();
  }

  wallMillis(): number {
    return Date.now();
  }
}

/** The process's timers. */
export class NodeTimers implements Timers {
  readonly #longestMillis: number;

  /** @param longestMillis - Longer delays are split; smaller than the default in tests only. */
  constructor(longestMillis: number = longestDelayMillis) {
    this.#longestMillis = longestMillis;
  }

  setTimer(delayMillis: number, callback: () => void): Timer {
    if (!(delayMillis >= 0)) throw new RangeError(`Invalid delay: ${delayMillis}`);
    const deadlineMillis = performance.now() + delayMillis;
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const leftMillis = Math.ceil(deadlineMillis - performance.now());
      handle = setTimeout(fire, Math.min(Math.max(leftMillis, 0), this.#longestMillis));
    };
    const fire = (): void => {
      // Node counts from the start of the turn in whole milliseconds and may be 1 ms early (L1).
      if (performance.now() < deadlineMillis) arm();
      else callback();
    };
    arm();
    return {
      cancel: () => {
        clearTimeout(handle);
      },
    };
  }

  setImmediate(callback: () => void): Timer {
    const handle = setImmediate(callback);
    return {
      cancel: () => {
        clearImmediate(handle);
      },
    };
  }
}

/** Node turns a longer delay into 1 ms without an error (C50). */
const longestDelayMillis = 2 ** 31 - 1;
