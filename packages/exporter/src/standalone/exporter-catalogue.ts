/** What the standalone exporter says about a cluster that it watches from outside. */
export const exporterCatalogue = {
  quorate_exporter_member_up: {
    type: "gauge",
    help: "Whether the member answers on this endpoint: 1 or 0.",
    labels: { endpoint: "text" },
  },
  quorate_exporter_member_info: {
    type: "gauge",
    help: "1, with id, name and version of the member behind an endpoint.",
    labels: { endpoint: "text", member_id: "text", name: "text", version: "text" },
  },
  quorate_exporter_member_is_leader: {
    type: "gauge",
    help: "Whether the member leads: 1 or 0.",
    labels: { endpoint: "text" },
  },
  quorate_exporter_member_is_learner: {
    type: "gauge",
    help: "Whether the member is a learner: 1 or 0.",
    labels: { endpoint: "text" },
  },
  quorate_exporter_member_db_size_bytes: {
    type: "gauge",
    help: "Bytes allocated by the member's database file.",
    labels: { endpoint: "text" },
  },
  quorate_exporter_member_db_in_use_bytes: {
    type: "gauge",
    help: "Bytes of the member's database file that hold data.",
    labels: { endpoint: "text" },
  },
  quorate_exporter_member_raft_term: {
    type: "gauge",
    help: "Raft term of the member.",
    labels: { endpoint: "text" },
  },
  quorate_exporter_member_raft_index: {
    type: "gauge",
    help: "Committed raft index of the member.",
    labels: { endpoint: "text" },
  },
  quorate_exporter_member_raft_applied_index: {
    type: "gauge",
    help: "Applied raft index of the member.",
    labels: { endpoint: "text" },
  },
  quorate_exporter_cluster_up: {
    type: "gauge",
    help: "Whether the cluster answered the last linearizable question: 1 or 0.",
  },
  quorate_exporter_cluster_members: {
    type: "gauge",
    help: "Members of the cluster, learners included, when it was last asked.",
  },
  quorate_exporter_leases: {
    type: "gauge",
    help: "Live leases when they were last counted.",
  },
  quorate_exporter_registry_up: {
    type: "gauge",
    help: "Whether what is known of the registry is fresh enough to be served: 1 or 0.",
  },
  quorate_exporter_registry_age_seconds: {
    type: "gauge",
    help: "Time since the registry was last known to be right; +Inf before it ever was.",
  },
  quorate_exporter_registry_instances: {
    type: "gauge",
    help: "Registered instances by service.",
    labels: { service: "text" },
  },
  quorate_exporter_registry_invalid_rows: {
    type: "gauge",
    help: "Rows below the registry's prefix that are no registered instance.",
  },
  quorate_exporter_election_candidates: {
    type: "gauge",
    help: "Candidates of an election, its holder included.",
    labels: { election: "text" },
  },
  quorate_exporter_election_term: {
    type: "gauge",
    help: "Create revision of the holder's key, which grows with each holder; 0 without one.",
    labels: { election: "text" },
  },
  quorate_exporter_election_holder_info: {
    type: "gauge",
    help: "1, with what the holder proclaims, or its key where that is long or no plain text.",
    labels: { election: "text", holder: "text" },
  },
  quorate_exporter_election_age_seconds: {
    type: "gauge",
    help: "Time since the election was last known to be right; +Inf before it ever was.",
    labels: { election: "text" },
  },
  quorate_exporter_polls_total: {
    type: "counter",
    help: "Questions to the cluster, by subject and result.",
    labels: { subject: ["status", "members", "leases"], result: ["success", "failure"] },
  },
  quorate_exporter_sd_requests_total: {
    type: "counter",
    help: "Requests for scrape targets, by HTTP status.",
    labels: { code: ["200", "304", "400", "503"] },
  },
} as const;
