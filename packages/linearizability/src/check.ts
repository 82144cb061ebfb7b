import { InvalidHistoryError, isCompleted, type Operation } from "./history.ts";
import type { Model } from "./model.ts";
import { Search, type Budget } from "./search.ts";

/** How long {@link checkLinearizability} may search. */
export interface CheckOptions {
  /**
   * Most attempts to place an operation, over all parts; beyond, the verdict is `unknown`.
   *
   * @default 1000000
   */
  readonly stepsMax?: number;
  /** Asked every 1,024 steps whether to give up, for instance by a clock. @default never */
  readonly shouldStop?: () => boolean;
}

/** The judgement of a history. */
export type Judgement<State, Input, Output> =
  | {
      readonly verdict: "ok";
      readonly steps: number;
      /** For each part an order that explains every answer. */
      readonly orders: readonly (readonly Operation<Input, Output>[])[];
    }
  | { readonly verdict: "unknown"; readonly steps: number }
  | {
      readonly verdict: "illegal";
      readonly steps: number;
      readonly counterexample: Counterexample<State, Input, Output>;
    };

/** Why a history is not linearizable. */
export interface Counterexample<State, Input, Output> {
  /** The operations of the part that cannot be ordered, as they were given. */
  readonly part: readonly Operation<Input, Output>[];
  /**
   * The longest prefix: an order of all operations that returned before `blocked` did. It may hold
   * others that had begun by then.
   */
  readonly order: readonly Operation<Input, Output>[];
  /** The state behind `order`. */
  readonly state: State;
  /**
   * What cannot be placed: no order reaches its return, whatever else that had begun by then takes
   * effect before; the return before it can be reached.
   */
  readonly blocked: Operation<Input, Output>;
}

/**
 * Judges whether operations that overlapped in time could have taken effect one after the other,
 * each at one instant between its call and its return.
 *
 * @param history - In any order. Operations that touch in time (`returnTime` of one is `callTime`
 *   of the other) count as concurrent; give them times that differ where their order is known.
 * @returns `illegal` from the first part that cannot be ordered, else `unknown` if the budget ended
 *   before all parts were judged, else `ok`.
 * @throws {@link InvalidHistoryError} for an operation that returns before it is called.
 * @remarks Time and memory grow with the steps: about one an operation where little overlaps, and
 *   exponentially in what overlaps in the worst case; the question is NP-complete.
 * @example
 * ```ts
 * import { checkLinearizability, registerModel } from "@quorate/linearizability";
 *
 * const write = { key: "x", kind: "write", value: "1" } as const;
 * const read = { key: "x", kind: "read" } as const;
 * const seen = { kind: "value", value: undefined } as const;
 * const { verdict } = checkLinearizability(registerModel, [
 *   { client: "a", input: write, output: { kind: "done" }, callTime: 1, returnTime: 2 },
 *   { client: "b", input: read, output: seen, callTime: 3, returnTime: 4 },
 * ]);
 * console.log(verdict); // illegal: the read is stale
 * ```
 */
export function checkLinearizability<State extends NonNullable<unknown>, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  options: CheckOptions = {},
): Judgement<State, Input, Output> {
  checkTimes(history);
  const budget: Budget = {
    steps: 0,
    stepsMax: options.stepsMax ?? 1_000_000,
    shouldStop: options.shouldStop ?? (() => false),
  };
  const orders: (readonly Operation<Input, Output>[])[] = [];
  const parts = model.partition?.(history) ?? [history];
  for (const part of parts) {
    const result = new Search(model, part, budget).run();
    if (result.kind === "illegal") {
      const counterexample = { part, ...result.furthest };
      return { verdict: "illegal", steps: budget.steps, counterexample };
    }
    if (result.kind === "exhausted") return { verdict: "unknown", steps: budget.steps };
    orders.push(result.order);
  }
  return { verdict: "ok", steps: budget.steps, orders };
}

function checkTimes(history: readonly Operation<unknown, unknown>[]): void {
  for (const operation of history) {
    const { client, callTime } = operation;
    const returnTime = isCompleted(operation) ? operation.returnTime : callTime;
    if (callTime <= returnTime) continue;
    const times = `called at ${callTime}, returned at ${returnTime}`;
    throw new InvalidHistoryError(`Cannot judge the operation of "${client}": ${times}`);
  }
}
