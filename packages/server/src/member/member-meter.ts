import type { Counter, Gauge, Histogram } from "@quorate/platform";

/** Instruments that a member writes to; the exporter's catalogue names them. */
export interface MemberMeter {
  readonly leaderChanges: Counter;
  readonly leasesGranted: Counter;
  readonly leasesRevoked: Counter;
  readonly leasesRenewed: Counter;
  readonly leasesExpired: Counter;
  /** Seconds of granted leases. */
  readonly leaseTtlSeconds: Histogram;
  /** Proposals that got no outcome. */
  readonly proposalsFailed: Counter;
  /** Requests refused because the queue of proposals is full. */
  readonly proposalsShed: Counter;
  /** Requests of one batch of this member. */
  readonly batchRequests: Histogram;
  readonly readRounds: Counter;
  readonly readsFailed: Counter;
  /** Read rounds without an answer in time. */
  readonly slowReads: Counter;
  readonly slowApplies: Counter;
  /** Seconds to apply one entry. */
  readonly applySeconds: Histogram;
  readonly snapshotSend: SnapshotMeter;
  readonly snapshotReceive: SnapshotMeter;
  /** 1 while a received snapshot is installed. */
  readonly snapshotApplyInProgress: Gauge;
}

/** Counts snapshots in one direction; `peer` is the other member's id in hex. */
export interface SnapshotMeter {
  begin(peer: string): void;
  end(peer: string, isOk: boolean, seconds: number): void;
}
