import type { Counterexample } from "./check.ts";
import { isCompleted, type Operation } from "./history.ts";
import type { Model } from "./model.ts";

/** Operations of the order that are shown; those before are counted only. */
const shownMax = 20;

/**
 * Tells a counterexample in lines: the order that could be found, the state it leads to, and what
 * cannot follow.
 *
 * @returns For instance, of a stale read:
 * ```text
 * An order of the first 2 of 3 operations:
 *   [1, 2] a: write x = "1"
 *   [3, 4] a: write x = "2"
 * leads to the state "2". There and at any earlier place this is impossible:
 *   [5, 6] b: read x, answered "1"
 * ```
 */
export function formatCounterexample<State extends NonNullable<unknown>, Input, Output>(
  model: Model<State, Input, Output>,
  { part, order, state, blocked }: Counterexample<State, Input, Output>,
): string {
  const line = (operation: Operation<Input, Output>): string => {
    const { input, output, client, callTime } = operation;
    const end = isCompleted(operation) ? operation.returnTime : "no answer";
    return `  [${callTime}, ${end}] ${client}: ${model.describe(input, output)}`;
  };
  const shown = order.slice(-shownMax);
  const open = overlapping(blocked, part, order);
  const skipped = order.length - shown.length;
  return [
    `An order of the first ${order.length} of ${part.length} operations:`,
    ...(skipped === 0 ? [] : [`  (${skipped} before)`]),
    ...shown.map(line),
    `leads to the state ${model.describeState?.(state) ?? model.stateKey(state)}. ` +
      "There and at any earlier place this is impossible:",
    line(blocked),
    ...(open.length === 0 ? [] : ["while these went on, without a place in that order:"]),
    ...open.slice(0, shownMax).map(line),
  ].join("\n");
}

/** What has no place in the order and overlaps with the blocked operation. */
function overlapping<Input, Output>(
  blocked: Operation<Input, Output>,
  part: readonly Operation<Input, Output>[],
  order: readonly Operation<Input, Output>[],
): readonly Operation<Input, Output>[] {
  const placed = new Set([...order, blocked]);
  return part.filter(
    (operation) =>
      !placed.has(operation) &&
      operation.callTime <= (blocked.returnTime ?? operation.callTime) &&
      (operation.returnTime ?? blocked.callTime) >= blocked.callTime,
  );
}
