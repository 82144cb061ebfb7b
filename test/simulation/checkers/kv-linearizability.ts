/**
 * The second judge of key-value histories (D10 (ii)): looks for an order of the operations by
 * calls, returns and contents alone. It knows nothing of the store's history and believes no
 * revision, so it would also see what is wrong in the same way in both.
 *
 * Keys that one operation touches belong together; such groups are judged one by one. A group of
 * one key is a register with versions, a larger one a map.
 */
import {
  checkLinearizability,
  formatCounterexample,
  mapModel,
  versionedRegisterModel,
  type Model,
  type Operation,
} from "@quorate/linearizability";
import type { Coverage } from "../coverage.ts";
import { accessOf, type KvRecord } from "../history/kv-records.ts";
import { CheckFailure } from "./check-failure.ts";
import { groupByKeys } from "./kv-key-groups.ts";
import { toMapAction } from "./kv-map-history.ts";
import { toRegisterAction } from "./kv-register-history.ts";
import { WrittenValues } from "./kv-written-values.ts";

/** Options of {@link checkKvLinearizability}. */
export interface KvLinearizabilityOptions {
  /** Most attempts to place an operation of a register, for each key. @default 50000 */
  readonly registerStepsMax?: number;
  /** The same for each group of keys, where an attempt costs more. @default 5000 */
  readonly mapStepsMax?: number;
}

/** What a model needs of a record. */
export interface Action<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/**
 * Judges the records of a workload whose keys nobody else changes. Serializable reads and reads of
 * old revisions are left out: they need not be linearizable.
 *
 * @throws CheckFailure P1 with an order that cannot go on.
 */
export function checkKvLinearizability(
  records: readonly KvRecord[],
  coverage: Coverage,
  options: KvLinearizabilityOptions = {},
): void {
  const values = new WrittenValues(records);
  for (const group of groupByKeys(records.filter(isJudged))) {
    const name = `keys ${group.keys.join(", ")}`;
    const [key = "", ...others] = group.keys;
    const register =
      others.length > 0
        ? undefined
        : historyOf(group.records, (record) => toRegisterAction(key, record, values));
    if (register !== undefined) {
      const stepsMax = options.registerStepsMax ?? 50_000;
      judge(versionedRegisterModel, register, { stepsMax, name, coverage });
      continue;
    }
    const map = historyOf(group.records, (record) => toMapAction(record, values));
    coverage.sometimes("kv: keys that only the revision checker can judge", map === undefined);
    if (map === undefined) continue;
    judge(mapModel, map, { stepsMax: options.mapStepsMax ?? 5_000, name, coverage });
  }
}

function judge<State extends NonNullable<unknown>, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  context: { readonly stepsMax: number; readonly name: string; readonly coverage: Coverage },
): void {
  const { stepsMax, name, coverage } = context;
  const judgement = checkLinearizability(model, history, { stepsMax });
  coverage.sometimes("kv: a search for an order ended early", judgement.verdict === "unknown");
  if (judgement.verdict === "ok") coverage.checked("P1", history.length);
  if (judgement.verdict !== "illegal") return;
  const order = formatCounterexample(model, judgement.counterexample);
  throw new CheckFailure("P1", `${name} are not linearizable (times are places)\n${order}`);
}

/** A history in the form of a model; undefined if one of its records has none. */
function historyOf<Input, Output>(
  records: readonly KvRecord[],
  toAction: (record: KvRecord) => Action<Input, Output> | undefined,
): readonly Operation<Input, Output>[] | undefined {
  const history: Operation<Input, Output>[] = [];
  for (const record of records) {
    const action = toAction(record);
    if (action === undefined) return undefined;
    const { client, callSequence: callTime, returnSequence: returnTime, outcome } = record;
    const { input, output } = action;
    if (outcome.kind === "ok") history.push({ client, input, output, callTime, returnTime });
    else history.push({ client, input, output: undefined, callTime, returnTime: undefined });
  }
  return history;
}

function isJudged({ operation, outcome }: KvRecord): boolean {
  if (outcome.kind === "error" || accessOf(operation) === "serializable") return false;
  if (operation.kind === "range" && operation.revision !== 0) return false;
  return outcome.kind === "ok" || accessOf(operation) === "write";
}
