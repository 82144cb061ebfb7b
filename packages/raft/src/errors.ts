/** Base of the errors that this package throws for what the world does. */
export abstract class RaftError extends Error {
  abstract readonly code: string;
}

/** Bytes that are no encoding of what was asked for. The sender or the disk is at fault. */
export class RaftCodecError extends RaftError {
  override readonly name = "RaftCodecError";
  override readonly code = "malformed-bytes";
}

/** Options outside their bounds; `problems` names every one of them. */
export class RaftOptionsError extends RaftError {
  override readonly name = "RaftOptionsError";
  override readonly code = "invalid-options";
  /** One sentence a problem. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Cannot create a raft node: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/** The disk of this member has lost what it had promised: it must stop (B16, C14). */
export class RaftForgottenError extends RaftError {
  override readonly name = "RaftForgottenError";
  override readonly code = "forgotten-promise";
}

/** What was read back from the disk contradicts itself: the member must not take part (B6, B16). */
export class RaftStateError extends RaftError {
  override readonly name = "RaftStateError";
  override readonly code = "inconsistent-state";
}
