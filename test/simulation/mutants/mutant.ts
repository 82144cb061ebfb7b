import type { Focus } from "../plan/focus.ts";

/** A one-line bug, most of them once made by somebody; the simulator must find it (D13). */
export interface Mutant {
  readonly name: string;
  /** What the changed code does wrong, after "it". */
  readonly fault: string;
  /** Row of the list of known bugs, or number of the promise or fault: `C5`, `B3`. */
  readonly row: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once there. */
  readonly find: string;
  readonly replace: string;
  /** Theme of every second plan in the search. @default none */
  readonly focus?: Focus;
}
