import type { QueuedRead, ReadFailure } from "./read-queue.ts";

/** Who waits for a renewal. */
export interface RenewalOwner {
  /** The renewal's {@link LeaseRenewal.ttlSeconds} is known, or nobody decided in time. */
  handleRenewed(renewal: LeaseRenewal): void;
}

/** Who moves renewals on. */
export interface RenewalDesk {
  /** A quorum has confirmed the leadership since the batch was queued, or it has not. */
  handleConfirmed(batch: RenewalBatch, failure: ReadFailure | undefined): void;
  /** Nobody has decided: they are asked again, or fail when their time is over. */
  retry(batch: RenewalBatch): void;
}

/** One renewal from its request to its answer: the only object that it costs. */
// Hot: one for each keep-alive; no field that would need a number on the heap.
export class LeaseRenewal {
  /** Upper 32 bits of the lease's id, as a signed integer. */
  readonly idHigh: number;
  /** Lower 32 bits. */
  readonly idLow: number;
  /** Revision at the arrival of the request. */
  readonly revision: number;
  readonly owner: RenewalOwner;
  /** Seconds, 0 when there is no such lease; undefined until it is known, and when nobody knew. */
  ttlSeconds: number | undefined = undefined;

  constructor(idHigh: number, idLow: number, revision: number, owner: RenewalOwner) {
    this.idHigh = idHigh;
    this.idLow = idLow;
    this.revision = revision;
    this.owner = owner;
  }

  /** Ends it. */
  finish(ttlSeconds: number | undefined): void {
    this.ttlSeconds = ttlSeconds;
    this.owner.handleRenewed(this);
  }
}

/** Renewals that arrived together and wait for the quorum as one read. */
export class RenewalBatch implements QueuedRead {
  readonly desk: RenewalDesk;
  readonly renewals: LeaseRenewal[] = [];
  /** Monotonic milliseconds at which they fail. */
  readonly endMillis: number;
  /** Of the read round, see {@link QueuedRead}. */
  deadlineMillis = 0;
  /** The term in which they wait for a quorum. */
  term = 0;

  constructor(desk: RenewalDesk, endMillis: number) {
    this.desk = desk;
    this.endMillis = endMillis;
  }

  settle(failure: ReadFailure | undefined): void {
    this.desk.handleConfirmed(this, failure);
  }

  /** Ends all without an answer. */
  fail(): void {
    for (const renewal of this.renewals) renewal.finish(undefined);
  }
}
