/**
 * Joins the metric catalogue to the parts of a member: which part writes to which instrument, and
 * what is read from the member's state when it is scraped.
 */
import {
  createMemberMetrics,
  type MemberInstruments,
  type MemberMetrics,
  type RpcMethodName,
} from "@quorate/exporter";
import type { BackendMeter, StoreInstruments, StoreStats } from "@quorate/mvcc";
import type { MemberId } from "@quorate/raft";
import type { WalInstruments } from "@quorate/wal";
import type { Member } from "../member/member.ts";
import type { MemberMeter, SnapshotMeter } from "../member/member-meter.ts";
import type { PeerTransportMeter } from "../peer/socket-peer-transport.ts";
import { alarmName } from "../services/maintenance-service.ts";
import { protocolVersion } from "../version.ts";

/** All instruments of a member's process. */
export interface NodeMetrics extends MemberMetrics {
  readonly wal: WalInstruments;
  readonly store: StoreInstruments;
  readonly backend: Omit<BackendMeter, "clock">;
  readonly member: MemberMeter;
  /** @param local - Id of this member in hex. */
  peers(local: string): PeerTransportMeter;
}

/** Makes the instruments. */
export function createNodeMetrics(
  rpcMethods: readonly RpcMethodName[],
  isExtensive: boolean,
): NodeMetrics {
  const metrics = createMemberMetrics({ rpcMethods, isExtensive });
  const i = metrics.instruments;
  const writtenBytes = i.etcd_disk_wal_write_bytes_total;
  return {
    ...metrics,
    wal: {
      syncSeconds: i.etcd_disk_wal_fsync_duration_seconds,
      writeSeconds: i.etcd_disk_wal_write_duration_seconds,
      // A gauge by type, for it is one in etcd's catalogue; it only grows.
      writtenBytes: { add: (amount = 1) => writtenBytes.shift(amount) },
    },
    store: {
      compactionPauseMillis: i.etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds,
      compactionTotalMillis: i.etcd_debugging_mvcc_db_compaction_total_duration_milliseconds,
      compactionKeys: i.etcd_debugging_mvcc_db_compaction_keys_total,
      hashSeconds: i.etcd_mvcc_hash_rev_duration_seconds,
    },
    backend: {
      commitSeconds: i.etcd_disk_backend_commit_duration_seconds,
      commitRows: i.quorate_backend_commit_rows,
      defragmentSeconds: i.etcd_disk_backend_defrag_duration_seconds,
      snapshotSeconds: i.etcd_disk_backend_snapshot_duration_seconds,
    },
    member: createMemberMeter(i),
    peers: (local) => createPeerMeter(i, local),
  };
}

/**
 * Counts the lines of the log that were lost, whenever the metrics are read.
 *
 * @param read - Lines that were dropped since the process began.
 */
export function countLostLines({ instruments, registry }: MemberMetrics, read: () => number): void {
  let counted = 0;
  registry.onCollect(() => {
    const lines = read();
    instruments.quorate_log_lines_dropped_total.add(lines - counted);
    counted = lines;
  });
}

function createMemberMeter(i: MemberInstruments): MemberMeter {
  const sendLabels = (peer: string): { To: string } => ({ To: peer });
  const receiveLabels = (peer: string): { From: string } => ({ From: peer });
  const snapshotSend: SnapshotMeter = {
    begin: (peer) => {
      i.etcd_network_snapshot_send_inflights_total.with(sendLabels(peer)).shift(1);
    },
    end: (peer, isOk, seconds) => {
      const labels = sendLabels(peer);
      i.etcd_network_snapshot_send_inflights_total.with(labels).shift(-1);
      i.etcd_network_snapshot_send_total_duration_seconds.with(labels).observe(seconds);
      if (isOk) i.etcd_network_snapshot_send_success.with(labels).add();
      else i.etcd_network_snapshot_send_failures.with(labels).add();
    },
  };
  const snapshotReceive: SnapshotMeter = {
    begin: (peer) => {
      i.etcd_network_snapshot_receive_inflights_total.with(receiveLabels(peer)).shift(1);
    },
    end: (peer, isOk, seconds) => {
      const labels = receiveLabels(peer);
      i.etcd_network_snapshot_receive_inflights_total.with(labels).shift(-1);
      i.etcd_network_snapshot_receive_total_duration_seconds.with(labels).observe(seconds);
      if (isOk) i.etcd_network_snapshot_receive_success.with(labels).add();
      else i.etcd_network_snapshot_receive_failures.with(labels).add();
    },
  };
  const applyLabels = { version: "v3", op: "unknown", success: "true" } as const;
  return {
    leaderChanges: i.etcd_server_leader_changes_seen_total,
    leasesGranted: i.etcd_debugging_lease_granted_total,
    leasesRevoked: i.etcd_debugging_lease_revoked_total,
    leasesRenewed: i.etcd_debugging_lease_renewed_total,
    leasesExpired: i.etcd_debugging_server_lease_expired_total,
    leaseTtlSeconds: i.etcd_debugging_lease_ttl_total,
    proposalsFailed: i.etcd_server_proposals_failed_total,
    proposalsShed: i.quorate_requests_shed_total.with({ bound: "proposal-queue" }),
    batchRequests: i.quorate_proposal_batch_requests,
    readRounds: i.quorate_read_rounds_total,
    readsFailed: i.etcd_server_read_indexes_failed_total,
    slowReads: i.etcd_server_slow_read_indexes_total,
    slowApplies: i.etcd_server_slow_apply_total,
    applySeconds: i.etcd_server_apply_duration_seconds.with(applyLabels),
    snapshotSend,
    snapshotReceive,
    snapshotApplyInProgress: i.etcd_server_snapshot_apply_in_progress_total,
  };
}

function createPeerMeter(i: MemberInstruments, local: string): PeerTransportMeter {
  const hex = (id: MemberId): string => id.toString(16);
  return {
    sentBytes: (to, bytes) => {
      i.etcd_network_peer_sent_bytes_total.with({ To: hex(to) }).add(bytes);
    },
    receivedBytes: (from, bytes) => {
      i.etcd_network_peer_received_bytes_total.with({ From: hex(from) }).add(bytes);
    },
    sendFailure: (to) => {
      i.etcd_network_peer_sent_failures_total.with({ To: hex(to) }).add();
    },
    roundTrip: (to, seconds) => {
      i.etcd_network_peer_round_trip_time_seconds.with({ To: hex(to) }).observe(seconds);
    },
    connection: (peer, isUp) => {
      const labels = { Local: local, Remote: hex(peer) };
      i.etcd_network_active_peers.with(labels).set(isUp ? 1 : 0);
      if (!isUp) i.etcd_network_disconnected_peers_total.with(labels).add();
    },
  };
}

/** Reads the member's state at each scrape. */
export function collectMember(
  { registry, instruments: i }: NodeMetrics,
  member: Member,
  quotaBytes: number | undefined,
): void {
  const local = member.memberId.toString(16);
  i.etcd_server_version.with({ server_version: protocolVersion }).set(1);
  i.etcd_server_id.with({ server_id: local }).set(1);
  i.etcd_server_quota_backend_bytes.set(quotaBytes ?? 0);
  const countStore = createStoreCounter(i);
  registry.onCollect(() => {
    const { log } = member.status();
    const { store, members, clusterVersion } = member.state;
    i.etcd_server_has_leader.set(member.leader === undefined ? 0 : 1);
    i.etcd_server_is_leader.set(member.isLeader ? 1 : 0);
    i.etcd_server_is_learner.set(member.isLearner ? 1 : 0);
    i.etcd_server_proposals_committed_total.set(log.commitIndex);
    i.etcd_server_proposals_applied_total.set(member.state.appliedIndex);
    i.etcd_server_proposals_pending.set(member.pendingProposals);
    i.quorate_proposal_queue_requests.set(member.pendingProposals);
    i.quorate_proposal_queue_bytes.set(member.pendingProposalBytes);
    i.etcd_mvcc_db_total_size_in_bytes.set(store.backend.sizeBytes);
    i.quorate_backend_overlay_bytes.set(store.backend.stagedBytes);
    i.etcd_mvcc_db_total_size_in_use_in_bytes.set(store.backend.sizeInUseBytes);
    for (const { id } of members.members) {
      if (id === member.memberId) continue;
      i.etcd_network_known_peers.with({ Local: local, Remote: id.toString(16) }).set(1);
    }
    if (clusterVersion !== undefined) {
      const minor = clusterVersion.replace(/\.\d+$/, "");
      i.etcd_cluster_version.with({ cluster_version: minor }).set(1);
    }
    collectAlarms(i, member, local);
    countStore(store.stats());
  });
}

function collectAlarms(i: MemberInstruments, member: Member, local: string): void {
  const raised = new Set(
    member.state.alarms
      .list()
      .filter(({ memberId }) => memberId === member.memberId)
      .map(({ alarm }) => alarmName(alarm)),
  );
  for (const alarm_type of ["NOSPACE", "CORRUPT"] as const) {
    const labels = { server_id: local, alarm_type };
    i.etcd_debugging_server_alarms.with(labels).set(raised.has(alarm_type) ? 1 : 0);
  }
}

/** Turns the store's running totals into counters. */
function createStoreCounter(i: MemberInstruments): (stats: StoreStats) => void {
  const counters = [
    ["rangeTotal", i.etcd_mvcc_range_total],
    ["putTotal", i.etcd_mvcc_put_total],
    ["deleteTotal", i.etcd_mvcc_delete_total],
    ["txnTotal", i.etcd_mvcc_txn_total],
    ["eventsTotal", i.etcd_debugging_mvcc_events_total],
    ["fallbacksTotal", i.quorate_watch_fallbacks_total],
  ] as const;
  let previous: StoreStats | undefined;
  return (stats) => {
    for (const [name, counter] of counters) {
      counter.add(Math.max(0, stats[name] - (previous?.[name] ?? 0)));
    }
    previous = stats;
    i.etcd_debugging_mvcc_keys_total.set(stats.keysTotal);
    i.etcd_debugging_mvcc_current_revision.set(stats.currentRevision);
    i.etcd_debugging_mvcc_compact_revision.set(stats.compactRevision);
    i.etcd_debugging_mvcc_watch_stream_total.set(stats.watchStreamTotal);
    i.etcd_debugging_mvcc_watcher_total.set(stats.watcherTotal);
    i.etcd_debugging_mvcc_slow_watcher_total.set(stats.slowWatcherTotal);
    i.etcd_debugging_mvcc_pending_events_total.set(stats.pendingRevisions);
    i.etcd_debugging_mvcc_total_put_size_in_bytes.set(stats.totalPutSizeBytes);
  };
}
