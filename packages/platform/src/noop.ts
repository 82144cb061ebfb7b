import type { Logger } from "./logger.ts";
import type { Counter, Gauge, Histogram } from "./meter.ts";

/** A logger that writes nothing; all levels are disabled. */
export const noopLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => noopLogger,
  isEnabled: () => false,
};

/** A counter that counts nothing. */
export const noopCounter: Counter = { add: ignore };

/** A gauge that keeps nothing. */
export const noopGauge: Gauge = { set: ignore };

/** A histogram that keeps nothing. */
export const noopHistogram: Histogram = { observe: ignore };

function ignore(): void {
  // Nothing is kept.
}
