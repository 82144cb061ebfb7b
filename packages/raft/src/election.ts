/**
 * One campaign of a candidate (thesis §3.4, §9.6).
 *
 * A pre-vote asks "would you vote for me?" in the term after the current one, without entering it:
 * a member that cannot win moves nobody's term. Only when a quorum would, the real campaign starts.
 *
 * The configuration that counts is the one in force when the votes are counted, which cannot
 * change during a campaign: only a leader's message changes the log, and it ends the campaign.
 */
import type { Configuration } from "./configuration.ts";
import type { MemberId } from "./entry.ts";
import { voteResult, type VoteResult } from "./quorum.ts";

/** The votes of one campaign. */
export class Election {
  readonly isPreVote: boolean;
  readonly isLeaderTransfer: boolean;
  readonly #votes = new Map<MemberId, boolean>();

  constructor(kind: { readonly isPreVote: boolean; readonly isLeaderTransfer: boolean }) {
    this.isPreVote = kind.isPreVote;
    this.isLeaderTransfer = kind.isLeaderTransfer;
  }

  /** Takes the first answer of a member; repeated ones change nothing. */
  record(member: MemberId, isGranted: boolean): void {
    if (!this.#votes.has(member)) this.#votes.set(member, isGranted);
  }

  /** How the campaign stands. Answers of members without a vote do not count. */
  result(configuration: Configuration): VoteResult {
    return voteResult(configuration, (member) => this.#votes.get(member));
  }
}
