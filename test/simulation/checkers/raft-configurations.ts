import type { Configuration, MemberId } from "@quorate/raft";

/**
 * What is wrong when one configuration follows another: two sets of members that could each decide
 * alone (C19, C20). Undefined when every quorum of the one meets every quorum of the other.
 */
export function overlapProblem(before: Configuration, after: Configuration): string | undefined {
  const meets = halvesOf(before).some((one) =>
    halvesOf(after).some((other) => isClose(one, other)),
  );
  if (meets) return undefined;
  return `quorums of ${describe(before)} and ${describe(after)} need not meet`;
}

/** Each of these sets must agree by a majority of its own. */
function halvesOf({ voters, votersOutgoing }: Configuration): readonly (readonly MemberId[])[] {
  return votersOutgoing.length === 0 ? [voters] : [voters, votersOutgoing];
}

/** Majorities of two sets always meet when the smallest of each are more than both together. */
function isClose(one: readonly MemberId[], other: readonly MemberId[]): boolean {
  const all = new Set([...one, ...other]).size;
  return (one.length >> 1) + 1 + (other.length >> 1) + 1 > all;
}

function describe({ voters, votersOutgoing }: Configuration): string {
  const outgoing = votersOutgoing.length === 0 ? "" : ` leaving {${votersOutgoing.join(" ")}}`;
  return `{${voters.join(" ")}}${outgoing}`;
}
