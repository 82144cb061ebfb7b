/** Stops the program when a promise it makes to itself is broken; on in production too. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}
