/** `etcdserverpb.Lease`: time-limited ownership of keys. */
import {
  encodeLeaseGrantRequest,
  services,
  type LeaseGrantResponseInit,
  type LeaseLeasesResponseInit,
  type LeaseRevokeResponseInit,
  type LeaseTimeToLiveRequest,
  type LeaseTimeToLiveResponseInit,
} from "@quorate/api";
import type { RpcMethod } from "@quorate/grpc";
import { keyToBytes } from "@quorate/mvcc";
import {
  checkLeaseGrantRequest,
  leaseGrantCostBytes,
  minLeaseTtlSeconds,
  normalizeLeaseGrant,
} from "@quorate/state-machine";
import { propose, unary, whenFresh, type Reply } from "./calls.ts";
import { checkQuota } from "./quota.ts";
import { keepAliveMethod } from "./lease-keep-alive.ts";
import { answerLeases } from "./lease-listing.ts";
import type { OpenStreams } from "./open-streams.ts";
import { headerOf, type ServiceContext } from "./service-context.ts";
import { ServiceError } from "./status.ts";

/** The methods of the service. */
export function leaseMethods(context: ServiceContext, streams: OpenStreams): readonly RpcMethod[] {
  const lease = services.lease;
  const { options } = context;
  const ttlMinSeconds = minLeaseTtlSeconds({
    electionTicks: Math.floor(options.electionTimeoutMillis / options.heartbeatMillis),
    heartbeatMillis: options.heartbeatMillis,
  });
  return [
    unary(context, lease.leaseGrant, (request, reply: Reply<LeaseGrantResponseInit>) => {
      checkQuota(context, leaseGrantCostBytes);
      checkLeaseGrantRequest(request);
      const random = context.random.nextBigUint64();
      const message = normalizeLeaseGrant(request, { random, ttlMinSeconds });
      propose(context, {
        decoded: { kind: "lease-grant", message },
        bytes: encodeLeaseGrantRequest(message),
        onError: (error) => reply.fail(error),
        onResponse: (response) => reply.ok({ ...response, header: headerOf(context) }),
      });
    }),
    unary(context, lease.leaseRevoke, (request, reply: Reply<LeaseRevokeResponseInit>, bytes) => {
      propose(context, {
        decoded: { kind: "lease-revoke", message: request },
        bytes,
        onError: (error) => reply.fail(error),
        onResponse: (response) => {
          reply.ok({ header: headerOf(context, response.header?.revision) });
        },
      });
    }),
    keepAliveMethod(context, streams),
    unary(context, lease.leaseTimeToLive, (request, reply: Reply<LeaseTimeToLiveResponseInit>) => {
      whenFresh(
        context,
        (error) => reply.fail(error),
        () => {
          timeToLive(context, request, reply).catch((error: unknown) => reply.fail(error));
        },
      );
    }),
    unary(context, lease.leaseLeases, (_request, reply: Reply<LeaseLeasesResponseInit>) =>
      answerLeases(context, reply),
    ),
  ];
}

async function timeToLive(
  context: ServiceContext,
  { id, keys }: LeaseTimeToLiveRequest,
  reply: Reply<LeaseTimeToLiveResponseInit>,
): Promise<void> {
  const { leases } = context.member.state;
  const lease = leases.get(id);
  const remaining = lease === undefined ? -1 : await context.member.leases.remainingSeconds(id);
  if (remaining === undefined) {
    reply.fail(new ServiceError(context.member.leader === undefined ? "no-leader" : "timeout"));
    return;
  }
  const header = headerOf(context);
  if (lease === undefined || remaining < 0) {
    reply.ok({ header, id, ttl: -1 });
    return;
  }
  const attached = keys ? leases.keysOf(id).map(keyToBytes) : [];
  reply.ok({ header, id, ttl: remaining, grantedTtl: lease.ttlSeconds, keys: attached });
}
