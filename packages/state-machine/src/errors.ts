import type { MvccError } from "@quorate/mvcc";

/** Literal codes of every error of this package. */
export type StateMachineErrorCode =
  RequestErrorCode | MemberErrorCode | "malformed-batch" | "malformed-request" | "apply-failed";

/** Codes of refusals of key-value, lease and alarm requests. */
export type RequestErrorCode =
  | "key-empty"
  | "key-not-found"
  | "value-provided"
  | "lease-provided"
  | "too-many-operations"
  | "duplicate-key"
  | "invalid-sort-option"
  | "no-space"
  | "corrupt"
  | "lease-not-found"
  | "lease-exists"
  | "lease-ttl-too-large";

/** Codes of refusals of membership changes. */
export type MemberErrorCode = (typeof memberErrorCodes)[number];

const memberErrorCodes = [
  "member-exists",
  "peer-url-exists",
  "not-enough-started-members",
  "invalid-member-urls",
  "member-not-found",
  "member-not-learner",
  "learner-not-ready",
  "too-many-learners",
  "unhealthy-cluster",
] as const;

/** The code of a text that came from another member; undefined for any other text. */
export function toMemberErrorCode(text: string): MemberErrorCode | undefined {
  return memberErrorCodes.find((code) => code === text);
}

/** Base of all errors of this package; switch on `code`. */
export abstract class StateMachineError extends Error {
  abstract readonly code: StateMachineErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Why a request had no effect; the same on every member. */
export type RefusedError = StateMachineError | MvccError;

/** A key-value, lease or alarm request is refused and has no effect. */
export class RequestError extends StateMachineError {
  override readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A membership change is refused; nothing was proposed. */
export class MemberChangeError extends StateMachineError {
  override readonly code: MemberErrorCode;

  constructor(code: MemberErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The data of an entry has not the form of a batch; never proposed by a correct member. */
export class MalformedBatchError extends StateMachineError {
  override readonly code = "malformed-batch";

  constructor(reason: string, cause?: unknown) {
    super(`Cannot decode batch: ${reason}`, { cause });
  }
}

/** The bytes of a single request, a member change or a stored row cannot be decoded. */
export class MalformedRequestError extends StateMachineError {
  override readonly code = "malformed-request";

  constructor(what: string, cause?: unknown) {
    const reason = cause instanceof Error ? `: ${cause.message}` : "";
    super(`Cannot decode ${what}${reason}`, { cause });
  }
}

/**
 * Applying an entry broke half way, so this state machine is no longer that of any log (C29).
 *
 * Every later call fails with the same error: the process must end and start again from the disk,
 * where nothing of the entry is.
 */
export class ApplyFailedError extends StateMachineError {
  override readonly code = "apply-failed";
  /** Index of the entry. */
  readonly index: number;

  constructor(index: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Cannot apply entry ${index}: ${reason}`, { cause });
    this.index = index;
  }
}
