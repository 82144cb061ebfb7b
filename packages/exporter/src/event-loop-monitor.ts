import type { Histogram } from "@quorate/platform";

const periodMillis = 20;

/**
 * Measures how late a timer runs, which is how long something held the event loop.
 *
 * A plain timer every 20 ms, because the sampling of `perf_hooks.monitorEventLoopDelay` keeps no
 * buckets that Prometheus could add up over members.
 */
export class EventLoopMonitor {
  readonly #delaySeconds: Histogram;
  readonly #timer: NodeJS.Timeout;
  #dueMillis: number;

  constructor(delaySeconds: Histogram) {
    this.#delaySeconds = delaySeconds;
    this.#dueMillis = performance.now() + periodMillis;
    this.#timer = setInterval(() => this.#onTick(), periodMillis);
    this.#timer.unref();
  }

  /** Idempotent. */
  close(): void {
    clearInterval(this.#timer);
  }

  #onTick(): void {
    const now = performance.now();
    this.#delaySeconds.observe(Math.max(0, now - this.#dueMillis) / 1_000);
    this.#dueMillis = now + periodMillis;
  }
}
