/** Thrown where the program itself is wrong; the member must stop rather than go on (C15). */
export class RaftAssertionError extends Error {
  override readonly name = "RaftAssertionError";
}

/** Stops the member unless `condition` holds; kept on in production. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new RaftAssertionError(message);
}

/** Makes an unhandled variant of a union a compile error, and a crash if one arrives anyway. */
export function assertNever(value: never): never {
  throw new RaftAssertionError(`Unexpected variant: ${String(value)}`);
}
