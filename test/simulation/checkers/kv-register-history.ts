import type {
  VersionedChange,
  VersionedCondition,
  VersionedInput,
  VersionedOutput,
} from "@quorate/linearizability";
import type { KvAnswer, KvCompare, KvOperation, KvPair, KvRecord } from "../history/kv-records.ts";
import type { Action } from "./kv-linearizability.ts";
import type { WrittenValues } from "./kv-written-values.ts";

/**
 * A record that touches one key as an operation on a register; undefined for what a register cannot
 * do.
 */
export function toRegisterAction(
  key: string,
  { operation, outcome }: KvRecord,
  values: WrittenValues,
): Action<VersionedInput, VersionedOutput> | undefined {
  const input = inputOf(key, operation, values);
  if (input === undefined) return undefined;
  return { input, output: outcome.kind === "ok" ? outputOf(operation, outcome.answer) : {} };
}

function inputOf(
  key: string,
  operation: KvOperation,
  values: WrittenValues,
): VersionedInput | undefined {
  if (operation.kind !== "txn") {
    const change = changeOf(operation);
    return change === undefined ? undefined : { key, kind: "change", change };
  }
  const conditions = operation.compares.map((compare) => conditionOf(compare, values));
  const branches = [operation.success, operation.failure].map((steps) => {
    const [step, ...others] = steps;
    if (step === undefined) return { change: undefined };
    const change = others.length > 0 ? undefined : changeOf(step);
    return change === undefined ? undefined : { change };
  });
  const [success, failure] = branches;
  if (success === undefined || failure === undefined) return undefined;
  const known = conditions.filter((condition) => condition !== undefined);
  if (known.length < conditions.length) return undefined;
  return { key, kind: "if", conditions: known, then: success.change, else: failure.change };
}

function changeOf(operation: KvOperation): VersionedChange | undefined {
  switch (operation.kind) {
    case "put":
      return { kind: "write", value: operation.value };
    case "delete":
      return { kind: "delete" };
    case "range":
      return operation.revision === 0 ? { kind: "read" } : undefined;
    case "txn":
      return undefined;
  }
}

function conditionOf(compare: KvCompare, values: WrittenValues): VersionedCondition | undefined {
  const { operator } = compare;
  switch (compare.target) {
    case "version":
      return { field: "version", operator, than: compare.operand };
    case "value":
      if (operator !== "==" && operator !== "!=") return undefined;
      return { field: "value", operator, than: compare.operand };
    case "create":
    case "mod": {
      const { operand } = compare;
      // Both are 0 exactly where the version is.
      if (operand === 0) return { field: "version", operator, than: 0 };
      const than = compare.target === "mod" ? values.at(compare.key, operand) : undefined;
      if (operator !== "==" || than === undefined) return undefined;
      return { field: "value", operator, than };
    }
  }
}

function outputOf(operation: KvOperation, answer: KvAnswer): VersionedOutput {
  switch (answer.kind) {
    case "put": {
      const isAsked = operation.kind === "put" && operation.previous;
      return isAsked ? { before: { content: contentOf(answer.previous) } } : {};
    }
    case "delete": {
      const existed = answer.deleted > 0;
      const isAsked = operation.kind === "delete" && operation.previous;
      const [previous] = answer.previous;
      return isAsked ? { existed, before: { content: contentOf(previous) } } : { existed };
    }
    case "range": {
      if (operation.kind !== "range" || operation.keysOnly || operation.countOnly) return {};
      return { before: { content: contentOf(answer.pairs[0]) } };
    }
    case "txn": {
      const { succeeded, results } = answer;
      if (operation.kind !== "txn") return { succeeded };
      const [step] = succeeded ? operation.success : operation.failure;
      const [result] = results;
      if (step === undefined || result === undefined) return { succeeded };
      return { succeeded, ...outputOf(step, result) };
    }
  }
}

function contentOf(pair: KvPair | undefined): { value: string; version: number } | undefined {
  return pair === undefined ? undefined : { value: pair.value, version: pair.version };
}
