import type { Model } from "../model.ts";

/** Keys from `begin` on, up to `end` without it; undefined: that key alone; "": to the end. */
export interface MapRange {
  readonly begin: string;
  readonly end?: string | undefined;
}

/** One step of a transaction. */
export type MapStep =
  | { readonly kind: "get"; readonly range: MapRange }
  | { readonly kind: "put"; readonly key: string; readonly value: string }
  | { readonly kind: "delete"; readonly range: MapRange };

/** A condition on one key; undefined means that it does not exist. */
export interface MapCondition {
  readonly key: string;
  readonly operator: "==" | "!=";
  readonly value: string | undefined;
}

/** If all conditions hold do one list of steps, else the other, at one instant. */
export interface MapInput {
  readonly conditions: readonly MapCondition[];
  readonly then: readonly MapStep[];
  readonly else: readonly MapStep[];
}

/** The answer of one step. */
export type MapStepOutput =
  | { readonly kind: "pairs"; readonly pairs: readonly (readonly [string, string])[] }
  | { readonly kind: "put" }
  | { readonly kind: "deleted"; readonly count: number }
  /** Nobody looked, or not at all of it: says nothing. */
  | { readonly kind: "unseen" };

/** The answer of a transaction: which branch ran, and the answers of its steps. */
export interface MapOutput {
  readonly succeeded: boolean;
  readonly results: readonly MapStepOutput[];
}

/** All pairs; a new object for each change. */
export interface MapState {
  /** In key order. */
  readonly pairs: ReadonlyMap<string, string>;
  /** The pairs as text. */
  readonly key: string;
}

/**
 * A map with transactions over several keys. It cannot be cut by key, since one transaction joins
 * keys: give it histories of tens of operations, or a budget.
 */
export const mapModel: Model<MapState, MapInput, MapOutput> = {
  initial: toState(new Map()),
  step: (state, input, output) => {
    const succeeded = input.conditions.every((condition) => holds(state, condition));
    if (output !== undefined && output.succeeded !== succeeded) return undefined;
    const steps = succeeded ? input.then : input.else;
    const pairs = new Map(state.pairs);
    let isChanged = false;
    for (const [index, step] of steps.entries()) {
      const answer = run(pairs, step);
      if (output !== undefined && !isSame(answer, output.results[index])) return undefined;
      isChanged ||= answer.kind === "put" || (answer.kind === "deleted" && answer.count > 0);
    }
    return isChanged ? toState(pairs) : state;
  },
  stateKey: ({ key }) => key,
  describe: (input, output) => `${describeInput(input)}${describeOutput(output)}`,
};

function toState(pairs: ReadonlyMap<string, string>): MapState {
  const sorted = [...pairs].sort(([one], [other]) => (one < other ? -1 : 1));
  return { pairs: new Map(sorted), key: JSON.stringify(sorted) };
}

function holds(state: MapState, { key, operator, value }: MapCondition): boolean {
  return (state.pairs.get(key) === value) === (operator === "==");
}

function run(pairs: Map<string, string>, step: MapStep): MapStepOutput {
  switch (step.kind) {
    case "get":
      return { kind: "pairs", pairs: select(pairs, step.range) };
    case "put":
      pairs.set(step.key, step.value);
      return { kind: "put" };
    case "delete": {
      const deleted = select(pairs, step.range);
      for (const [key] of deleted) pairs.delete(key);
      return { kind: "deleted", count: deleted.length };
    }
  }
}

function select(
  pairs: ReadonlyMap<string, string>,
  { begin, end }: MapRange,
): readonly (readonly [string, string])[] {
  if (end === undefined) {
    const value = pairs.get(begin);
    return value === undefined ? [] : [[begin, value]];
  }
  return [...pairs]
    .filter(([key]) => key >= begin && (end === "" || key < end))
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function isSame(one: MapStepOutput, other: MapStepOutput | undefined): boolean {
  if (one.kind === "pairs" && other?.kind === "pairs") {
    return (
      one.pairs.length === other.pairs.length &&
      one.pairs.every(([key, value], index) => {
        const pair = other.pairs[index];
        return pair !== undefined && pair[0] === key && pair[1] === value;
      })
    );
  }
  if (other?.kind === "unseen") return true;
  if (one.kind === "deleted" && other?.kind === "deleted") return one.count === other.count;
  return one.kind === other?.kind;
}

function describeInput(input: MapInput): string {
  const conditions = input.conditions.map(
    ({ key, operator, value }) =>
      `${key} ${operator} ${value === undefined ? "nothing" : JSON.stringify(value)}`,
  );
  const steps = (list: readonly MapStep[]): string => `{${list.map(describeStep).join("; ")}}`;
  if (conditions.length === 0) return steps(input.then);
  return `if ${conditions.join(" and ")} ${steps(input.then)} else ${steps(input.else)}`;
}

function describeStep(step: MapStep): string {
  if (step.kind === "put") return `put ${step.key} ${JSON.stringify(step.value)}`;
  const { begin, end } = step.range;
  return `${step.kind} ${end === undefined ? begin : `[${begin}, ${end === "" ? "end" : end})`}`;
}

function describeOutput(output: MapOutput | undefined): string {
  if (output === undefined) return "";
  const results = output.results.map((result) => {
    switch (result.kind) {
      case "pairs":
        return result.pairs.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(" ");
      case "put":
        return "put";
      case "deleted":
        return `deleted ${result.count}`;
      case "unseen":
        return "?";
    }
  });
  return `, ${output.succeeded ? "then" : "else"}: ${results.join("; ")}`;
}
