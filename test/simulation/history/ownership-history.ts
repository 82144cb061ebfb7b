/** What holders of locks and leaders of elections were told and did. Times are virtual. */
import type { CallWindow } from "./lease-history.ts";

/** A lock or a leadership that was given to somebody. */
export interface Ownership extends CallWindow {
  /** Prefix of the queue without its slash. */
  readonly name: string;
  /** latin1 of the owner key. */
  readonly key: string;
  /** Fencing token: the key's create revision. */
  readonly token: number;
  readonly ttlSeconds: number;
}

/** A write guarded by the owner key's create revision. */
export interface FencedWrite extends CallWindow {
  readonly name: string;
  readonly key: string;
  readonly token: number;
  /** latin1 of the key that was written. */
  readonly resource: string;
  /** Unique in the run. */
  readonly value: string;
  readonly outcome:
    { readonly kind: "done"; readonly revision: number } | { readonly kind: "refused" | "unknown" };
}

/** A holder asked its own clock and was told that it still owns. */
export interface OwnershipBelief {
  readonly key: string;
  readonly token: number;
  readonly ttlSeconds: number;
  readonly atMillis: number;
}

/** A leader as an observer of an election saw it. */
export interface ObservedLeader {
  readonly observer: string;
  readonly name: string;
  readonly key: string;
  readonly token: number;
  readonly value: string;
  /** Store revision at which that was so. */
  readonly revision: number;
}

/** All that a workload did with locks or elections. */
export interface OwnershipHistory {
  readonly ownerships: readonly Ownership[];
  readonly writes: readonly FencedWrite[];
  readonly beliefs: readonly OwnershipBelief[];
  /** In the order of each observer. */
  readonly observed: readonly ObservedLeader[];
}
