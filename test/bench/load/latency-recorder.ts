import type { Latencies } from "./load-spec.ts";

/** Below this, each microsecond is counted apart; above, a thousandth of the latency. */
const exactMicros = 2_048;
const exactBits = 11;
/** Bins for each power of two above the exact ones. */
const binsOfPower = exactMicros / 2;
/** Longest latency told apart from longer ones: 2^30 microseconds, 18 minutes. */
const latencyMaxMicros = 2 ** 30 - 1;

/**
 * Gathers latencies in a histogram of three digits.
 *
 * Hot: at some hundred thousand answers a second; `perf_hooks`' histogram is a call into native
 * code for each.
 */
export class LatencyRecorder {
  readonly #bins = new Uint32Array(binOf(latencyMaxMicros) + 1);
  #count = 0;
  #maxMillis = 0;

  /** Adds a latency in milliseconds. */
  add(millis: number): void {
    if (millis > this.#maxMillis) this.#maxMillis = millis;
    const micros = Math.min(Math.max(Math.round(millis * 1_000), 0), latencyMaxMicros);
    const bin = binOf(micros);
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
    this.#count += 1;
  }

  /** What was gathered; zeros when that is nothing. */
  latencies(): Latencies {
    return {
      p50: this.#percentile(50),
      p99: this.#percentile(99),
      p999: this.#percentile(99.9),
      max: this.#maxMillis,
    };
  }

  /** The smallest latency that so many percent do not exceed. */
  #percentile(percent: number): number {
    const wanted = Math.ceil((this.#count * percent) / 100);
    if (wanted === 0) return 0;
    let seen = 0;
    for (const [bin, count] of this.#bins.entries()) {
      seen += count;
      if (seen >= wanted) return Math.min(microsOf(bin) / 1_000, this.#maxMillis);
    }
    return this.#maxMillis;
  }
}

function binOf(micros: number): number {
  if (micros < exactMicros) return micros;
  const power = 31 - Math.clz32(micros) - exactBits;
  // The ten bits below the highest one.
  const place = (micros >>> (power + 1)) - binsOfPower;
  return exactMicros + power * binsOfPower + place;
}

/** The largest latency of a bin. */
function microsOf(bin: number): number {
  if (bin < exactMicros) return bin;
  const power = Math.floor((bin - exactMicros) / binsOfPower);
  const place = (bin - exactMicros) % binsOfPower;
  return (binsOfPower + place + 1) * 2 ** (power + 1) - 1;
}
