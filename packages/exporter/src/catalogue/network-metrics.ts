/** Clients and peers on the wire. Names, labels and bounds are etcd's. */
export const networkMetrics = {
  etcd_network_client_grpc_sent_bytes_total: {
    type: "counter",
    help: "Bytes of response messages sent to gRPC clients.",
  },
  etcd_network_client_grpc_received_bytes_total: {
    type: "counter",
    help: "Bytes of request messages received from gRPC clients.",
  },
  etcd_network_server_stream_failures_total: {
    type: "counter",
    help: "Streams to clients that broke while sending or receiving.",
    labels: { Type: ["send", "receive"], API: ["watch", "lease-keepalive"] },
  },
  etcd_network_known_peers: {
    type: "gauge",
    help: "1 for each other member that this one knows, 0 after its removal.",
    labels: { Local: "text", Remote: "text" },
  },
  etcd_network_active_peers: {
    type: "gauge",
    help: "Streams open to a peer.",
    labels: { Local: "text", Remote: "text" },
  },
  etcd_network_disconnected_peers_total: {
    type: "counter",
    help: "Connections to a peer that were lost.",
    labels: { Local: "text", Remote: "text" },
  },
  etcd_network_peer_sent_bytes_total: {
    type: "counter",
    help: "Bytes sent to a peer.",
    labels: { To: "text" },
  },
  etcd_network_peer_received_bytes_total: {
    type: "counter",
    help: "Bytes received from a peer.",
    labels: { From: "text" },
  },
  etcd_network_peer_sent_failures_total: {
    type: "counter",
    help: "Sends to a peer that failed.",
    labels: { To: "text" },
  },
  etcd_network_peer_received_failures_total: {
    type: "counter",
    help: "Receives from a peer that failed.",
    labels: { From: "text" },
  },
  etcd_network_peer_round_trip_time_seconds: {
    type: "histogram",
    help: "Round-trip time to a peer.",
    labels: { To: "text" },
    buckets: { start: 0.0001, factor: 2, count: 16 },
  },
  etcd_network_snapshot_send_success: {
    type: "counter",
    help: "Database snapshots sent to a peer.",
    labels: { To: "text" },
  },
  etcd_network_snapshot_send_failures: {
    type: "counter",
    help: "Database snapshots that could not be sent to a peer.",
    labels: { To: "text" },
  },
  etcd_network_snapshot_send_inflights_total: {
    type: "gauge",
    help: "Database snapshots on their way to a peer.",
    labels: { To: "text" },
  },
  etcd_network_snapshot_send_total_duration_seconds: {
    type: "histogram",
    help: "Time to send one database snapshot.",
    labels: { To: "text" },
    buckets: { start: 0.1, factor: 2, count: 10 },
  },
  etcd_network_snapshot_receive_success: {
    type: "counter",
    help: "Database snapshots received from a peer.",
    labels: { From: "text" },
  },
  etcd_network_snapshot_receive_failures: {
    type: "counter",
    help: "Database snapshots from a peer that broke off.",
    labels: { From: "text" },
  },
  etcd_network_snapshot_receive_inflights_total: {
    type: "gauge",
    help: "Database snapshots arriving from a peer.",
    labels: { From: "text" },
  },
  etcd_network_snapshot_receive_total_duration_seconds: {
    type: "histogram",
    help: "Time to receive one database snapshot.",
    labels: { From: "text" },
    buckets: { start: 0.1, factor: 2, count: 10 },
  },
} as const;
