/** What a simulation must never touch (D1): time, timers, chance and I/O of the real machine. */
import { syncBuiltinESMExports } from "node:module";
import { forbiddenMembers, type ForbiddenMembers } from "./globals-guard-list.ts";

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

/** One property, as it is while simulations run. */
interface Guard {
  readonly owner: object;
  readonly name: string;
  readonly descriptor: PropertyDescriptor;
}

/**
 * Replaces the forbidden globals, and those exports of Node's modules, by functions that throw and
 * tell who called.
 *
 * @remarks A function that somebody keeps from before is out of reach. The drain of a
 *   `SimScheduler` does so on purpose; in modules that are simulated, lint forbids it. All modules
 *   must be loaded before: the loader reads files.
 * @returns Puts everything back; idempotent.
 */
export function guardGlobals(): () => void {
  guards ??= createGuards();
  const undo = guards.map(({ owner, name, descriptor }) => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, descriptor);
    return (): void => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    };
  });
  syncBuiltinESMExports();
  return () => {
    if (undo.length === 0) return;
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

let guards: readonly Guard[] | undefined;

function createGuards(): readonly Guard[] {
  // Their streams are made when they are first asked for, and keep the functions that they find.
  void process.stdout;
  void process.stderr;
  const date = guardedDate();
  const value = { configurable: true, enumerable: false, writable: true };
  return [
    ...forbiddenMembers().flatMap((members) => guardsOf(members)),
    { owner: globalThis, name: "Date", descriptor: { ...value, value: date } },
    { owner: Date.prototype, name: "constructor", descriptor: { ...value, value: date } },
    ...guardsOfFormats(),
  ];
}

function guardsOf({ owner, prefix, names }: ForbiddenMembers): readonly Guard[] {
  return names.map((name) => {
    const what = `${prefix}${name}`;
    const before = Object.getOwnPropertyDescriptor(owner, name);
    const value: unknown = before?.value;
    const { enumerable = true } = before ?? {};
    const flags = { configurable: true, enumerable };
    if (typeof value === "function") {
      const guarded = guardedFunction(value, what);
      return { owner, name, descriptor: { ...flags, writable: true, value: guarded } };
    }
    // Something that is read, and not called, is no less a look at the real machine.
    return { owner, name, descriptor: { ...flags, get: thrower(what) } };
  });
}

/** A format without a date formats the time that it is. */
function guardsOfFormats(): readonly Guard[] {
  const { prototype } = Intl.DateTimeFormat;
  const { format, formatToParts } = Object.getOwnPropertyDescriptors(prototype);
  const demandDate = (date: unknown): void => {
    if (date === undefined) throw new ForbiddenGlobalError("Intl.DateTimeFormat without a date");
  };
  return [
    {
      ...{ owner: prototype, name: "format" },
      descriptor: {
        ...{ configurable: true, enumerable: false },
        get(this: Intl.DateTimeFormat) {
          const own: unknown = format.get?.call(this);
          return (date: unknown): unknown => {
            demandDate(date);
            return typeof own === "function" ? Reflect.apply(own, this, [date]) : undefined;
          };
        },
      },
    },
    {
      ...{ owner: prototype, name: "formatToParts" },
      descriptor: {
        ...formatToParts,
        value(this: Intl.DateTimeFormat, date: Date | number | undefined): unknown {
          demandDate(date);
          return formatToParts.value?.call(this, date);
        },
      },
    },
  ];
}

/** Neither it nor any other form of it, such as the promise of a timer, can be called. */
function guardedFunction(target: object, what: string): object {
  const fail = thrower(what);
  return new Proxy(target, {
    apply: fail,
    construct: fail,
    get: (_, name) => {
      const value: unknown = Reflect.get(target, name);
      const isOther = typeof value === "function" && Object.hasOwn(target, name);
      return isOther ? guardedFunction(value, `${what}.${String(name)}`) : value;
    },
  });
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
    construct: (target, parameters, newTarget) => {
      if (parameters.length === 0) throw new ForbiddenGlobalError("new Date");
      return Reflect.construct(target, parameters, newTarget);
    },
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  });
}
