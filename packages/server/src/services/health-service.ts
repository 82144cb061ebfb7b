/** `grpc.health.v1.Health`: the whole server under the name "". */
import {
  HealthCheckResponseServingStatus,
  services,
  type HealthCheckResponseInit,
  type HealthListResponseInit,
} from "@quorate/api";
import type { RpcMethod } from "@quorate/grpc";
import { unary, type Reply } from "./calls.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";

/** The methods of the service. A server that takes calls at all is serving. */
export function healthMethods(context: ServiceContext, streams: OpenStreams): readonly RpcMethod[] {
  const { check, list, watch } = services.health;
  const { SERVING, SERVICE_UNKNOWN } = HealthCheckResponseServingStatus;
  return [
    unary(context, check, (request, reply: Reply<HealthCheckResponseInit>) => {
      if (request.service !== "") throw new ServiceError("health-service-unknown");
      reply.ok({ status: SERVING });
    }),
    unary(context, list, (_request, reply: Reply<HealthListResponseInit>) => {
      reply.ok({ statuses: new Map([["", { status: SERVING }]]) });
    }),
    {
      kind: "server-stream",
      path: watch.path,
      handle: (bytes, stream) => {
        try {
          streams.admit(stream);
          const { service } = watch.decodeRequest(bytes);
          const status = service === "" ? SERVING : SERVICE_UNKNOWN;
          streams.add(stream);
          stream.write([watch.encodeResponse({ status })]);
        } catch (error) {
          stream.fail(toStatus(error));
        }
      },
    },
  ];
}
