import {
  DecodeError,
  decodeAlarmRequest,
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodeLeaseCheckpointRequest,
  decodeLeaseGrantRequest,
  decodeLeaseRevokeRequest,
  decodeTxnRequest,
  type AlarmRequest,
  type CompactionRequest,
  type DeleteRangeRequest,
  type LeaseCheckpointRequest,
  type LeaseGrantRequest,
  type LeaseRevokeRequest,
  type TxnRequest,
} from "@quorate/api";
import { MalformedRequestError } from "./errors.ts";
import {
  decodeClusterVersionRequest,
  decodeLeaseExpireRequest,
  decodeMemberAttributes,
  type ClusterVersionRequest,
  type LeaseExpireRequest,
} from "./internal-request.ts";
import type { MemberAttributes } from "./member-table.ts";
import { PutCommand } from "./put-command.ts";
import type { RequestKind } from "./request-kind.ts";

/** The message of each kind of request. */
export interface RequestMessages {
  put: PutCommand;
  "delete-range": DeleteRangeRequest;
  txn: TxnRequest;
  compact: CompactionRequest;
  /** With the final id and TTL: see `normalizeLeaseGrant`. */
  "lease-grant": LeaseGrantRequest;
  "lease-revoke": LeaseRevokeRequest;
  "lease-expire": LeaseExpireRequest;
  "lease-checkpoint": LeaseCheckpointRequest;
  alarm: AlarmRequest;
  "member-attributes": MemberAttributes;
  "cluster-version": ClusterVersionRequest;
}

/** A decoded request; discriminated by `kind`. */
export type DecodedRequest = {
  [K in RequestKind]: { readonly kind: K; readonly message: RequestMessages[K] };
}[RequestKind];

const decoders: Readonly<Record<RequestKind, (bytes: Uint8Array) => DecodedRequest>> = {
  put: (bytes) => ({ kind: "put", message: new PutCommand(bytes) }),
  "delete-range": (bytes) => ({ kind: "delete-range", message: decodeDeleteRangeRequest(bytes) }),
  txn: (bytes) => ({ kind: "txn", message: decodeTxnRequest(bytes) }),
  compact: (bytes) => ({ kind: "compact", message: decodeCompactionRequest(bytes) }),
  "lease-grant": (bytes) => ({ kind: "lease-grant", message: decodeLeaseGrantRequest(bytes) }),
  "lease-revoke": (bytes) => ({ kind: "lease-revoke", message: decodeLeaseRevokeRequest(bytes) }),
  "lease-expire": (bytes) => ({ kind: "lease-expire", message: decodeLeaseExpireRequest(bytes) }),
  "lease-checkpoint": (bytes) => ({
    kind: "lease-checkpoint",
    message: decodeLeaseCheckpointRequest(bytes),
  }),
  alarm: (bytes) => ({ kind: "alarm", message: decodeAlarmRequest(bytes) }),
  "member-attributes": (bytes) => ({
    kind: "member-attributes",
    message: decodeMemberAttributes(bytes),
  }),
  "cluster-version": (bytes) => ({
    kind: "cluster-version",
    message: decodeClusterVersionRequest(bytes),
  }),
};

/**
 * Decodes the bytes of a request. Byte fields are views into them.
 *
 * @throws {@link MalformedRequestError} when they are no message of the kind.
 */
export function decodeRequest(kind: RequestKind, bytes: Uint8Array): DecodedRequest {
  try {
    return decoders[kind](bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw new MalformedRequestError(`${kind} request`, error);
    throw error;
  }
}

/**
 * Completes a grant before it is proposed, so that applying it needs neither chance nor settings.
 *
 * @param random - 64 uniform bits; makes the id (positive, as etcd's) when the client left it open.
 * @param ttlMinSeconds - Shortest TTL; see {@link minLeaseTtlSeconds}.
 */
export function normalizeLeaseGrant(
  request: LeaseGrantRequest,
  { random, ttlMinSeconds }: { readonly random: bigint; readonly ttlMinSeconds: number },
): LeaseGrantRequest {
  const drawn = BigInt.asUintN(63, random);
  const id = request.id !== 0n ? request.id : drawn === 0n ? 1n : drawn;
  return { id, ttl: Math.max(request.ttl, ttlMinSeconds) };
}

/**
 * Shortest TTL of a lease in seconds: one and a half election timeouts, rounded up.
 *
 * @remarks As etcd: half ticks are cut before they are multiplied.
 */
export function minLeaseTtlSeconds(timing: {
  readonly electionTicks: number;
  readonly heartbeatMillis: number;
}): number {
  const ticks = Math.floor((3 * timing.electionTicks) / 2);
  return Math.ceil((ticks * timing.heartbeatMillis) / 1000);
}
