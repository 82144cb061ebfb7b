/** What a simulation must never touch (D1): time, timers and chance of the real machine. */
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

/** Somebody used the real machine while a simulation ran. */
export class ForbiddenGlobalError extends Error {
  override readonly name = "ForbiddenGlobalError";

  /** @param what - Such as `Date.now`. */
  constructor(what: string) {
    super(`Cannot use ${what} in a simulation`);
    const [, ...frames] = (this.stack ?? "").split("\n");
    const caller = frames.find((frame) => !frame.includes("globals-guard"));
    if (caller !== undefined) this.message += `: ${caller.trim()}`;
  }
}

/**
 * Replaces the forbidden globals by functions that throw and tell who called.
 *
 * What must go on, such as the drain of a `SimScheduler`, has saved its functions before.
 *
 * @returns Puts everything back; idempotent.
 */
export function guardGlobals(): () => void {
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: string, value: unknown): void => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  };
  for (const [owner, prefix, names] of forbidden()) {
    for (const name of names) replace(owner, name, thrower(`${prefix}${name}`));
  }
  replace(globalThis, "Date", guardedDate());
  syncBuiltinESMExports();
  return () => {
    for (const put of undo.splice(0).reverse()) put();
    syncBuiltinESMExports();
  };
}

/** Runs something under the guard. */
export async function withGuardedGlobals<Result>(work: () => Promise<Result>): Promise<Result> {
  const restore = guardGlobals();
  try {
    return await work();
  } finally {
    restore();
  }
}

function forbidden(): readonly (readonly [object, string, readonly string[]])[] {
  return [
    [globalThis, "", ["setTimeout", "setInterval", "setImmediate", "fetch"]],
    [Math, "Math.", ["random"]],
    [performance, "performance.", ["now"]],
    [process, "process.", ["hrtime", "uptime"]],
    [AbortSignal, "AbortSignal.", ["timeout"]],
    [globalThis.crypto, "crypto.", ["randomUUID", "getRandomValues"]],
    [crypto, "node:crypto ", ["randomUUID", "randomBytes", "randomInt", "randomFillSync"]],
  ];
}

function thrower(what: string): () => never {
  return () => {
    throw new ForbiddenGlobalError(what);
  };
}

/** A date that is computed from something given is no clock. */
function guardedDate(): DateConstructor {
  const now = thrower("Date.now");
  return new Proxy(Date, {
    apply: thrower("Date"),
    construct: (target, parameters) => {
      if (parameters.length === 0) throw new ForbiddenGlobalError("new Date");
      return Reflect.construct(target, parameters);
    },
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  });
}
