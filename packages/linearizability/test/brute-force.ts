import { isCompleted, type Model, type Operation } from "@quorate/linearizability";

/**
 * Whether any order explains a history, by trying all of them: every subset of what need not have
 * taken effect, every permutation that keeps to the order of time. For six operations or so.
 *
 * @param end - What returned later need not have taken effect yet; what was called later had not.
 */
export function isLinearizableByBruteForce<State extends NonNullable<unknown>, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  end: number = Number.POSITIVE_INFINITY,
): boolean {
  const begun = history.filter(({ callTime }) => callTime <= end);
  const isNeeded = (operation: Operation<Input, Output>): boolean =>
    isCompleted(operation) && operation.returnTime <= end;
  const needed = begun.filter(isNeeded);
  const possible = begun.filter((operation) => !isNeeded(operation));
  for (let subset = 0; subset < 2 ** possible.length; subset++) {
    const chosen = possible.filter((_, index) => (subset & (2 ** index)) !== 0);
    if (hasOrder(model, model.initial, [...needed, ...chosen])) return true;
  }
  return false;
}

function hasOrder<State extends NonNullable<unknown>, Input, Output>(
  model: Model<State, Input, Output>,
  state: State,
  rest: readonly Operation<Input, Output>[],
): boolean {
  if (rest.length === 0) return true;
  return rest.some((operation) => {
    const others = rest.filter((other) => other !== operation);
    const isTooEarly = others.some(
      (other) => isCompleted(other) && other.returnTime < operation.callTime,
    );
    if (isTooEarly) return false;
    const next = model.step(state, operation.input, operation.output);
    return next !== undefined && hasOrder(model, next, others);
  });
}
