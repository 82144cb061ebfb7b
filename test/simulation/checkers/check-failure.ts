/** A promise is broken: what every checker throws. */
export class CheckFailure extends Error {
  override readonly name = "CheckFailure";
  /** The broken promise by its short name: `P4`, `W6`, `election safety`. */
  readonly promise: string;

  /** @param message - What was seen and what would have been right, with indexes and members. */
  constructor(promise: string, message: string) {
    super(`${promise}: ${message}`);
    this.promise = promise;
  }
}

/** Throws unless the condition holds. */
export function check(condition: boolean, promise: string, message: () => string): void {
  if (!condition) throw new CheckFailure(promise, message());
}
