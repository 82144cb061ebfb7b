import type {
  MapCondition,
  MapInput,
  MapOutput,
  MapRange,
  MapStep,
  MapStepOutput,
} from "@quorate/linearizability";
import type { KvAnswer, KvCompare, KvKeys, KvOperation, KvRecord } from "../history/kv-records.ts";
import type { Action } from "./kv-linearizability.ts";
import type { WrittenValues } from "./kv-written-values.ts";

/** A record as a transaction on a map; undefined for what the map's model does not know. */
export function toMapAction(
  { operation, outcome }: KvRecord,
  values: WrittenValues,
): Action<MapInput, MapOutput> | undefined {
  const input = inputOf(operation, values);
  if (input === undefined) return undefined;
  if (outcome.kind !== "ok") return { input, output: { succeeded: true, results: [] } };
  const { answer } = outcome;
  if (operation.kind !== "txn" || answer.kind !== "txn") {
    return { input, output: { succeeded: true, results: [outputOf(operation, answer)] } };
  }
  const { succeeded } = answer;
  const steps = succeeded ? operation.success : operation.failure;
  const results = steps.map((step, index) => outputOf(step, answer.results[index]));
  return { input, output: { succeeded, results } };
}

function inputOf(operation: KvOperation, values: WrittenValues): MapInput | undefined {
  if (operation.kind !== "txn") {
    const step = stepOf(operation);
    return step === undefined ? undefined : { conditions: [], then: [step], else: [] };
  }
  const conditions = allOf(operation.compares, (compare) => conditionOf(compare, values));
  const success = allOf(operation.success, stepOf);
  const failure = allOf(operation.failure, stepOf);
  if (conditions === undefined || success === undefined || failure === undefined) return undefined;
  return { conditions, then: success, else: failure };
}

function allOf<From, To>(
  items: readonly From[],
  convert: (item: From) => To | undefined,
): readonly To[] | undefined {
  const converted: To[] = [];
  for (const item of items) {
    const result = convert(item);
    if (result === undefined) return undefined;
    converted.push(result);
  }
  return converted;
}

function stepOf(operation: KvOperation): MapStep | undefined {
  switch (operation.kind) {
    case "put":
      return { kind: "put", key: operation.key, value: operation.value };
    case "delete":
      return { kind: "delete", range: rangeOf(operation) };
    case "range":
      return operation.revision === 0 ? { kind: "get", range: rangeOf(operation) } : undefined;
    case "txn":
      return undefined;
  }
}

function rangeOf({ key, rangeEnd }: KvKeys): MapRange {
  if (rangeEnd === "") return { begin: key };
  return { begin: key, end: rangeEnd === "\0" ? "" : rangeEnd };
}

function conditionOf(compare: KvCompare, values: WrittenValues): MapCondition | undefined {
  const { key, rangeEnd, operator } = compare;
  if (rangeEnd !== "") return undefined;
  if (compare.target === "value") {
    return operator === "==" ? { key, operator, value: compare.operand } : undefined;
  }
  const { operand, target } = compare;
  if (operand === 0 && operator === "==") return { key, operator, value: undefined };
  if (operand === 0 && operator === ">") return { key, operator: "!=", value: undefined };
  const value = target === "mod" ? values.at(key, operand) : undefined;
  return operator === "==" && value !== undefined ? { key, operator, value } : undefined;
}

function outputOf(operation: KvOperation, answer: KvAnswer | undefined): MapStepOutput {
  switch (answer?.kind) {
    case "put":
      return { kind: "put" };
    case "delete":
      return { kind: "deleted", count: answer.deleted };
    case "range": {
      const isWhole =
        operation.kind === "range" &&
        operation.sort === undefined &&
        !(operation.limit > 0 || operation.keysOnly || operation.countOnly);
      if (!isWhole) return { kind: "unseen" };
      return { kind: "pairs", pairs: answer.pairs.map(({ key, value }) => [key, value]) };
    }
    default:
      return { kind: "unseen" };
  }
}
