import { debuggingMetrics } from "./debugging-metrics.ts";
import { diskMetrics } from "./disk-metrics.ts";
import { mvccMetrics } from "./mvcc-metrics.ts";
import { networkMetrics } from "./network-metrics.ts";
import { processMetrics } from "./process-metrics.ts";
import { quorateMetrics } from "./quorate-metrics.ts";
import { rpcMetrics } from "./rpc-metrics.ts";
import { serverMetrics } from "./server-metrics.ts";

/** The type of {@link memberCatalogue}: each metric's name with its definition. */
export type MemberCatalogue = typeof serverMetrics &
  typeof mvccMetrics &
  typeof diskMetrics &
  typeof networkMetrics &
  typeof debuggingMetrics &
  typeof rpcMetrics &
  typeof processMetrics &
  typeof quorateMetrics;

/** All metrics of a member, without those that are on demand. */
export const memberCatalogue: MemberCatalogue = {
  ...serverMetrics,
  ...mvccMetrics,
  ...diskMetrics,
  ...networkMetrics,
  ...debuggingMetrics,
  ...rpcMetrics,
  ...processMetrics,
  ...quorateMetrics,
};
