import type { Operation } from "./history.ts";

/**
 * What an object does when nobody else is there: its sequential specification.
 *
 * States are values: `step` returns a new one and leaves the old as it is.
 */
export interface Model<State extends NonNullable<unknown>, Input, Output> {
  /** The state before the first operation. */
  readonly initial: State;
  /**
   * Carries out one operation.
   *
   * @param output - What was answered; undefined when no answer is known, and any is possible then.
   * @returns The state afterwards; undefined when the operation could not have answered that.
   */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** Names a state: equal for states that behave alike from here on, different for all others. */
  stateKey(state: State): string;
  /**
   * Cuts a history into parts that do not touch each other, such as one for each key. Without it
   * the whole is judged at once. A history is linearizable exactly if all such parts are.
   */
  partition?(
    history: readonly Operation<Input, Output>[],
  ): readonly (readonly Operation<Input, Output>[])[];
  /** One operation in words, for a counterexample; `output` is undefined if none is known. */
  describe(input: Input, output: Output | undefined): string;
  /** A state in words. @default what `stateKey` says */
  describeState?(state: State): string;
}

/** Groups operations by a key of theirs, in order of the key's first appearance. O(n). */
export function partitionBy<Input, Output>(
  history: readonly Operation<Input, Output>[],
  keyOf: (input: Input) => string,
): readonly (readonly Operation<Input, Output>[])[] {
  const parts = new Map<string, Operation<Input, Output>[]>();
  for (const operation of history) {
    const key = keyOf(operation.input);
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [operation]);
    else part.push(operation);
  }
  return [...parts.values()];
}
