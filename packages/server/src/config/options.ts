/**
 * The settings of a member, typed and checked. Every problem is found before any is reported.
 */
import type { LogLevel } from "@quorate/platform";
import { parseDuration } from "./duration.ts";
import { flags } from "./flags.ts";
import { parseInitialCluster } from "./initial-cluster.ts";

/** What all members of a cluster must agree on. */
export interface ClusterOptions {
  /** Peer URLs by member name at bootstrap. */
  readonly initialCluster: ReadonlyMap<string, readonly string[]>;
  readonly initialClusterState: "new" | "existing";
  readonly initialClusterToken: string;
  readonly heartbeatMillis: number;
  readonly electionTimeoutMillis: number;
  readonly isPreVote: boolean;
  readonly isStrictReconfigCheck: boolean;
  readonly learnersMax: number;
  readonly transactionOperationsMax: number;
  readonly requestBytesMax: number;
}

/** What concerns one process. */
export interface MemberOptions {
  readonly name: string;
  readonly dataDirectory: string;
  /** Undefined: inside the data directory. */
  readonly walDirectory: string | undefined;
  readonly listenClientUrls: readonly string[];
  readonly listenPeerUrls: readonly string[];
  readonly listenMetricsUrls: readonly string[];
  readonly advertiseClientUrls: readonly string[];
  readonly advertisePeerUrls: readonly string[];
  readonly isInitialElectionTickAdvance: boolean;
  readonly snapshotCount: number;
  readonly snapshotCatchupEntries: number;
  /** Undefined: the log's default. */
  readonly walSegmentBytes: number | undefined;
  /** Undefined: no limit. */
  readonly quotaBytes: number | undefined;
  readonly backendBatchMillis: number;
  readonly backendBatchOperations: number;
  readonly autoCompaction: AutoCompaction;
  readonly compactionBatchRevisions: number;
  readonly compactionSleepMillis: number;
  readonly concurrentStreamsMax: number;
  readonly keepaliveMinMillis: number;
  readonly keepaliveIntervalMillis: number;
  readonly keepaliveTimeoutMillis: number;
  /** Whose HTTP/2 serves gRPC. */
  readonly grpcTransport: "native" | "grpc-js";
  /** Undefined: all hosts. */
  readonly hostAllowList: readonly string[] | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: "json" | "console";
  readonly logOutputs: readonly string[];
  readonly hasExtensiveMetrics: boolean;
  readonly warningApplyMillis: number;
  readonly warningRequestMillis: number;
  readonly watchProgressMillis: number;
}

/** How old revisions are compacted without being asked. */
export type AutoCompaction =
  | { readonly mode: "off" }
  | { readonly mode: "periodic"; readonly retentionMillis: number }
  | { readonly mode: "revision"; readonly retentionRevisions: number };

/** All settings. */
export interface ServerOptions {
  readonly cluster: ClusterOptions;
  readonly member: MemberOptions;
}

/** Reads texts by flag name; fills `problems` with one sentence for each thing that is wrong. */
export function readOptions(texts: ReadonlyMap<string, string>, problems: string[]): ServerOptions {
  const reader = new TextReader(texts, problems);
  const member = readMember(reader);
  const cluster = readCluster(reader, member);
  checkTiming(cluster, problems);
  checkAdvertised(texts, member, cluster, problems);
  return { cluster, member };
}

function readMember(reader: TextReader): MemberOptions {
  const name = reader.text("name");
  const quota = reader.integer("quota-backend-bytes", Number.MIN_SAFE_INTEGER);
  const hosts = reader.list("host-whitelist");
  return {
    name,
    dataDirectory: reader.text("data-dir") || `${name}.etcd`,
    walDirectory: reader.text("wal-dir") || undefined,
    listenClientUrls: reader.urls("listen-client-urls", true),
    listenPeerUrls: reader.urls("listen-peer-urls", true),
    listenMetricsUrls: reader.urls("listen-metrics-urls", true),
    advertiseClientUrls: reader.urls("advertise-client-urls", false),
    advertisePeerUrls: reader.urls("initial-advertise-peer-urls", false),
    isInitialElectionTickAdvance: reader.boolean("initial-election-tick-advance"),
    snapshotCount: reader.integer("snapshot-count", 1),
    snapshotCatchupEntries: reader.integer("snapshot-catchup-entries", 0),
    walSegmentBytes: readSegmentBytes(reader),
    quotaBytes: quota < 0 ? undefined : quota || 2 * 1024 ** 3,
    backendBatchMillis: reader.duration("backend-batch-interval") || 500,
    backendBatchOperations: reader.integer("backend-batch-limit", 0) || 65_536,
    autoCompaction: readAutoCompaction(reader),
    compactionBatchRevisions: reader.integer("compaction-batch-limit", 0) || 1_000,
    compactionSleepMillis: reader.duration("compaction-sleep-interval") || 10,
    concurrentStreamsMax: reader.integer("max-concurrent-streams", 1),
    keepaliveMinMillis: reader.duration("grpc-keepalive-min-time"),
    keepaliveIntervalMillis: reader.duration("grpc-keepalive-interval"),
    keepaliveTimeoutMillis: reader.duration("grpc-keepalive-timeout"),
    grpcTransport: reader.choice("grpc-transport", ["native", "grpc-js"]),
    hostAllowList: hosts.includes("*") ? undefined : hosts,
    logLevel: readLogLevel(reader),
    logFormat: reader.choice("log-format", ["json", "console"]),
    logOutputs: reader.list("log-outputs"),
    hasExtensiveMetrics: reader.choice("metrics", ["basic", "extensive"]) === "extensive",
    warningApplyMillis: reader.duration("warning-apply-duration"),
    warningRequestMillis: reader.duration("warning-unary-request-duration"),
    watchProgressMillis: Math.max(
      100,
      reader.duration("watch-progress-notify-interval") || 600_000,
    ),
  };
}

function readCluster(reader: TextReader, member: MemberOptions): ClusterOptions {
  const text =
    reader.text("initial-cluster") ||
    member.advertisePeerUrls.map((url) => `${member.name}=${url}`).join(",");
  const initialCluster = parseInitialCluster(text);
  if (typeof initialCluster === "string") reader.problems.push(initialCluster);
  reader.choice("logger", ["zap"]);
  return {
    initialCluster: typeof initialCluster === "string" ? new Map() : initialCluster,
    initialClusterState: reader.choice("initial-cluster-state", ["new", "existing"]),
    initialClusterToken: reader.text("initial-cluster-token"),
    heartbeatMillis: reader.integer("heartbeat-interval", 1),
    electionTimeoutMillis: reader.integer("election-timeout", 1),
    isPreVote: reader.boolean("pre-vote"),
    isStrictReconfigCheck: reader.boolean("strict-reconfig-check"),
    learnersMax: reader.integer("max-learners", 0),
    transactionOperationsMax: reader.integer("max-txn-ops", 1),
    requestBytesMax: reader.integer("max-request-bytes", 1),
  };
}

function readLogLevel(reader: TextReader): LogLevel {
  const level = reader.choice("log-level", ["debug", "info", "warn", "error", "panic", "fatal"]);
  return level === "panic" || level === "fatal" ? "error" : level;
}

/** The log's own bounds, said before anything is opened. */
function readSegmentBytes(reader: TextReader): number | undefined {
  const bytes = reader.integer("wal-segment-bytes", 0);
  if (bytes === 0) return undefined;
  if (bytes < 4096 || bytes > 2 ** 30) {
    reader.problems.push(`--wal-segment-bytes is ${bytes}: expected 4096 to ${2 ** 30}, or 0`);
  }
  return bytes;
}

function readAutoCompaction(reader: TextReader): AutoCompaction {
  const mode = reader.choice("auto-compaction-mode", ["periodic", "revision"]);
  const text = reader.text("auto-compaction-retention");
  const wrong = `--auto-compaction-retention is "${text}": expected`;
  if (mode === "revision") {
    if (!/^\d+$/.test(text)) reader.problems.push(`${wrong} a number of revisions`);
    return Number(text) > 0
      ? { mode: "revision", retentionRevisions: Number(text) }
      : { mode: "off" };
  }
  const millis = /^\d+$/.test(text) ? Number(text) * 3_600_000 : parseDuration(text);
  if (millis === undefined || millis < 0) {
    reader.problems.push(`${wrong} hours or a duration such as 30m`);
  }
  return (millis ?? 0) > 0 ? { mode: "periodic", retentionMillis: millis ?? 0 } : { mode: "off" };
}

function checkTiming(
  { heartbeatMillis, electionTimeoutMillis }: ClusterOptions,
  problems: string[],
): void {
  if (electionTimeoutMillis < 5 * heartbeatMillis) {
    problems.push(
      `--election-timeout[${electionTimeoutMillis}ms] should be at least as 5 times as ` +
        `--heartbeat-interval[${heartbeatMillis}ms]`,
    );
  }
  if (electionTimeoutMillis > 50_000) {
    problems.push(
      `--election-timeout[${electionTimeoutMillis}ms] is too long, ` +
        "and should be set less than 50000ms",
    );
  }
}

function checkAdvertised(
  texts: ReadonlyMap<string, string>,
  member: MemberOptions,
  cluster: ClusterOptions,
  problems: string[],
): void {
  if (texts.has("listen-client-urls") && !texts.has("advertise-client-urls")) {
    problems.push(
      "--advertise-client-urls is required when --listen-client-urls is set explicitly",
    );
  }
  const own = cluster.initialCluster.get(member.name);
  if (cluster.initialCluster.size === 0) return;
  if (own === undefined) {
    problems.push(`--initial-cluster has no member "${member.name}", the --name of this one`);
  } else if ([...own].sort().join() !== [...member.advertisePeerUrls].sort().join()) {
    problems.push(
      `--initial-cluster has ${member.name}=${own.join(",")} but ` +
        `--initial-advertise-peer-urls is ${member.advertisePeerUrls.join(",")}`,
    );
  }
}

/** Reads typed values; notes each problem and goes on with the default. */
class TextReader {
  readonly problems: string[];
  readonly #texts: ReadonlyMap<string, string>;

  constructor(texts: ReadonlyMap<string, string>, problems: string[]) {
    this.#texts = texts;
    this.problems = problems;
  }

  text(name: string): string {
    return this.#texts.get(name) ?? defaultTexts.get(name) ?? "";
  }

  list(name: string): readonly string[] {
    return this.text(name)
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }

  boolean(name: string): boolean {
    const text = this.text(name);
    if (!["true", "false", "1", "0", "t", "f", "T", "F", "TRUE", "FALSE"].includes(text)) {
      this.problems.push(`--${name} is "${text}": expected true or false`);
    }
    return ["true", "1", "t", "T", "TRUE"].includes(text);
  }

  integer(name: string, minimum: number): number {
    const text = this.text(name);
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
      this.problems.push(`--${name} is "${text}": expected a whole number`);
      return Number(defaultTexts.get(name));
    }
    if (value < minimum) this.problems.push(`--${name} is ${text}: expected at least ${minimum}`);
    return value;
  }

  duration(name: string): number {
    const text = this.text(name);
    const millis = parseDuration(text);
    if (millis === undefined || millis < 0) {
      this.problems.push(`--${name} is "${text}": expected a duration such as 100ms or 5m`);
      return 0;
    }
    return millis;
  }

  choice<Choice extends string>(name: string, choices: readonly [Choice, ...Choice[]]): Choice {
    const text = this.text(name);
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    this.problems.push(`--${name} is "${text}": expected ${choices.join(" or ")}`);
    return choices[0];
  }

  urls(name: string, isBind: boolean): readonly string[] {
    const urls = this.list(name);
    for (const url of urls) {
      const problem = urlProblem(url, isBind);
      if (problem !== undefined) this.problems.push(`--${name} has "${url}": ${problem}`);
    }
    return urls;
  }
}

function urlProblem(url: string, isBind: boolean): string | undefined {
  if (!URL.canParse(url)) return "expected http://host:port";
  const { protocol, hostname, pathname, port } = new URL(url);
  if (protocol === "unix:") return undefined;
  if (protocol === "https:") return "TLS is not served by this version, expected http://host:port";
  if (protocol !== "http:") return "expected http://host:port";
  if (pathname !== "/" && pathname !== "") return "a URL must not have a path";
  if (port === "" && !/:80$/.test(url)) return "expected a port";
  if (isBind && hostname !== "localhost" && !/^(\d+\.\d+\.\d+\.\d+|\[.*\])$/.test(hostname)) {
    return "expected an IP address or localhost to listen on, not a domain name";
  }
  return undefined;
}

const defaultTexts: ReadonlyMap<string, string> = new Map(
  flags.map(({ name, defaultText }) => [name, defaultText]),
);
