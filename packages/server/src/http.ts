/** The HTTP/1.1 door of a member: health, version, metrics. */
import { createServer, type Server } from "node:http";
import { AlarmType } from "@quorate/api";
import { createMetricsHandler } from "@quorate/exporter";
import { createGateway, type AlarmName, type MemberHealth } from "@quorate/gateway";
import type { Member } from "./member/member.ts";
import type { NodeMetrics } from "./node/node-metrics.ts";
import type { ServiceContext } from "./services/service-context.ts";
import { failureError } from "./services/status.ts";
import { protocolVersion } from "./version.ts";

/** Makes the server; it is handed connections and does not listen itself. */
export function createHttpServer(
  { member, logger, options }: ServiceContext,
  metrics: NodeMetrics,
  hostAllowList: readonly string[] | undefined,
): Server {
  const { registry, instruments } = metrics;
  const gateway = createGateway(
    {
      healthTimeoutMillis: 5_000 + 2 * options.electionTimeoutMillis,
      ...(hostAllowList === undefined ? {} : { allowedHosts: hostAllowList }),
    },
    {
      health: healthOf(member),
      versions: () => ({
        server: protocolVersion,
        cluster: member.state.clusterVersion,
        storage: member.state.clusterVersion,
      }),
      metrics: createMetricsHandler(registry, {
        scrapes: instruments.promhttp_metric_handler_requests_total,
        inFlight: instruments.promhttp_metric_handler_requests_in_flight,
        sliceSeconds: instruments.quorate_scrape_duration_seconds,
      }),
      instruments,
      logger,
    },
  );
  return createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, gateway);
}

function healthOf(member: Member): MemberHealth {
  return {
    alarms: () => member.state.alarms.list().map(({ alarm }) => alarmNames[alarm] ?? "UNKNOWN"),
    hasLeader: () => member.leader !== undefined,
    isLearner: () => member.isLearner,
    serializableRead: () =>
      new Promise((resolve, reject) => {
        // Reads the way a request would: a broken database throws, which rejects.
        if (member.isRestoring) reject(failureError("timeout"));
        else resolve(void member.state.get("\0health"));
      }),
    linearizableRead: () =>
      new Promise((resolve, reject) => {
        member.readIndex((failure) => {
          if (failure === undefined) resolve();
          else reject(failureError(failure));
        });
      }),
  };
}

const alarmNames: Readonly<Record<number, AlarmName>> = {
  [AlarmType.NOSPACE]: "NOSPACE",
  [AlarmType.CORRUPT]: "CORRUPT",
};
