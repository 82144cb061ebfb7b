import { noopCounter, noopGauge, noopHistogram } from "@quorate/platform";
import type { MemberMeter } from "@quorate/server/member";

const snapshots = { begin: () => undefined, end: () => undefined };

/** Instruments that keep nothing. */
export const noopMemberMeter: MemberMeter = {
  leaderChanges: noopCounter,
  leasesGranted: noopCounter,
  leasesRevoked: noopCounter,
  leasesRenewed: noopCounter,
  leasesExpired: noopCounter,
  leaseTtlSeconds: noopHistogram,
  proposalsFailed: noopCounter,
  proposalsShed: noopCounter,
  batchRequests: noopHistogram,
  readRounds: noopCounter,
  readsFailed: noopCounter,
  slowReads: noopCounter,
  slowApplies: noopCounter,
  applySeconds: noopHistogram,
  snapshotSend: snapshots,
  snapshotReceive: snapshots,
  snapshotApplyInProgress: noopGauge,
};
