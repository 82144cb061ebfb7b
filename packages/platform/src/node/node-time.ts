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
    // setTimeout cuts fractions off: rounding up keeps "at least".
    let leftMillis = Math.ceil(delayMillis);
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const part = Math.min(leftMillis, this.#longestMillis);
      leftMillis -= part;
      handle = setTimeout(leftMillis > 0 ? arm : callback, part);
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
