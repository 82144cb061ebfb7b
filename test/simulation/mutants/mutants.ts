import { consensusMutants } from "./consensus-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { serviceMutants } from "./service-mutants.ts";
import { storageMutants } from "./storage-mutants.ts";

/** All bugs that the simulator must find. */
export const mutants: readonly Mutant[] = [
  ...consensusMutants,
  ...storageMutants,
  ...serviceMutants,
];
