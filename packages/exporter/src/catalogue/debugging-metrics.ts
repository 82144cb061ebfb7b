/**
 * Names that etcd calls unstable and that many scrape all the same. Names, labels and bounds are
 * etcd's.
 */
export const debuggingMetrics = {
  etcd_debugging_mvcc_keys_total: {
    type: "gauge",
    help: "Live keys.",
  },
  etcd_debugging_mvcc_current_revision: {
    type: "gauge",
    help: "Revision of the store.",
  },
  etcd_debugging_mvcc_compact_revision: {
    type: "gauge",
    help: "Last compacted revision; -1 before the first.",
  },
  etcd_debugging_mvcc_watch_stream_total: {
    type: "gauge",
    help: "Open watch streams.",
  },
  etcd_debugging_mvcc_watcher_total: {
    type: "gauge",
    help: "Watchers.",
  },
  etcd_debugging_mvcc_slow_watcher_total: {
    type: "gauge",
    help: "Watchers that have not caught up with the store.",
  },
  etcd_debugging_mvcc_events_total: {
    type: "counter",
    help: "Events handed to watch streams.",
  },
  etcd_debugging_mvcc_pending_events_total: {
    type: "gauge",
    help: "Events that wait to be sent.",
  },
  etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds: {
    type: "histogram",
    help: "Pause of the store while the index is compacted, in milliseconds.",
    buckets: { start: 0.5, factor: 2, count: 14 },
  },
  etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds: {
    type: "histogram",
    help: "Pause of the store for one slice of a compaction, in milliseconds.",
    buckets: { start: 1, factor: 2, count: 13 },
  },
  etcd_debugging_mvcc_db_compaction_total_duration_milliseconds: {
    type: "histogram",
    help: "Time of one whole compaction, in milliseconds.",
    buckets: { start: 100, factor: 2, count: 14 },
  },
  etcd_debugging_mvcc_db_compaction_last: {
    type: "gauge",
    help: "Unix time of the last compaction; 0 when there was none since the start.",
  },
  etcd_debugging_mvcc_db_compaction_keys_total: {
    type: "counter",
    help: "Stored versions that compactions removed.",
  },
  etcd_debugging_mvcc_total_put_size_in_bytes: {
    type: "gauge",
    help: "Sum of the sizes of keys and values put.",
  },
  etcd_debugging_lease_granted_total: {
    type: "counter",
    help: "Leases granted.",
  },
  etcd_debugging_lease_revoked_total: {
    type: "counter",
    help: "Leases revoked, those that expired included.",
  },
  etcd_debugging_lease_renewed_total: {
    type: "counter",
    help: "Renewals of leases by this leader.",
  },
  etcd_debugging_lease_ttl_total: {
    type: "histogram",
    help: "Times to live of granted leases, in seconds.",
    buckets: { start: 1, factor: 2, count: 24 },
  },
  etcd_debugging_server_lease_expired_total: {
    type: "counter",
    help: "Leases that this leader let expire.",
  },
  etcd_debugging_server_alarms: {
    type: "gauge",
    help: "1 for each active alarm, by member and kind.",
    labels: { server_id: "text", alarm_type: ["NOSPACE", "CORRUPT"] },
  },
  etcd_debugging_server_watch_send_loop_watch_stream_duration_seconds: {
    type: "histogram",
    help: "Time to send one response with events to a watch stream.",
    buckets: { start: 0.001, factor: 2, count: 14 },
  },
  etcd_debugging_server_watch_send_loop_watch_stream_duration_per_event_seconds: {
    type: "histogram",
    help: "The same, for each event in it.",
    buckets: { start: 0.001, factor: 2, count: 14 },
  },
  etcd_debugging_server_watch_send_loop_control_stream_duration_seconds: {
    type: "histogram",
    help: "Time to send one response without events to a watch stream.",
    buckets: { start: 0.001, factor: 2, count: 14 },
  },
  etcd_debugging_server_watch_send_loop_progress_duration_seconds: {
    type: "histogram",
    help: "Time of one round of progress notifications.",
    buckets: { start: 0.001, factor: 2, count: 14 },
  },
  etcd_debugging_auth_revision: {
    type: "gauge",
    help: "Revision of users, roles and permissions.",
  },
} as const;
