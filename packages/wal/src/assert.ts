/**
 * Stops on what this program guarantees itself; also in production: crash rather than go on wrong.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}
