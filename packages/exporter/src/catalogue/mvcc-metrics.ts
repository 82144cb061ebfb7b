/** The store. Names, labels and bounds are etcd's. */
export const mvccMetrics = {
  etcd_mvcc_range_total: {
    type: "counter",
    help: "Ranges executed by the store, those inside other requests included.",
  },
  etcd_mvcc_put_total: {
    type: "counter",
    help: "Puts executed by the store.",
  },
  etcd_mvcc_delete_total: {
    type: "counter",
    help: "Delete-range calls executed by the store.",
  },
  etcd_mvcc_txn_total: {
    type: "counter",
    help: "Store transactions with more than one operation.",
  },
  etcd_mvcc_db_total_size_in_bytes: {
    type: "gauge",
    help: "Bytes allocated by the database file.",
  },
  etcd_mvcc_db_total_size_in_use_in_bytes: {
    type: "gauge",
    help: "Bytes of the database file that hold data.",
  },
  etcd_mvcc_db_open_read_transactions: {
    type: "gauge",
    help: "Read transactions open on the database.",
  },
  etcd_mvcc_hash_duration_seconds: {
    type: "histogram",
    help: "Time to hash the whole database.",
    buckets: { start: 0.01, factor: 2, count: 15 },
  },
  etcd_mvcc_hash_rev_duration_seconds: {
    type: "histogram",
    help: "Time to hash the keys up to a revision.",
    buckets: { start: 0.01, factor: 2, count: 15 },
  },
} as const;
