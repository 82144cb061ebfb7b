/** Bugs that other stores have had (C1 to C57), and what keeps them out. */
import { consensusBugs } from "./known-bugs/consensus-bugs.ts";
import type { KnownBug } from "./known-bugs/known-bug.ts";
import { membershipBugs } from "./known-bugs/membership-bugs.ts";
import { securityBugs } from "./known-bugs/security-bugs.ts";
import { serviceBugs } from "./known-bugs/service-bugs.ts";
import { storageBugs } from "./known-bugs/storage-bugs.ts";

/** All rows, in their order. */
export const knownBugs: readonly KnownBug[] = [
  ...consensusBugs,
  ...membershipBugs,
  ...storageBugs,
  ...serviceBugs,
  ...securityBugs,
];
