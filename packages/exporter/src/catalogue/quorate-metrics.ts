/** What etcd has no name for. */
export const quorateMetrics = {
  quorate_event_loop_delay_seconds: {
    type: "histogram",
    help: "How much later than planned a timer ran: stalls of the event loop.",
    buckets: { start: 0.001, factor: 2, count: 12 },
  },
  quorate_proposal_queue_requests: {
    type: "gauge",
    help: "Requests that wait to enter the log.",
  },
  quorate_proposal_queue_bytes: {
    type: "gauge",
    help: "Bytes of the requests that wait to enter the log.",
  },
  quorate_proposal_batch_requests: {
    type: "histogram",
    help: "Requests packed into one log entry.",
    buckets: { start: 1, factor: 2, count: 12 },
  },
  quorate_requests_shed_total: {
    type: "counter",
    help: "Requests refused because a bound was reached.",
    labels: { bound: ["proposal-queue", "apply-gap", "read-queue", "watch-buffer", "connections"] },
  },
  quorate_read_rounds_total: {
    type: "counter",
    help: "Rounds that confirmed leadership for linearizable reads.",
  },
  quorate_read_round_requests: {
    type: "histogram",
    help: "Reads that shared one such round.",
    buckets: { start: 1, factor: 2, count: 12 },
  },
  quorate_read_round_duration_seconds: {
    type: "histogram",
    help: "Time of one such round.",
    buckets: { start: 0.0001, factor: 2, count: 16 },
  },
  quorate_apply_batch_entries: {
    type: "histogram",
    help: "Log entries applied in one turn of the event loop.",
    buckets: { start: 1, factor: 2, count: 12 },
  },
  quorate_wal_batch_bytes: {
    type: "histogram",
    help: "Bytes of the write-ahead log made durable by one fsync.",
    buckets: { start: 256, factor: 4, count: 10 },
  },
  quorate_backend_overlay_bytes: {
    type: "gauge",
    help: "Bytes applied and not yet committed to the database.",
  },
  quorate_backend_commit_rows: {
    type: "histogram",
    help: "Rows written by one commit of the database.",
    buckets: { start: 1, factor: 4, count: 10 },
  },
  quorate_watch_buffered_bytes: {
    type: "gauge",
    help: "Bytes of events that wait in all watch streams.",
  },
  quorate_watch_fallbacks_total: {
    type: "counter",
    help: "Watchers that fell behind and went back to reading the store.",
  },
  quorate_grpc_connections: {
    type: "gauge",
    help: "Client connections open.",
  },
  quorate_connections_refused_total: {
    type: "counter",
    help: "Connections closed before they were served, by reason.",
    labels: {
      reason: ["connection-cap", "first-bytes-timeout", "tls-error", "protocol", "socket-error"],
    },
  },
  quorate_log_lines_dropped_total: {
    type: "counter",
    help: "Log lines dropped because their reader was too slow.",
  },
  quorate_handler_errors_total: {
    type: "counter",
    help: "Calls that ended because of an unexpected error of this program.",
  },
  quorate_scrape_duration_seconds: {
    type: "histogram",
    help: "Time on the event loop to write one answer to a scrape.",
    buckets: { start: 0.0005, factor: 2, count: 10 },
  },
  quorate_metric_series_refused_total: {
    type: "counter",
    help: "New label combinations refused because a metric had reached its bound.",
  },
} as const;
