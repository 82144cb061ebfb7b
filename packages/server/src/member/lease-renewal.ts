import type { QueuedRead, ReadFailure } from "./read-queue.ts";

/** Who waits for a renewal. */
export interface RenewalOwner {
  /** The renewal's {@link LeaseRenewal.ttlSeconds} is known, or nobody decided in time. */
  handleRenewed(renewal: LeaseRenewal): void;
}

/** Who moves renewals on. */
export interface RenewalDesk {
  /** A quorum has confirmed the leadership since the renewal was queued, or it has not. */
  handleConfirmed(renewal: LeaseRenewal, failure: ReadFailure | undefined): void;
}

/** One renewal from its request to its answer: the only object that it costs. */
// Hot: one for each keep-alive.
export class LeaseRenewal implements QueuedRead {
  readonly id: bigint;
  /** Revision at the arrival of the request. */
  readonly revision: number;
  readonly owner: RenewalOwner;
  /** Seconds, 0 when there is no such lease; undefined until it is known, and when nobody knew. */
  ttlSeconds: number | undefined = undefined;
  isSettled = false;
  /** Of the read round, see {@link QueuedRead}. */
  deadlineMillis = 0;
  /** When it fails. */
  endMillis = 0;
  /** The term in which it waits for a quorum. */
  term = 0;
  desk: RenewalDesk | undefined = undefined;

  constructor(id: bigint, revision: number, owner: RenewalOwner) {
    this.id = id;
    this.revision = revision;
    this.owner = owner;
  }

  settle(failure: ReadFailure | undefined): void {
    this.desk?.handleConfirmed(this, failure);
  }

  /** Ends it. */
  finish(ttlSeconds: number | undefined): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.ttlSeconds = ttlSeconds;
    this.owner.handleRenewed(this);
  }
}
