/** What the replicated store really did, in the order of revisions: taken from what was applied. */

/** A pair as it was; its key is known. */
export interface TruthPair {
  /** latin1 of the value's bytes; empty for a delete. */
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** 0n without one. */
  readonly lease: bigint;
}

/** One change of one key. */
export interface TruthEvent extends TruthPair {
  readonly kind: "put" | "delete";
  /** latin1 of the key's bytes. */
  readonly key: string;
  /** The pair before this change; undefined when the key did not exist. */
  readonly previous: TruthPair | undefined;
}

/** All changes of one revision, in their order. */
export interface TruthRevision {
  readonly revision: number;
  readonly events: readonly TruthEvent[];
  /** Log index of the entry that made it. */
  readonly index: number;
  /** Made by a write of a client, not by the end of a lease. */
  readonly isWrite: boolean;
  /** Virtual time at which the first process had applied it. */
  readonly atMillis: number;
}

/** What a lease went through. */
export interface TruthLeaseEvent {
  readonly kind: "granted" | "revoked";
  readonly leaseId: bigint;
  /** Seconds; of a grant. */
  readonly ttlSeconds: number;
  /** Whether the leader's clock ended it rather than a client. */
  readonly isExpiry: boolean;
  readonly index: number;
  readonly atMillis: number;
}

/** What a finished run really did. */
export interface Truth {
  /** From revision 2 on, without gaps. */
  readonly revisions: readonly TruthRevision[];
  /** In log order. */
  readonly leases: readonly TruthLeaseEvent[];
  /** Revisions that were compacted at, in log order. */
  readonly compactions: readonly { readonly revision: number; readonly atMillis: number }[];
  /** When members began to lead, in order of time: leases then begin anew (L1). */
  readonly leadershipsMillis?: readonly number[];
  /**
   * Members whose disk forgot what it had held. They are refused once they are heard of (B16); what
   * they answer of their own until then may be older than before.
   */
  readonly forgetful?: ReadonlySet<bigint>;
  /** Pairs alive at the end. */
  readonly final: ReadonlyMap<string, TruthPair>;
}
