import { partitionBy, type Model } from "../model.ts";

/** A value and how often it was written since the register came into being, from 1. */
export interface VersionedValue {
  readonly value: string;
  readonly version: number;
}

/** What must hold for a conditional change; a register that does not exist has version 0. */
export type VersionedCondition =
  | { readonly field: "version"; readonly operator: "==" | "!=" | "<" | ">"; readonly than: number }
  /** Never true of a register that does not exist. */
  | { readonly field: "value"; readonly operator: "==" | "!="; readonly than: string };

/** What is done to a register. */
export type VersionedChange =
  | { readonly kind: "read" }
  | { readonly kind: "write"; readonly value: string }
  | { readonly kind: "delete" };

/** What is asked: a change, or one of two by conditions that must all hold. */
export type VersionedInput =
  | { readonly key: string; readonly kind: "change"; readonly change: VersionedChange }
  | {
      readonly key: string;
      readonly kind: "if";
      readonly conditions: readonly VersionedCondition[];
      readonly then: VersionedChange | undefined;
      readonly else: VersionedChange | undefined;
    };

/** What was answered; a field is compared if it is there. */
export interface VersionedOutput {
  /** Whether all conditions held; of an `if`. */
  readonly succeeded?: boolean;
  /** What the register held before the change; `undefined` inside is "it did not exist". */
  readonly before?: { readonly content: VersionedValue | undefined };
  /** Whether there was something to delete. */
  readonly existed?: boolean;
}

/** A register, or its absence. */
export interface VersionedState {
  readonly content: VersionedValue | undefined;
}

/**
 * Registers that can be deleted, count their writes and change under conditions, as the keys of an
 * etcd do; keys are judged one by one.
 */
export const versionedRegisterModel: Model<VersionedState, VersionedInput, VersionedOutput> = {
  initial: { content: undefined },
  step: (state, input, output) => {
    if (input.kind === "change") return change(state, input.change, output);
    const succeeded = input.conditions.every((condition) => holds(state.content, condition));
    if (output?.succeeded !== undefined && output.succeeded !== succeeded) return undefined;
    const chosen = succeeded ? input.then : input.else;
    return chosen === undefined ? state : change(state, chosen, output);
  },
  stateKey: ({ content }) => (content === undefined ? "" : `${content.version} ${content.value}`),
  partition: (history) => partitionBy(history, ({ key }) => key),
  describe: (input, output) => `${describeInput(input)}${describeOutput(output)}`,
  describeState: ({ content }) => describeContent(content),
};

function change(
  state: VersionedState,
  wanted: VersionedChange,
  output: VersionedOutput | undefined,
): VersionedState | undefined {
  const { content } = state;
  if (output?.before !== undefined && !isEqual(output.before.content, content)) return undefined;
  switch (wanted.kind) {
    case "read":
      return state;
    case "write":
      return { content: { value: wanted.value, version: (content?.version ?? 0) + 1 } };
    case "delete":
      if (output?.existed !== undefined && output.existed !== (content !== undefined)) {
        return undefined;
      }
      return content === undefined ? state : { content: undefined };
  }
}

function isEqual(one: VersionedValue | undefined, other: VersionedValue | undefined): boolean {
  return one?.value === other?.value && one?.version === other?.version;
}

function holds(content: VersionedValue | undefined, condition: VersionedCondition): boolean {
  if (condition.field === "value") {
    if (content === undefined) return false;
    return (content.value === condition.than) === (condition.operator === "==");
  }
  const version = content?.version ?? 0;
  switch (condition.operator) {
    case "==":
      return version === condition.than;
    case "!=":
      return version !== condition.than;
    case "<":
      return version < condition.than;
    case ">":
      return version > condition.than;
  }
}

function describeInput(input: VersionedInput): string {
  if (input.kind === "change") return `${input.key}: ${describeChange(input.change)}`;
  const conditions = input.conditions.map(
    ({ field, operator, than }) => `${field} ${operator} ${JSON.stringify(than)}`,
  );
  const chosen = `${describeChange(input.then)}, else ${describeChange(input.else)}`;
  return `${input.key}: if ${conditions.join(" and ")} ${chosen}`;
}

function describeChange(wanted: VersionedChange | undefined): string {
  if (wanted === undefined) return "nothing";
  return wanted.kind === "write" ? `write ${JSON.stringify(wanted.value)}` : wanted.kind;
}

function describeOutput(output: VersionedOutput | undefined): string {
  if (output === undefined) return "";
  const parts: string[] = [];
  if (output.succeeded !== undefined) parts.push(output.succeeded ? "it held" : "it did not hold");
  if (output.before !== undefined) parts.push(`found ${describeContent(output.before.content)}`);
  if (output.existed !== undefined) parts.push(output.existed ? "deleted" : "nothing to delete");
  return parts.map((part) => `, ${part}`).join("");
}

function describeContent(content: VersionedValue | undefined): string {
  if (content === undefined) return "nothing";
  return `${JSON.stringify(content.value)} (version ${content.version})`;
}
