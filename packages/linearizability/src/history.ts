/** What was seen of concurrent operations: who asked for what, when, and what came back. */

/** An operation whose answer is known. */
export interface CompletedOperation<Input, Output> {
  /** Who called; for the reader of a counterexample only. */
  readonly client: string;
  readonly input: Input;
  readonly output: Output;
  /** When it was called, in any unit that grows. */
  readonly callTime: number;
  /** When its answer came: at or after `callTime`. */
  readonly returnTime: number;
}

/**
 * An operation of which no answer came: it may take effect at any time after its call, or never.
 * One that is known to have had no effect does not belong into a history at all.
 */
export interface PendingOperation<Input> {
  readonly client: string;
  readonly input: Input;
  readonly output: undefined;
  readonly callTime: number;
  readonly returnTime: undefined;
}

/** One operation of a history; the order of a history's operations does not matter. */
export type Operation<Input, Output> = CompletedOperation<Input, Output> | PendingOperation<Input>;

/** Whether an operation's answer is known. */
export function isCompleted<Input, Output>(
  operation: Operation<Input, Output>,
): operation is CompletedOperation<Input, Output> {
  return operation.returnTime !== undefined;
}

/** A history is none: times that go back. */
export class InvalidHistoryError extends Error {
  override readonly name = "InvalidHistoryError";
  readonly code = "invalid-history";
}
