import type { Mutant } from "./mutant.ts";

/** See {@link Mutant}. */
export const mutants: readonly Mutant[] = [];
