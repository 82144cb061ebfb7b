/**
 * The process and its scrapes, beside the `process_*` and `nodejs_*` metrics that prom-client
 * collects.
 */
export const processMetrics = {
  os_fd_used: {
    type: "gauge",
    help: "File descriptors in use.",
  },
  os_fd_limit: {
    type: "gauge",
    help: "File descriptors that the process may open.",
  },
  promhttp_metric_handler_requests_total: {
    type: "counter",
    help: "Scrapes answered, by HTTP status.",
    labels: { code: ["200", "500", "503"] },
  },
  promhttp_metric_handler_requests_in_flight: {
    type: "gauge",
    help: "Scrapes being answered now.",
  },
} as const;
