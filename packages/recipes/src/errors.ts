/** Base of all errors of this package; errors of the store itself come as the client threw them. */
export abstract class RecipeError extends Error {
  /** Literal name of the case, stable across releases. */
  abstract readonly code: string;
}

/** The session ended while something depended on it; `cause` is the lease's own error. */
export class SessionLostError extends RecipeError {
  override readonly name = "SessionLostError";
  override readonly code = "session-lost";

  constructor(doing: string, cause?: unknown) {
    super(`Cannot ${doing}: the session is lost`, cause === undefined ? undefined : { cause });
  }
}

/** Why an ownership ended. */
export type OwnershipLoss = "session" | "key" | "released";

/** The ownership ended: see `reason`. */
export class OwnershipLostError extends RecipeError {
  override readonly name = "OwnershipLostError";
  override readonly code = "ownership-lost";
  /** `session`: the lease is or may soon be gone; `key`: the key was removed; `released`: by us. */
  readonly reason: OwnershipLoss;
  readonly key: string;

  constructor(key: string, reason: OwnershipLoss, cause?: unknown) {
    super(`Ownership of "${key}" is lost: ${reason}`, cause === undefined ? undefined : { cause });
    this.key = key;
    this.reason = reason;
  }
}

/** A guarded act was refused by the store: the key is no longer ours. */
export class NotOwnerError extends RecipeError {
  override readonly name = "NotOwnerError";
  override readonly code = "not-owner";

  constructor(doing: string, key: string) {
    super(`Cannot ${doing} "${key}": owned by somebody else or nobody`);
  }
}

/** The session already waits for, or holds, this name. */
export class AlreadyQueuedError extends RecipeError {
  override readonly name = "AlreadyQueuedError";
  override readonly code = "already-queued";

  constructor(key: string) {
    super(`Cannot queue "${key}": this session is queued already; use one session for each holder`);
  }
}

/** The wait was ended by the caller's signal; `cause` is its reason. */
export class WaitCancelledError extends RecipeError {
  override readonly name = "WaitCancelledError";
  override readonly code = "wait-cancelled";

  constructor(doing: string, cause: unknown) {
    super(`Cannot ${doing}: cancelled by the caller`, { cause });
  }
}

/** A service name, an instance or an option has the wrong form; `problems` names each. */
export class InvalidInstanceError extends RecipeError {
  override readonly name = "InvalidInstanceError";
  override readonly code = "invalid-instance";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Invalid instance: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/** The row of an instance belongs to somebody else. */
export class InstanceConflictError extends RecipeError {
  override readonly name = "InstanceConflictError";
  override readonly code = "instance-conflict";
  readonly key: string;

  constructor(key: string) {
    super(`Cannot register "${key}": somebody else has registered it`);
    this.key = key;
  }
}
