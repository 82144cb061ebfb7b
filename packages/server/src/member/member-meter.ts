import type { Counter, Gauge, Histogram } from "@quorate/platform";

/** Instruments that a member writes to; the exporter's catalogue names them. */
export interface MemberMeter {
  readonly leaderChanges: Counter;
  readonly leasesExpired: Counter;
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
