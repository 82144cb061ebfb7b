/**
 * Everything this package throws about the store or the way to it.
 *
 * {@link EtcdError} is the base; `code` is a literal to switch on. {@link ServerError} is a
 * definite answer of the server, recognised by its text as etcd's own clients do;
 * {@link TransportError} is everything that keeps an answer away. Whether a write may have taken
 * effect nevertheless is `isOutcomeUnknown` (P6).
 */
import type { WireErrorCode } from "@quorate/api";

/** Codes of answers that the server words itself; see `wireErrors` of `@quorate/api`. */
export type ServerErrorCode = WireErrorCode | "unknown-server-error";

/** Codes of {@link TransportError}. */
export type TransportErrorCode =
  | "unavailable"
  | "deadline-exceeded"
  | "cancelled"
  | "resource-exhausted"
  | "unimplemented"
  | "permission-denied-by-transport"
  | "malformed-answer"
  | "transport-failure";

/** Base of all errors of this package. */
export abstract class EtcdError extends Error {
  /** Literal name of the case, stable across releases. */
  abstract readonly code: string;
  /**
   * True for a write that was sent and may or may not take effect, now or later. False means it
   * never will. Always false for reads.
   */
  readonly isOutcomeUnknown: boolean = false;
  /**
   * True when the same call may succeed later without anything being changed: the store or the way
   * to it was not available. Whether a write may be repeated is another question.
   */
  readonly isTransient: boolean = false;
}

/** What is known about a failed call. */
export interface CallFailure {
  /** gRPC status number, 0 to 16. */
  readonly grpcCode: number;
  /** gRPC method path such as `/etcdserverpb.KV/Put`. */
  readonly method: string;
  /** Endpoint that was asked last; empty when none was. */
  readonly endpoint: string;
  readonly isOutcomeUnknown: boolean;
}

/** gRPC's status number for a server that cannot be reached or cannot serve now. */
const unavailable = 14;

const transientCodes: ReadonlySet<ServerErrorCode | TransportErrorCode> = new Set([
  "unavailable",
  "deadline-exceeded",
  "transport-failure",
  "too-many-requests",
  "not-primary-lessor",
  "proposal-dropped",
]);

/** The server answered with an error of its own. */
export class ServerError extends EtcdError {
  override readonly name = "ServerError";
  override readonly code: ServerErrorCode;
  override readonly isOutcomeUnknown: boolean;
  override readonly isTransient: boolean;
  readonly grpcCode: number;
  readonly method: string;
  readonly endpoint: string;

  constructor(code: ServerErrorCode, message: string, failure: CallFailure) {
    super(message);
    this.code = code;
    this.isOutcomeUnknown = failure.isOutcomeUnknown;
    this.isTransient = failure.grpcCode === unavailable || transientCodes.has(code);
    this.grpcCode = failure.grpcCode;
    this.method = failure.method;
    this.endpoint = failure.endpoint;
  }
}

/** No answer of the server arrived: connection, deadline, cancellation or a broken message. */
export class TransportError extends EtcdError {
  override readonly name = "TransportError";
  override readonly code: TransportErrorCode;
  override readonly isOutcomeUnknown: boolean;
  override readonly isTransient: boolean;
  readonly grpcCode: number;
  readonly method: string;
  readonly endpoint: string;

  constructor(code: TransportErrorCode, message: string, failure: CallFailure, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.isOutcomeUnknown = failure.isOutcomeUnknown;
    this.isTransient = transientCodes.has(code);
    this.grpcCode = failure.grpcCode;
    this.method = failure.method;
    this.endpoint = failure.endpoint;
  }
}

/** The watch cannot go on: history it still needs was compacted away (W9). Reload, then watch. */
export class WatchCompactedError extends EtcdError {
  override readonly name = "WatchCompactedError";
  override readonly code = "watch-compacted";
  /** Oldest revision that can still be watched from. */
  readonly compactRevision: number;
  /** Revision the watch wanted to go on from. */
  readonly startRevision: number;

  constructor(compactRevision: number, startRevision: number) {
    super(`Cannot watch from revision ${startRevision}: compacted up to ${compactRevision}`);
    this.compactRevision = compactRevision;
    this.startRevision = startRevision;
  }
}

/** The server ended or refused one watch; `reason` is its text. */
export class WatchCanceledError extends EtcdError {
  override readonly name = "WatchCanceledError";
  override readonly code = "watch-canceled";
  readonly reason: string;

  constructor(reason: string) {
    super(`Watch canceled by the server: ${reason === "" ? "no reason given" : reason}`);
    this.reason = reason;
  }
}

/** Why a lease counts as lost. */
export type LeaseLossReason = "expired" | "deadline" | "revoked" | "client-closed";

/** The lease is gone, or can be gone any moment without our knowing. */
export class LeaseLostError extends EtcdError {
  override readonly name = "LeaseLostError";
  override readonly code = "lease-lost";
  readonly leaseId: bigint;
  /**
   * `expired`: the server says so; `deadline`: no renewal came back in time; `revoked`: by us;
   * `client-closed`: nobody renews it any more.
   */
  readonly reason: LeaseLossReason;

  constructor(leaseId: bigint, reason: LeaseLossReason) {
    super(`Lease ${leaseId.toString(16)} is lost: ${reason}`);
    this.leaseId = leaseId;
    this.reason = reason;
  }
}

/** The client was closed before or during the call. */
export class ClientClosedError extends EtcdError {
  override readonly name = "ClientClosedError";
  override readonly code = "client-closed";
  override readonly isOutcomeUnknown: boolean;

  constructor(isOutcomeUnknown: boolean = false) {
    super("Cannot call the store: the client is closed");
    this.isOutcomeUnknown = isOutcomeUnknown;
  }
}

/** Options are out of bounds; `problems` names each. */
export class InvalidOptionsError extends EtcdError {
  override readonly name = "InvalidOptionsError";
  override readonly code = "invalid-options";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Invalid options: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/** An argument has the wrong form; nothing was sent. */
export class InvalidArgumentError extends EtcdError {
  override readonly name = "InvalidArgumentError";
  override readonly code = "invalid-argument";
}
