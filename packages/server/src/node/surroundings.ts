import type { Clock, Logger, Random, Timers } from "@quorate/platform";
import type { NodeMetrics } from "./node-metrics.ts";

/** What the parts of a member in a real process share. */
export interface NodeSurroundings {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: NodeMetrics;
}
