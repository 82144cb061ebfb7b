/** The HTTP/1.1 door of a member: health, version, metrics. */
import { createServer, type Server } from "node:http";
import { createMetricsHandler } from "@quorate/exporter";
import type { NodeMetrics } from "./node/node-metrics.ts";
import type { ServiceContext } from "./services/service-context.ts";

/** Makes the server; it is handed connections and does not listen itself. */
export function createHttpServer(
  _context: ServiceContext,
  metrics: NodeMetrics,
  _hostAllowList: readonly string[] | undefined,
): Server {
  return createServer(createMetricsHandler(metrics.registry));
}
