import type { Configuration } from "./configuration.ts";
import type { LogIndex, Term } from "./entry.ts";

/**
 * Why a node takes no proposal now.
 *
 * - `no-leader`: none is known; `not-leader`: another member leads (`status().leader`).
 * - `transferring`: leadership is being handed over; over within one election timeout.
 * - `too-large-backlog`: more than `maxUncommittedBytes` wait for a quorum or for the own disk.
 */
export type DropReason = "no-leader" | "not-leader" | "transferring" | "too-large-backlog";

/**
 * What became of a proposal. Accepted means appended, not committed: it takes effect if an entry
 * with this index *and* term is committed, and never if another term's is.
 */
export type ProposeResult =
  | { readonly kind: "accepted"; readonly index: LogIndex; readonly term: Term }
  | { readonly kind: "dropped"; readonly reason: DropReason };

/** How a configuration is to change. */
export interface ConfigurationOptions {
  /**
   * Go through a joint phase even for a change of one voter.
   *
   * @default false
   */
  readonly isJointWanted?: boolean;
}

/**
 * What became of a proposed change.
 *
 * - `not-ready`: the leader has not committed an entry of its term (M1); soon over.
 * - `change-in-progress`: the last change is not committed, or still joint.
 * - `invalid-change`: it can never be made; `problem` says why.
 */
export type ConfigurationResult =
  | {
      readonly kind: "accepted";
      readonly index: LogIndex;
      readonly term: Term;
      /** In force from now on; joint when more than one voter changes. */
      readonly configuration: Configuration;
    }
  | {
      readonly kind: "dropped";
      readonly reason:
        Exclude<DropReason, "too-large-backlog"> | "not-ready" | "change-in-progress";
    }
  | { readonly kind: "dropped"; readonly reason: "invalid-change"; readonly problem: string };

/** What became of a read request: accepted ones end in `readStates` or `abandonedReads`. */
export type ReadIndexResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "dropped"; readonly reason: "no-leader" | "too-many-reads" };

/** What became of a request to hand leadership over; watch `status().leader` for the end. */
export type TransferResult =
  | { readonly kind: "accepted" }
  | {
      readonly kind: "dropped";
      readonly reason: "no-leader" | "not-leader" | "is-leader-already" | "not-a-voter";
    };
