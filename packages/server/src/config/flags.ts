/** How the text of a flag is read. */
export type FlagKind = "text" | "list" | "boolean" | "integer" | "duration" | "url-list";

/** One flag of the server: etcd's name and default where etcd has it. */
export interface Flag {
  readonly name: string;
  readonly kind: FlagKind;
  readonly defaultText: string;
  /** One line for `--help`. */
  readonly help: string;
  readonly group: FlagGroup;
}

/** Heading of `--help` under which a flag stands. */
export type FlagGroup = "Member" | "Cluster" | "Storage" | "Network" | "Logging" | "Tuning";

function flag(
  group: FlagGroup,
  name: string,
  kind: FlagKind,
  defaultText: string,
  help: string,
): Flag {
  return { group, name, kind, defaultText, help };
}

/** Every flag that the server takes. */
export const flags: readonly Flag[] = [
  flag("Member", "name", "text", "default", "Name of this member."),
  flag("Member", "data-dir", "text", "", "Data directory; <name>.etcd when empty."),
  flag(
    "Member",
    "wal-dir",
    "text",
    "",
    "Separate directory for the log; in the data directory when empty.",
  ),
  flag(
    "Member",
    "config-file",
    "text",
    "",
    "YAML or JSON file; all other flags and variables are then ignored.",
  ),
  flag(
    "Member",
    "listen-client-urls",
    "url-list",
    "http://localhost:2379",
    "Where clients are served.",
  ),
  flag(
    "Member",
    "listen-peer-urls",
    "url-list",
    "http://localhost:2380",
    "Where other members are served.",
  ),
  flag(
    "Member",
    "listen-metrics-urls",
    "url-list",
    "",
    "Further listeners for metrics and health.",
  ),
  flag(
    "Member",
    "heartbeat-interval",
    "integer",
    "100",
    "Milliseconds between heartbeats of the leader.",
  ),
  flag(
    "Member",
    "election-timeout",
    "integer",
    "1000",
    "Milliseconds without a leader before an election.",
  ),
  flag(
    "Member",
    "initial-election-tick-advance",
    "boolean",
    "true",
    "Shorten the first election wait.",
  ),
  flag("Member", "snapshot-count", "integer", "10000", "Log entries between snapshots of the log."),
  flag(
    "Member",
    "snapshot-catchup-entries",
    "integer",
    "5000",
    "Log entries kept for slow followers.",
  ),
  flag(
    "Cluster",
    "initial-advertise-peer-urls",
    "url-list",
    "http://localhost:2380",
    "Peer URLs that other members are told.",
  ),
  flag(
    "Cluster",
    "advertise-client-urls",
    "url-list",
    "http://localhost:2379",
    "Client URLs that clients are told.",
  ),
  flag(
    "Cluster",
    "initial-cluster",
    "text",
    "",
    "Members of a new cluster: name=url,...; <name>=<initial-advertise-peer-urls> when empty.",
  ),
  flag("Cluster", "initial-cluster-state", "text", "new", "new or existing."),
  flag(
    "Cluster",
    "initial-cluster-token",
    "text",
    "etcd-cluster",
    "Part of the cluster id; keeps clusters apart.",
  ),
  flag(
    "Cluster",
    "strict-reconfig-check",
    "boolean",
    "true",
    "Refuse membership changes that would lose the quorum.",
  ),
  flag(
    "Cluster",
    "pre-vote",
    "boolean",
    "true",
    "Ask before disturbing a leader with an election.",
  ),
  flag("Cluster", "max-learners", "integer", "1", "Most learners at a time."),
  flag(
    "Storage",
    "quota-backend-bytes",
    "integer",
    "0",
    "Size at which writes are refused; 0 is 2 GiB, negative is no limit.",
  ),
  flag(
    "Storage",
    "backend-batch-interval",
    "duration",
    "0",
    "Longest time between commits of the store; 0 is 500ms.",
  ),
  flag(
    "Storage",
    "backend-batch-limit",
    "integer",
    "0",
    "Most operations between commits of the store; 0 is 65536.",
  ),
  flag("Storage", "auto-compaction-mode", "text", "periodic", "periodic or revision."),
  flag(
    "Storage",
    "auto-compaction-retention",
    "text",
    "0",
    "Duration or hours (periodic), number of revisions (revision); 0 is off.",
  ),
  flag(
    "Storage",
    "compaction-batch-limit",
    "integer",
    "0",
    "Revisions removed in one step of a compaction; 0 is 1000.",
  ),
  flag(
    "Storage",
    "compaction-sleep-interval",
    "duration",
    "0",
    "Pause between the steps of a compaction; 0 is 10ms.",
  ),
  flag(
    "Storage",
    "max-snapshots",
    "integer",
    "5",
    "Accepted for compatibility; snapshots are removed once installed.",
  ),
  flag(
    "Storage",
    "max-wals",
    "integer",
    "5",
    "Accepted for compatibility; log segments are removed once they are not needed.",
  ),
  flag(
    "Storage",
    "wal-segment-bytes",
    "integer",
    "0",
    "Size at which the log begins another file; 0 is 64 MiB.",
  ),
  flag("Network", "max-txn-ops", "integer", "128", "Most operations in one transaction."),
  flag(
    "Network",
    "max-request-bytes",
    "integer",
    "1572864",
    "Largest request that is written to the log.",
  ),
  flag(
    "Network",
    "max-concurrent-streams",
    "integer",
    "4294967295",
    "Most streams on one connection.",
  ),
  flag(
    "Network",
    "grpc-keepalive-min-time",
    "duration",
    "5s",
    "Least time between pings of a client.",
  ),
  flag(
    "Network",
    "grpc-keepalive-interval",
    "duration",
    "2h",
    "Time between pings of the server; 0 is off.",
  ),
  flag(
    "Network",
    "grpc-keepalive-timeout",
    "duration",
    "20s",
    "Time for a ping to be answered; 0 is off.",
  ),
  flag(
    "Network",
    "grpc-transport",
    "text",
    "native",
    "native, or grpc-js: the slower HTTP/2 of that library, to fall back on.",
  ),
  flag("Network", "host-whitelist", "list", "*", "Host names accepted over plain HTTP."),
  flag("Logging", "logger", "text", "zap", "Accepted for compatibility: zap."),
  flag("Logging", "log-level", "text", "info", "debug, info, warn, error, panic or fatal."),
  flag("Logging", "log-format", "text", "json", "json or console."),
  flag("Logging", "log-outputs", "list", "default", "default, stderr or stdout."),
  flag("Logging", "metrics", "text", "basic", "extensive adds latency histograms for each RPC."),
  flag(
    "Tuning",
    "warning-apply-duration",
    "duration",
    "100ms",
    "Applying an entry that takes longer is logged.",
  ),
  flag(
    "Tuning",
    "warning-unary-request-duration",
    "duration",
    "300ms",
    "Accepted for compatibility.",
  ),
  flag(
    "Tuning",
    "watch-progress-notify-interval",
    "duration",
    "0",
    "Time between progress notifications; 0 is 10m.",
  ),
  flag("Member", "version", "boolean", "false", "Print the version and exit."),
  flag("Member", "help", "boolean", "false", "Print this text and exit."),
];

/** Flags of etcd that are parsed and do nothing, as there. */
export const ignoredFlags: ReadonlySet<string> = new Set([
  "cluster-active-size",
  "cluster-remove-delay",
  "cluster-sync-interval",
  "config",
  "force",
  "max-result-buffer",
  "max-retry-attempts",
  "peer-heartbeat-interval",
  "peer-election-timeout",
  "retry-interval",
  "snapshot",
  "v",
  "vv",
  "v2-deprecation",
  "backend-bbolt-freelist-type",
  "memory-mlock",
  "raft-read-timeout",
  "raft-write-timeout",
]);

/** What a flag is called in the environment: `ETCD_LISTEN_CLIENT_URLS` for `listen-client-urls`. */
export function environmentName(flagName: string, prefix: string): string {
  return `${prefix}${flagName.toUpperCase().replaceAll("-", "_")}`;
}

/** The text of `--help`. */
export function helpText(): string {
  const groups: readonly FlagGroup[] = [
    "Member",
    "Cluster",
    "Storage",
    "Network",
    "Logging",
    "Tuning",
  ];
  const lines = [
    "Usage: quorate [flags]",
    "",
    "Starts one member.",
    "Each flag may also be set as ETCD_<NAME> or QUORATE_<NAME> in the environment.",
  ];
  for (const group of groups) {
    lines.push("", `${group}:`);
    for (const { name, defaultText, help } of flags.filter((each) => each.group === group)) {
      const value = defaultText === "" ? "" : ` (default ${defaultText})`;
      lines.push(`  --${name.padEnd(34)}${help}${value}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
