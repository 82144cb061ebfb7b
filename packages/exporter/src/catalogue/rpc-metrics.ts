/** gRPC calls by method, as the usual gRPC middleware for Prometheus exposes them. */
export const rpcMetrics = {
  grpc_server_started_total: {
    type: "counter",
    help: "Calls that began.",
    labels: {
      grpc_type: ["unary", "client_stream", "server_stream", "bidi_stream"],
      grpc_service: "text",
      grpc_method: "text",
    },
  },
  grpc_server_handled_total: {
    type: "counter",
    help: "Calls that ended, by status code.",
    labels: {
      grpc_type: ["unary", "client_stream", "server_stream", "bidi_stream"],
      grpc_service: "text",
      grpc_method: "text",
      grpc_code: [
        "OK",
        "Canceled",
        "Unknown",
        "InvalidArgument",
        "DeadlineExceeded",
        "NotFound",
        "AlreadyExists",
        "PermissionDenied",
        "ResourceExhausted",
        "FailedPrecondition",
        "Aborted",
        "OutOfRange",
        "Unimplemented",
        "Internal",
        "Unavailable",
        "DataLoss",
        "Unauthenticated",
      ],
    },
    seriesMax: 5000,
  },
  grpc_server_msg_received_total: {
    type: "counter",
    help: "Request messages received.",
    labels: {
      grpc_type: ["unary", "client_stream", "server_stream", "bidi_stream"],
      grpc_service: "text",
      grpc_method: "text",
    },
  },
  grpc_server_msg_sent_total: {
    type: "counter",
    help: "Response messages sent.",
    labels: {
      grpc_type: ["unary", "client_stream", "server_stream", "bidi_stream"],
      grpc_service: "text",
      grpc_method: "text",
    },
  },
} as const;

/** Call latency by method: many series, so only on demand (`--metrics extensive`). */
export const extensiveRpcMetrics = {
  grpc_server_handling_seconds: {
    type: "histogram",
    help: "Time from the beginning of a call to its end.",
    labels: {
      grpc_type: ["unary", "client_stream", "server_stream", "bidi_stream"],
      grpc_service: "text",
      grpc_method: "text",
    },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
} as const;

/** Names of gRPC status codes by their number, as `grpc_code` has them. */
export const grpcCodes: typeof rpcMetrics.grpc_server_handled_total.labels.grpc_code =
  rpcMetrics.grpc_server_handled_total.labels.grpc_code;
