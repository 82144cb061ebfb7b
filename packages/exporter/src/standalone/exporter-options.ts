import type { LogLevel } from "@quorate/platform";

/** Settings of the standalone exporter. */
export interface ExporterOptions {
  readonly endpoints: readonly string[];
  readonly listenHost: string;
  readonly listenPort: number;
  /** Where services are registered; ends with a slash. */
  readonly registryPrefix: string;
  /** Names: candidates' keys are below the name and a slash. */
  readonly elections: readonly string[];
  readonly pollMillis: number;
  /** Older knowledge of the registry is not served. */
  readonly stalenessLimitMillis: number;
  readonly logLevel: LogLevel;
  readonly user: string | undefined;
  /** Files, read at the start. */
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

/** What the command line asks for. */
export type ParsedCommand =
  | { readonly kind: "run"; readonly options: ExporterOptions }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  /** Everything that is wrong, at once. */
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

interface Flag {
  readonly fallback: string;
  readonly value: string;
  readonly help: string;
}

const environmentPrefix = "QUORATE_EXPORTER_";

const flags = {
  endpoints: {
    fallback: "127.0.0.1:2379",
    value: "LIST",
    help: "endpoints of the cluster, by commas; each is watched as a member",
  },
  "listen-address": {
    fallback: "127.0.0.1:9379",
    value: "HOST:PORT",
    help: "where metrics and scrape targets are served; port 0 takes a free one",
  },
  "registry-prefix": {
    fallback: "/quorate/registry/",
    value: "PREFIX",
    help: "where services are registered",
  },
  "election-prefix": {
    fallback: "",
    value: "LIST",
    help: "names of elections to watch, by commas",
  },
  "poll-interval": {
    fallback: "5s",
    value: "DURATION",
    help: "how often members are asked and the registry is checked, at least 100ms",
  },
  "registry-staleness-limit": {
    fallback: "60s",
    value: "DURATION",
    help: "how long targets are served without hearing from the cluster",
  },
  "log-level": {
    fallback: "info",
    value: "LEVEL",
    help: "debug, info, warn or error",
  },
  user: { fallback: "", value: "NAME", help: "user of the cluster; needs --password-file" },
  "password-file": { fallback: "", value: "FILE", help: "file with the password of the user" },
  cacert: { fallback: "", value: "FILE", help: "certificates of the authorities to trust" },
  cert: { fallback: "", value: "FILE", help: "client certificate; needs --key" },
  key: { fallback: "", value: "FILE", help: "key of the client certificate" },
} as const satisfies Record<string, Flag>;

type FlagName = keyof typeof flags;

/**
 * Reads flags and environment: a flag wins over `QUORATE_EXPORTER_` and its name in capitals, which
 * wins over the default.
 *
 * @param environment - Such as `process.env`; only variables with the prefix are looked at.
 */
export function parseCommand(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ParsedCommand {
  if (words.includes("--help") || words.includes("-h")) return { kind: "help" };
  if (words.includes("--version")) return { kind: "version" };
  const problems: string[] = [];
  const values = new Map<FlagName, string>();
  readEnvironment(environment, values, problems);
  readFlags(words, values, problems);
  const options = toOptions((name) => values.get(name) ?? flags[name].fallback, problems);
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "run", options };
}

/** The text of `--help`. */
export function helpText(): string {
  const rows = Object.entries(flags).map(([name, { value, help, fallback }]) => {
    const wanted = fallback === "" ? "" : ` (default ${fallback})`;
    return `  ${`--${name} ${value}`.padEnd(38)}${help}${wanted}\n`;
  });
  return `Usage: quorate-exporter [flags]

Watches a cluster of Quorate or etcd and serves what it sees to Prometheus:
  /metrics   the cluster, its registry and its elections
  /sd        scrape targets for http_sd; ?service= ?tag=
  /livez     whether this process runs
  /readyz    whether the registry is known well enough to be served

${rows.join("")}  ${"--help, --version".padEnd(38)}

Each flag is also an environment variable: --poll-interval is ${environmentPrefix}POLL_INTERVAL.
Example:
  quorate-exporter --endpoints 10.0.0.1:2379,10.0.0.2:2379 --listen-address :9379
`;
}

function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  values: Map<FlagName, string>,
  problems: string[],
): void {
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(environmentPrefix) || value === undefined) continue;
    const name = variable.slice(environmentPrefix.length).toLowerCase().replaceAll("_", "-");
    if (isFlagName(name)) values.set(name, value);
    else problems.push(`environment variable ${variable} is not known`);
  }
}

function readFlags(
  words: readonly string[],
  values: Map<FlagName, string>,
  problems: string[],
): void {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const [, name, , inline] = /^--([a-z-]+)(=(.*))?$/s.exec(word) ?? [];
    if (name === undefined || !isFlagName(name)) {
      problems.push(`${word.startsWith("-") ? "flag" : "argument"} "${word}" is not known`);
      continue;
    }
    let value = inline;
    if (value === undefined) {
      index += 1;
      value = words[index];
    }
    if (value === undefined) problems.push(`flag "--${name}" has no value`);
    else values.set(name, value);
  }
}

function toOptions(read: (name: FlagName) => string, problems: string[]): ExporterOptions {
  const endpoints = listOf(read("endpoints"));
  if (endpoints.length === 0) problems.push("--endpoints names none");
  const { host, port } = addressOf(read("listen-address"), problems);
  const registryPrefix = withoutSlash(read("registry-prefix"));
  if (registryPrefix === "") problems.push("--registry-prefix is empty");
  const file = (name: FlagName): string | undefined => read(name) || undefined;
  if ((read("user") === "") !== (read("password-file") === "")) {
    problems.push("--user and --password-file need each other");
  }
  if ((read("cert") === "") !== (read("key") === "")) {
    problems.push("--cert and --key need each other");
  }
  return {
    endpoints,
    listenHost: host,
    listenPort: port,
    registryPrefix: `${registryPrefix}/`,
    elections: listOf(read("election-prefix")).map(withoutSlash),
    pollMillis: durationOf("poll-interval", read, 100, problems),
    stalenessLimitMillis: durationOf("registry-staleness-limit", read, 1_000, problems),
    logLevel: logLevelOf(read("log-level"), problems),
    user: file("user"),
    passwordFile: file("password-file"),
    caFile: file("cacert"),
    certFile: file("cert"),
    keyFile: file("key"),
  };
}

function listOf(text: string): readonly string[] {
  const parts = text.split(",").map((each) => each.trim());
  return [...new Set(parts.filter((each) => each !== ""))];
}

function withoutSlash(text: string): string {
  return text.replace(/\/+$/, "");
}

function addressOf(
  text: string,
  problems: string[],
): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  if (!(port <= 65_535)) {
    problems.push(`--listen-address is "${text}", expected HOST:PORT`);
    return { host: "", port: 0 };
  }
  return { host: match?.[1] ?? match?.[2] ?? "", port };
}

const unitMillis: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function durationOf(
  name: FlagName,
  read: (name: FlagName) => string,
  leastMillis: number,
  problems: string[],
): number {
  const text = read(name);
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const millis = Number(amount ?? Number.NaN) * (unitMillis[unit] ?? Number.NaN);
  if (millis >= leastMillis && millis <= 86_400_000) return millis;
  problems.push(
    `--${name} is "${text}", expected a duration from ${leastMillis}ms to 24h such as 5s`,
  );
  return leastMillis;
}

function logLevelOf(text: string, problems: string[]): LogLevel {
  if (text === "debug" || text === "info" || text === "warn" || text === "error") return text;
  problems.push(`--log-level is "${text}", expected debug, info, warn or error`);
  return "info";
}

function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(flags, name);
}
