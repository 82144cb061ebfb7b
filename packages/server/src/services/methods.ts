import type { RpcMethod } from "@quorate/grpc";
import { clusterMethods } from "./cluster-service.ts";
import { healthMethods } from "./health-service.ts";
import { kvMethods } from "./kv-service.ts";
import { leaseMethods } from "./lease-service.ts";
import { maintenanceMethods } from "./maintenance-service.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { ServiceContext } from "./service-context.ts";
import { watchMethods } from "./watch-service.ts";

/** Everything that a member answers to clients. */
export function createMethods(context: ServiceContext, streams: OpenStreams): readonly RpcMethod[] {
  return [
    ...kvMethods(context),
    ...watchMethods(context, streams),
    ...leaseMethods(context, streams),
    ...clusterMethods(context),
    ...maintenanceMethods(context),
    ...healthMethods(context, streams),
  ];
}
