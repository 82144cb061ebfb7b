/** Write-ahead log, database file and snapshot files. Names, labels and bounds are etcd's. */
export const diskMetrics = {
  etcd_disk_wal_fsync_duration_seconds: {
    type: "histogram",
    help: "Time of one fsync of the write-ahead log.",
    buckets: { start: 0.001, factor: 2, count: 14 },
  },
  etcd_disk_wal_write_duration_seconds: {
    type: "histogram",
    help: "Time to hand one batch of records to the write-ahead log, without its fsync.",
    buckets: { start: 0.001, factor: 2, count: 14 },
  },
  etcd_disk_wal_write_bytes_total: {
    type: "gauge",
    help: "Bytes written to the write-ahead log.",
  },
  etcd_disk_backend_commit_duration_seconds: {
    type: "histogram",
    help: "Time of one commit of the database.",
    buckets: { start: 0.001, factor: 2, count: 14 },
  },
  etcd_disk_backend_defrag_duration_seconds: {
    type: "histogram",
    help: "Time of one defragmentation of the database.",
    buckets: { start: 0.1, factor: 2, count: 13 },
  },
  etcd_disk_backend_snapshot_duration_seconds: {
    type: "histogram",
    help: "Time to stream one snapshot of the database.",
    buckets: { start: 0.01, factor: 2, count: 17 },
  },
  etcd_disk_defrag_inflight: {
    type: "gauge",
    help: "1 while the database is being defragmented, else 0.",
  },
  etcd_snap_fsync_duration_seconds: {
    type: "histogram",
    help: "Time of one fsync of a raft snapshot file.",
    buckets: { start: 0.001, factor: 2, count: 14 },
  },
  etcd_snap_db_save_total_duration_seconds: {
    type: "histogram",
    help: "Time to save a database snapshot that came from another member.",
    buckets: { start: 0.1, factor: 2, count: 10 },
  },
  etcd_snap_db_fsync_duration_seconds: {
    type: "histogram",
    help: "Time of the fsync of such a snapshot.",
    buckets: { start: 0.001, factor: 2, count: 14 },
  },
} as const;
