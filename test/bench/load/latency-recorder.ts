import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

import type { Latencies } from "./load-spec.ts";

/** Longest latency told apart from longer ones. */
const latencyMaxMicros = 120_000_000;

/** Gathers latencies in a histogram of three digits. */
export class LatencyRecorder {
  readonly #histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: latencyMaxMicros,
    figures: 3,
  });
  #maxMillis = 0;

  /** Adds a latency in milliseconds. */
  add(millis: number): void {
    if (millis > this.#maxMillis) this.#maxMillis = millis;
    const micros = Math.round(millis * 1_000);
    this.#histogram.record(Math.min(Math.max(micros, 1), latencyMaxMicros));
  }

  /** What was gathered; zeros when that is nothing. */
  latencies(): Latencies {
    if (this.#histogram.count === 0) return { p50: 0, p99: 0, p999: 0, max: 0 };
    const at = (percent: number): number => this.#histogram.percentile(percent) / 1_000;
    return { p50: at(50), p99: at(99), p999: at(99.9), max: this.#maxMillis };
  }
}
