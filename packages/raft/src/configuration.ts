import type { LogIndex, MemberId, Term } from "./entry.ts";

/**
 * Who takes part in consensus.
 *
 * Invariant: `learners` is disjoint from `voters` and `votersOutgoing`. While `votersOutgoing` is
 * not empty the configuration is joint and decisions need a majority of both sets (thesis §4.3).
 */
export interface Configuration {
  /** Ascending. */
  readonly voters: readonly MemberId[];
  /** Ascending; empty unless joint. */
  readonly votersOutgoing: readonly MemberId[];
  /** Ascending; receive the log, do not vote. */
  readonly learners: readonly MemberId[];
  /** Ascending; voters of the outgoing set that become learners when the joint phase ends. */
  readonly learnersNext: readonly MemberId[];
}

/** One step of a membership change. */
export type ConfigurationChange =
  | { readonly kind: "add-voter"; readonly memberId: MemberId }
  | { readonly kind: "add-learner"; readonly memberId: MemberId }
  | { readonly kind: "remove"; readonly memberId: MemberId };

/** The payload of an entry of kind `configuration`. */
export interface ConfigurationEntry {
  /** The whole configuration in force from this entry on. */
  readonly configuration: Configuration;
  /** Opaque bytes of the state machine (which member, its addresses). */
  readonly context: Uint8Array;
}

/** Where a snapshot of the state machine stands. The state itself travels beside it. */
export interface SnapshotMark {
  readonly index: LogIndex;
  readonly term: Term;
  /** The configuration in force at `index`. */
  readonly configuration: Configuration;
}
