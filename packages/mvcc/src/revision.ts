import { RevisionExhaustedError } from "./errors.ts";

/**
 * Main revision of the store: 1 when never written, one more for each write that changes something.
 *
 * A safe integer in `[0, 2^53)`; the wire carries it as int64.
 */
export type Revision = number & { readonly __brand: "mvcc.Revision" };

/** The greatest revision that a store can reach (P7). */
export const maxRevision: number = Number.MAX_SAFE_INTEGER;

/**
 * Brands a number as a revision.
 *
 * @throws {@link RevisionExhaustedError} beyond {@link maxRevision}.
 * @throws RangeError for negative numbers and fractions, which are programming errors.
 */
export function toRevision(value: number): Revision {
  if (value > maxRevision) throw new RevisionExhaustedError();
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`Cannot use ${value} as a revision: it must be a non-negative integer`);
  }
  return value as Revision;
}
