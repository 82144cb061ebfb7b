import type { Counter, Gauge, Histogram } from "@quorate/platform";

/**
 * Instruments that are plain numbers: writing to one costs nanoseconds, everything else happens at
 * the scrape. (prom-client's own take 150 to 270 ns with labels, several times per request.)
 */
export class CounterCell implements Counter {
  value = 0;

  /** Ignores negative and undefined amounts: a counter never goes back. */
  add(amount = 1): void {
    if (amount > 0) this.value += amount;
  }
}

/** See {@link CounterCell}. */
export class GaugeCell implements Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  /** Adds to the value; negative amounts take away. */
  shift(amount: number): void {
    this.value += amount;
  }
}

/**
 * See {@link CounterCell}; `counts` has one place more than there are bounds, for what is above.
 */
export class HistogramCell implements Histogram {
  readonly bounds: Float64Array;
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = Float64Array.from(bounds);
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Ignores NaN. Bounds are inclusive. */
  observe(value: number): void {
    if (value !== value) return;
    const { bounds } = this;
    let index = 0;
    while (index < bounds.length && value > Number(bounds[index])) index += 1;
    this.counts[index] = Number(this.counts[index]) + 1;
    this.sum += value;
  }
}
