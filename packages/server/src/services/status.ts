/**
 * The one map from errors of the domain to what goes over the wire. A domain error without a row
 * does not compile.
 */
import { DecodeError, toWireError, unmarshalFailure, type WireErrorCode } from "@quorate/api";
import { StatusCode, type RpcStatus } from "@quorate/grpc";
import { MvccError, type MvccErrorCode } from "@quorate/mvcc";
import { StateMachineError, type StateMachineErrorCode } from "@quorate/state-machine";
import type { ProposalFailure } from "../member/proposal-queue.ts";
import type { ReadFailure } from "../member/read-queue.ts";

/** An error that a service raises itself, by its code on the wire. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode) {
    super(toWireError(code).message);
    this.code = code;
  }
}

/** Errors that end the process or cannot reach a caller: they are answered as INTERNAL. */
const internal = "internal";

const domainErrors = {
  "key-empty": "key-empty",
  "key-not-found": "key-not-found",
  "value-provided": "value-provided",
  "lease-provided": "lease-provided",
  "too-many-operations": "too-many-operations",
  "duplicate-key": "duplicate-key",
  "invalid-sort-option": "invalid-sort-option",
  "no-space": "no-space",
  corrupt: "corrupt",
  "lease-not-found": "lease-not-found",
  "lease-exists": "lease-exists",
  "lease-ttl-too-large": "lease-ttl-too-large",
  "member-exists": "member-exists",
  "peer-url-exists": "peer-url-exists",
  "not-enough-started-members": "not-enough-started-members",
  "invalid-member-urls": "invalid-member-urls",
  "member-not-found": "member-not-found",
  "member-not-learner": "member-not-learner",
  "learner-not-ready": "learner-not-ready",
  "too-many-learners": "too-many-learners",
  "unhealthy-cluster": "unhealthy-cluster",
  "malformed-batch": internal,
  "malformed-request": internal,
  "apply-failed": internal,
  compacted: "compacted",
  "future-revision": "future-revision",
  "revision-exhausted": "no-space",
  "backend-foreign-file": internal,
  "backend-failed": internal,
  "backend-closed": internal,
  "disk-full": "no-space",
  "store-corrupt": internal,
} as const satisfies Record<StateMachineErrorCode | MvccErrorCode, WireErrorCode | typeof internal>;

const failures = {
  timeout: "timeout",
  "no-leader": "no-leader",
  "too-many-requests": "too-many-requests",
  stopped: "stopped",
} as const satisfies Record<ReadFailure | ProposalFailure["reason"], WireErrorCode>;

/** The error of a read or proposal that got no outcome. */
export function failureError(reason: ReadFailure | ProposalFailure["reason"]): ServiceError {
  return new ServiceError(failures[reason]);
}

/** The status of anything that was thrown. Unknown errors tell callers nothing (S9). */
export function toStatus(error: unknown): RpcStatus {
  if (error instanceof ServiceError) return toWireError(error.code);
  if (error instanceof DecodeError) return unmarshalFailure(error.message);
  if (error instanceof StateMachineError || error instanceof MvccError) {
    const code = domainErrors[error.code];
    if (code !== internal) return toWireError(code);
  }
  return { code: StatusCode.INTERNAL, message: "etcdserver: internal error" };
}
