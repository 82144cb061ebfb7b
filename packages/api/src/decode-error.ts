/**
 * The bytes are not a well-formed message of the expected type.
 *
 * A server answers INTERNAL for it; see `unmarshalFailure` in the table of wire errors.
 */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  readonly code = "malformed-message";
  /** Where reading stopped, counted from the start of the outermost message. */
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(`Cannot decode message: ${problem} at byte ${offset}`);
    this.offset = offset;
  }
}
