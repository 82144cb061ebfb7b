const requestTypes = [
  "Range",
  "ReadonlyTxn",
  "Put",
  "DeleteRange",
  "Txn",
  "Compaction",
  "LeaseGrant",
  "LeaseRevoke",
  "LeaseCheckpoint",
  "Alarm",
  "Authenticate",
  "AuthEnable",
  "AuthDisable",
  "AuthStatus",
  "AuthUserAdd",
  "AuthUserDelete",
  "AuthUserGet",
  "AuthUserChangePassword",
  "AuthUserGrantRole",
  "AuthUserRevokeRole",
  "AuthUserList",
  "AuthRoleList",
  "AuthRoleAdd",
  "AuthRoleDelete",
  "AuthRoleGet",
  "AuthRoleGrantPermission",
  "AuthRoleRevokePermission",
  "ClusterVersionSet",
  "ClusterMemberAttrSet",
  "DowngradeInfoSet",
  "DowngradeVersionTest",
  "Unknown",
] as const;

// apply_duration takes the same names, and "unknown" in small letters.
const applyOperations = [
  "Range",
  "Put",
  "DeleteRange",
  "Txn",
  "Compaction",
  "LeaseGrant",
  "LeaseRevoke",
  "LeaseCheckpoint",
  "Alarm",
  "Authenticate",
  "AuthEnable",
  "AuthDisable",
  "AuthStatus",
  "AuthUserAdd",
  "AuthUserDelete",
  "AuthUserGet",
  "AuthUserChangePassword",
  "AuthUserGrantRole",
  "AuthUserRevokeRole",
  "AuthUserList",
  "AuthRoleList",
  "AuthRoleAdd",
  "AuthRoleDelete",
  "AuthRoleGet",
  "AuthRoleGrantPermission",
  "AuthRoleRevokePermission",
  "ClusterVersionSet",
  "ClusterMemberAttrSet",
  "DowngradeInfoSet",
  "DowngradeVersionTest",
  "unknown",
] as const;

const healthCheckNames = [
  "serializable_read",
  "data_corruption",
  "linearizable_read",
  "non_learner",
] as const;

/** The member as a whole: leadership, proposals, requests, health. Names, labels and bounds are etcd's. */
export const serverMetrics = {
  etcd_server_has_leader: {
    type: "gauge",
    help: "Whether this member knows a leader: 1 or 0.",
  },
  etcd_server_is_leader: {
    type: "gauge",
    help: "Whether this member leads: 1 or 0.",
  },
  etcd_server_is_learner: {
    type: "gauge",
    help: "Whether this member is a learner, which has no vote: 1 or 0.",
  },
  etcd_server_leader_changes_seen_total: {
    type: "counter",
    help: "Changes of leader that this member has seen.",
  },
  etcd_server_learner_promote_failures: {
    type: "counter",
    help: "Promotions of learners that this leader refused or could not finish, by reason.",
    labels: { Reason: "text" },
  },
  etcd_server_learner_promote_successes: {
    type: "counter",
    help: "Learners that became voters through this leader.",
  },
  etcd_server_heartbeat_send_failures_total: {
    type: "counter",
    help: "Heartbeats that left this leader later than they should, as when it is overloaded.",
  },
  etcd_server_snapshot_apply_in_progress_total: {
    type: "gauge",
    help: "1 while a snapshot from the leader is being installed, else 0.",
  },
  etcd_server_proposals_committed_total: {
    type: "gauge",
    help: "Index of the last committed log entry.",
  },
  etcd_server_proposals_applied_total: {
    type: "gauge",
    help: "Index of the last applied log entry.",
  },
  etcd_server_proposals_pending: {
    type: "gauge",
    help: "Requests proposed here that wait for their commit.",
  },
  etcd_server_proposals_failed_total: {
    type: "counter",
    help: "Requests proposed here that failed or timed out.",
  },
  etcd_server_request_duration_seconds: {
    type: "histogram",
    help: "Time from the arrival of a proposal or read to its answer, by kind of request.",
    labels: { type: requestTypes as typeof requestTypes, success: ["true", "false"] },
    buckets: { start: 0.001, factor: 2, count: 14 },
  },
  etcd_server_apply_duration_seconds: {
    type: "histogram",
    help: "Time to apply one request of the log, by kind.",
    labels: {
      version: ["v3"],
      op: applyOperations as typeof applyOperations,
      success: ["true", "false"],
    },
    buckets: { start: 0.0001, factor: 2, count: 20 },
  },
  etcd_server_range_duration_seconds: {
    type: "histogram",
    help: "Time to execute one range.",
    labels: { success: ["true", "false"] },
    buckets: { start: 0.0001, factor: 2, count: 20 },
  },
  etcd_server_slow_apply_total: {
    type: "counter",
    help: "Applies that took longer than the warning bound.",
  },
  etcd_server_slow_read_indexes_total: {
    type: "counter",
    help: "Read index rounds that were answered late.",
  },
  etcd_server_read_indexes_failed_total: {
    type: "counter",
    help: "Read index rounds that failed.",
  },
  etcd_server_quota_backend_bytes: {
    type: "gauge",
    help: "Database size at which writes are refused, in bytes.",
  },
  etcd_server_client_requests_total: {
    type: "counter",
    help: "Requests by kind and by the API version that the client names.",
    labels: { type: ["unary", "stream"], client_api_version: "text" },
    seriesMax: 50,
  },
  etcd_server_health_success: {
    type: "counter",
    help: "Health checks on /health that passed.",
  },
  etcd_server_health_failures: {
    type: "counter",
    help: "Health checks on /health that failed.",
  },
  etcd_server_healthcheck: {
    type: "gauge",
    help: "Result of the last run of each liveness and readiness check: 1 passed, 0 failed.",
    labels: { type: ["livez", "readyz"], name: healthCheckNames as typeof healthCheckNames },
  },
  etcd_server_healthchecks_total: {
    type: "counter",
    help: "Runs of each liveness and readiness check, by result.",
    labels: {
      type: ["livez", "readyz"],
      name: healthCheckNames as typeof healthCheckNames,
      status: ["success", "error"],
    },
  },
  etcd_server_version: {
    type: "gauge",
    help: "1, with the version of the server as its label.",
    labels: { server_version: "text" },
  },
  etcd_server_go_version: {
    type: "gauge",
    help: "1, with the version of the language runtime as its label.",
    labels: { server_go_version: "text" },
  },
  etcd_server_id: {
    type: "gauge",
    help: "1, with the id of this member in hexadecimal as its label.",
    labels: { server_id: "text" },
  },
  etcd_server_feature_enabled: {
    type: "gauge",
    help: "Whether a feature gate is on: 1 or 0, with its stage.",
    labels: { name: "text", stage: ["ALPHA", "BETA", ""] },
  },
  etcd_cluster_version: {
    type: "gauge",
    help: "1, with the version that the cluster agreed on as its label.",
    labels: { cluster_version: "text" },
  },
} as const;
