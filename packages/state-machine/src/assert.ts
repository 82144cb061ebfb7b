/**
 * Checks what the program itself guarantees; a failure is a bug, also in production.
 *
 * @throws Error with the given message.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}
