/** What holders of leases did and were told. All times are virtual, taken at the client. */

/** When a call was made and when its answer, or its failure, was there. */
export interface CallWindow {
  readonly sentMillis: number;
  readonly answeredMillis: number;
}

/** One call about leases. `unknown`: no answer that says whether it took effect. */
export type LeaseCall = CallWindow &
  (
    | {
        readonly kind: "grant";
        /** 0n lets the server choose. */
        readonly wantedId: bigint;
        readonly wantedTtlSeconds: number;
        readonly outcome:
          | { readonly kind: "ok"; readonly leaseId: bigint; readonly ttlSeconds: number }
          | { readonly kind: "exists" | "unknown" };
      }
    | {
        readonly kind: "renewal";
        readonly leaseId: bigint;
        /** 0: there is no such lease; undefined: no answer. */
        readonly ttlSeconds: number | undefined;
      }
    /** The client renewed it by itself for the whole window. */
    | { readonly kind: "hold"; readonly leaseId: bigint }
    | {
        readonly kind: "revoke";
        readonly leaseId: bigint;
        /** `gone`: there is no such lease any more, by this call or another. */
        readonly outcome: "gone" | "unknown";
      }
    | {
        readonly kind: "put";
        readonly leaseId: bigint;
        readonly key: string;
        readonly outcome:
          | { readonly kind: "ok"; readonly revision: number }
          | { readonly kind: "no-lease" | "unknown" };
      }
    | {
        readonly kind: "time-to-live";
        readonly leaseId: bigint;
        /** Whole seconds left, rounded down; -1 for none. */
        readonly ttlSeconds: number;
        readonly grantedTtlSeconds: number;
        /** latin1; undefined when not asked for. */
        readonly keys: readonly string[] | undefined;
      }
    | { readonly kind: "list"; readonly leaseIds: readonly bigint[] }
    /** The holder asked its own clock, in an instant, and was told that the lease is alive. */
    | { readonly kind: "belief"; readonly leaseId: bigint }
  );

/** All that a workload did with leases. */
export interface LeaseHistory {
  readonly calls: readonly LeaseCall[];
  /**
   * From when on the cluster was known to serve again, with nothing wrong any more; undefined when
   * that was not seen.
   */
  readonly healedMillis: number | undefined;
  /** Until when leases were watched. */
  readonly endMillis: number;
}
