/**
 * Judges a failed call: which error the caller sees, and whether it may be sent again.
 *
 * etcd words its errors and clients recognise the words, so the text decides first and the gRPC
 * code second. For writes the question is P6's: can the request still take effect? Only when it
 * surely cannot is the error definite, and only when the server refused it before proposing, or
 * never saw it, is it sent again.
 */
import { wireErrors, type WireErrorCode } from "@quorate/api";

import { ServerError, TransportError, type EtcdError, type TransportErrorCode } from "./errors.ts";
import type { MethodSafety } from "./method-safety.ts";
import { statusCode } from "./status-code.ts";

/** A call's end as gRPC reports it. @internal */
export interface FailedCall {
  readonly grpcCode: number;
  readonly details: string;
  readonly method: string;
  readonly safety: MethodSafety;
  readonly endpoint: string;
}

/** What to do about a failed call. @internal */
export interface Verdict {
  readonly error: EtcdError;
  /** `elsewhere`: may be sent again; `refresh-token`: likewise, with a new token; `no`: never. */
  readonly retry: "no" | "elsewhere" | "refresh-token";
  /** Whether another endpoint is likely to do better. */
  readonly isEndpointAtFault: boolean;
}

const text = (code: WireErrorCode): string => wireErrors[code].message;

/** Refused before anything was proposed: certain to have no effect, another member may serve it. */
const refusedTexts: ReadonlySet<string> = new Set([
  text("no-leader"),
  text("too-many-requests"),
  text("not-supported-for-learner"),
  text("not-capable"),
  text("proposal-dropped"),
]);

/** Refused because of the token; a new one cures it. */
const staleTokenTexts: ReadonlySet<string> = new Set([
  text("invalid-auth-token"),
  text("auth-revision-old"),
  text("user-empty"),
]);

/** Errors of the member or its connection to the cluster, not of the request. */
const endpointFaultTexts: ReadonlySet<string> = new Set([
  ...refusedTexts,
  text("stopped"),
  text("timeout"),
  text("timeout-leader-failure"),
  text("timeout-connection-lost"),
  text("timeout-applied-index"),
  text("not-primary-lessor"),
]);

/** Definite although their gRPC code alone would leave the outcome open. */
const definiteTexts: ReadonlySet<string> = new Set([
  ...refusedTexts,
  text("unhealthy-cluster"),
  text("not-enough-started-members"),
  text("corrupt"),
  text("no-password-user"),
  text("password-too-long"),
  text("downgrade-action-unknown"),
]);

/**
 * Codes a server uses only for requests that it refused for good. ALREADY_EXISTS is not produced
 * by etcd today, but means the same.
 */
const definiteCodes: ReadonlySet<number> = new Set<number>([
  statusCode.invalidArgument,
  statusCode.notFound,
  statusCode.alreadyExists,
  statusCode.permissionDenied,
  statusCode.failedPrecondition,
  statusCode.outOfRange,
  statusCode.unauthenticated,
]);

/** grpc-js says so when the request never left this process or the server never looked at it. */
const notSentPattern =
  /^(No connection established|Name resolution failed|Stream refused by server)/;
const tooLargePattern = /^(grpc: received message larger than max|Attempted to send message)/;

const serverCodes: ReadonlyMap<string, WireErrorCode> = new Map(
  Object.keys(wireErrors)
    .filter(isWireErrorCode)
    .map((code) => [wireErrors[code].message, code]),
);

function isWireErrorCode(code: string): code is WireErrorCode {
  return Object.hasOwn(wireErrors, code);
}

const transportCodes: ReadonlyMap<number, TransportErrorCode> = new Map<number, TransportErrorCode>(
  [
    [statusCode.cancelled, "cancelled"],
    [statusCode.deadlineExceeded, "deadline-exceeded"],
    [statusCode.unavailable, "unavailable"],
    [statusCode.resourceExhausted, "resource-exhausted"],
    [statusCode.unimplemented, "unimplemented"],
    [statusCode.permissionDenied, "permission-denied-by-transport"],
  ],
);

/** See the file comment. */
export function judge(call: FailedCall): Verdict {
  const error = toError(call);
  const isEndpointAtFault =
    endpointFaultTexts.has(call.details) ||
    (error instanceof TransportError && isConnectionTrouble(call));
  return { error, retry: mayRetry(call), isEndpointAtFault };
}

/** The typed error of a failed call; `cause` is what ended it, if it was this process. */
export function toError(call: FailedCall, cause?: unknown): ServerError | TransportError {
  const failure = { ...call, isOutcomeUnknown: call.safety === "write" && !isDefinite(call) };
  const serverCode = serverCodes.get(call.details);
  if (serverCode !== undefined) return new ServerError(serverCode, call.details, failure);
  if (/^(etcdserver|auth|mvcc|election|mutex|lease): /.test(call.details)) {
    return new ServerError("unknown-server-error", call.details, failure);
  }
  const code = transportCode(call);
  const message = `${call.method} failed: ${call.details === "" ? code : call.details}`;
  return new TransportError(code, message, failure, cause);
}

function transportCode(call: FailedCall): TransportErrorCode {
  // Nobody cancelled it: grpc-js words some connections that broke like this.
  if (call.grpcCode === statusCode.cancelled && isConnectionTrouble(call)) return "unavailable";
  return transportCodes.get(call.grpcCode) ?? "transport-failure";
}

function isDefinite(call: FailedCall): boolean {
  if (definiteTexts.has(call.details)) return true;
  if (call.grpcCode === statusCode.unavailable && notSentPattern.test(call.details)) return true;
  if (call.grpcCode === statusCode.resourceExhausted) return tooLargePattern.test(call.details);
  // grpc-js reports an answer it cannot decompress with the same code: that write happened.
  if (call.grpcCode === statusCode.unimplemented) return call.details.startsWith("unknown ");
  return definiteCodes.has(call.grpcCode);
}

function mayRetry(call: FailedCall): Verdict["retry"] {
  if (staleTokenTexts.has(call.details)) return "refresh-token";
  if (refusedTexts.has(call.details)) return "elsewhere";
  if (call.grpcCode === statusCode.unavailable && notSentPattern.test(call.details)) {
    return "elsewhere";
  }
  if (call.safety === "write") return "no";
  return isConnectionTrouble(call) ? "elsewhere" : "no";
}

function isConnectionTrouble(call: FailedCall): boolean {
  switch (call.grpcCode) {
    case statusCode.unavailable:
      return call.details !== text("unhealthy-cluster");
    case statusCode.deadlineExceeded:
      return true;
    case statusCode.cancelled:
    case statusCode.internal:
      // Connections that break in mid-call surface with these codes and grpc-js's own words.
      return /RST_STREAM|Call cancelled|without gRPC status|Premature/.test(call.details);
    case statusCode.unknown:
      return call.details === text("not-primary-lessor");
    default:
      return false;
  }
}
