/**
 * Instruments that a component writes to, without knowing who exposes them.
 *
 * The exporter's catalogue makes the real ones.
 */
export interface Counter {
  /** Adds a non-negative amount, 1 by default. */
  add(amount?: number): void;
}

/** A value that goes up and down. */
export interface Gauge {
  set(value: number): void;
}

/** A distribution; observe in the unit that the metric's name ends with. */
export interface Histogram {
  observe(value: number): void;
}
