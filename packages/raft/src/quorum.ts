/**
 * Majorities, and majorities of two sets at once.
 *
 * A decision needs more than half of the voters; while the configuration is joint it needs that of
 * the incoming set *and* of the outgoing set (thesis §4.3), so that no two decisions, whichever of
 * the configurations their makers believe in, can be made by disjoint sets of members.
 *
 * For the commit index: sort the match indexes of five voters, `[2 4 5 7 9]`. Three of five hold
 * everything up to the third largest, 5. The joint commit index is the smaller of the two.
 *
 * An empty set decides nothing and hinders nothing: it is always won, and commits everything. So a
 * joint quorum with an empty outgoing set is the plain one. A whole configuration without voters
 * never gets here: no node campaigns in it.
 */
import type { Configuration } from "./configuration.ts";
import type { MemberId } from "./entry.ts";

/** How a vote stands. `lost` means that the missing answers cannot turn it any more. */
export type VoteResult = "won" | "lost" | "pending";

/** Members needed for a majority of `count` voters. */
export function majoritySize(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * The highest index that a quorum of the configuration has reached.
 *
 * @param matchOf - The index a voter has acknowledged; 0 for unknown.
 * @returns `Infinity` when there are no voters at all.
 */
export function committedIndex(
  configuration: Configuration,
  matchOf: (member: MemberId) => number,
): number {
  const incoming = majorityIndex(configuration.voters, matchOf);
  if (configuration.votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, majorityIndex(configuration.votersOutgoing, matchOf));
}

/**
 * Counts votes under the configuration.
 *
 * @param voteOf - True for yes, false for no, undefined for no answer yet.
 */
export function voteResult(
  configuration: Configuration,
  voteOf: (member: MemberId) => boolean | undefined,
): VoteResult {
  const incoming = majorityVote(configuration.voters, voteOf);
  if (configuration.votersOutgoing.length === 0 || incoming === "lost") return incoming;
  const outgoing = majorityVote(configuration.votersOutgoing, voteOf);
  if (outgoing === "lost") return "lost";
  return incoming === "won" && outgoing === "won" ? "won" : "pending";
}

function majorityIndex(voters: readonly MemberId[], matchOf: (member: MemberId) => number): number {
  if (voters.length === 0) return Infinity;
  const matches = voters.map(matchOf).sort((a, b) => b - a);
  return matches[majoritySize(voters.length) - 1] ?? 0;
}

function majorityVote(
  voters: readonly MemberId[],
  voteOf: (member: MemberId) => boolean | undefined,
): VoteResult {
  if (voters.length === 0) return "won";
  let granted = 0;
  let rejected = 0;
  for (const voter of voters) {
    const vote = voteOf(voter);
    if (vote === true) granted += 1;
    else if (vote === false) rejected += 1;
  }
  const needed = majoritySize(voters.length);
  if (granted >= needed) return "won";
  return voters.length - rejected < needed ? "lost" : "pending";
}
