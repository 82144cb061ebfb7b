import type { Tracer } from "@opentelemetry/api";
import type { Clock, Logger, Random, Timers } from "@quorate/platform";

import type { ChannelFactory } from "./channel.ts";
import { parseEndpoint } from "./endpoint-address.ts";
import { InvalidOptionsError } from "./errors.ts";

/** Certificates of a TLS connection; PEM text or bytes. */
export interface TlsOptions {
  /** Authorities to trust. @default those of Node */
  readonly ca?: string | Uint8Array;
  /** Our certificate chain, for servers that ask for one; needs `key`. @default none */
  readonly cert?: string | Uint8Array;
  /** Private key of `cert`. @default none */
  readonly key?: string | Uint8Array;
  /** Name the server's certificate must carry. @default host of the endpoint */
  readonly serverName?: string;
}

/** Name and password of a store user. */
export interface AuthOptions {
  readonly user: string;
  readonly password: string;
}

/** How the client watches over idle and silent connections. */
export interface KeepaliveOptions {
  /** Silence before a ping, while calls are open; servers refuse less than 5,000. @default 10000 */
  readonly timeMillis?: number;
  /** Wait for the ping's answer before the connection counts as dead. @default 5000 */
  readonly timeoutMillis?: number;
}

/** Options of {@link connect}. */
export interface ClientOptions {
  /**
   * Servers of one cluster: `host:port`, `http://host:port`, `https://host:port` or
   * `unix:/path`. One is used at a time, starting at a random one; the others take over.
   */
  readonly endpoints: readonly string[];
  /** TLS material; makes `host:port` mean TLS. @default plain, or Node's authorities for https */
  readonly tls?: TlsOptions;
  /** Credentials; harmless when the server has authentication off. @default none */
  readonly auth?: AuthOptions;
  /** Longest time of a call that names none, retries included. @default 10000 */
  readonly defaultDeadlineMillis?: number;
  /** Longest time one endpoint has to answer a read before another is asked. @default 3000 */
  readonly readAttemptMillis?: number;
  /** Longest time to establish a connection before another endpoint is tried. @default 2000 */
  readonly connectMillis?: number;
  readonly keepalive?: KeepaliveOptions;
  /** Largest message accepted or sent. @default 2147483647 */
  readonly messageSizeMaxBytes?: number;
  /** Prefix put before every key and taken off every answer. @default "" */
  readonly namespace?: string | Uint8Array;
  /** Bytes and events one watcher may hold unread before it is parked. @default see field */
  readonly watchBuffer?: WatchBufferOptions;
  /** How often the endpoints are refreshed from the member list; 0 is never. @default 0 */
  readonly endpointSyncMillis?: number;
  /** Gets rare events of connections, watches and leases. @default none */
  readonly logger?: Logger;
  /** OpenTelemetry tracer: one span a call. @default none, costs nothing */
  readonly tracer?: Tracer;
  /** Replaceable time and randomness. @default those of the process */
  readonly runtime?: Partial<{
    readonly clock: Clock;
    readonly timers: Timers;
    readonly random: Random;
    /** The network, for simulations. @internal */
    readonly createChannel: ChannelFactory;
  }>;
}

/** Bounds of what a slow reader of a watch keeps in memory. */
export interface WatchBufferOptions {
  /** @default 8388608 */
  readonly sizeMaxBytes?: number;
  /** @default 10000 */
  readonly eventsMax?: number;
}

/** Settings that every call accepts. */
export interface CallOptions {
  /** Longest time of the call, retries included. @default ClientOptions.defaultDeadlineMillis */
  readonly deadlineMillis?: number;
  /** Ends the call; a write that was already sent may still take effect. @default none */
  readonly signal?: AbortSignal;
}

/** Options with every default filled in. @internal */
export interface ResolvedOptions {
  readonly endpoints: readonly string[];
  readonly tls: TlsOptions | undefined;
  readonly auth: AuthOptions | undefined;
  readonly defaultDeadlineMillis: number;
  readonly readAttemptMillis: number;
  readonly connectMillis: number;
  readonly keepaliveTimeMillis: number;
  readonly keepaliveTimeoutMillis: number;
  readonly messageSizeMaxBytes: number;
  readonly watchBufferMaxBytes: number;
  readonly watchBufferMaxEvents: number;
  readonly endpointSyncMillis: number;
}

/**
 * Fills in defaults and checks bounds.
 *
 * @throws {@link InvalidOptionsError} that names every problem at once.
 */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    endpoints: options.endpoints,
    tls: options.tls,
    auth: options.auth,
    defaultDeadlineMillis: options.defaultDeadlineMillis ?? 10_000,
    readAttemptMillis: options.readAttemptMillis ?? 3_000,
    connectMillis: options.connectMillis ?? 2_000,
    keepaliveTimeMillis: options.keepalive?.timeMillis ?? 10_000,
    keepaliveTimeoutMillis: options.keepalive?.timeoutMillis ?? 5_000,
    messageSizeMaxBytes: options.messageSizeMaxBytes ?? 2 ** 31 - 1,
    watchBufferMaxBytes: options.watchBuffer?.sizeMaxBytes ?? 8 * 1024 * 1024,
    watchBufferMaxEvents: options.watchBuffer?.eventsMax ?? 10_000,
    endpointSyncMillis: options.endpointSyncMillis ?? 0,
  };
  const problems = [...endpointProblems(resolved), ...boundProblems(resolved)];
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return resolved;
}

function endpointProblems(options: ResolvedOptions): string[] {
  const problems: string[] = [];
  if (options.endpoints.length === 0) problems.push("endpoints: expected at least one");
  for (const endpoint of options.endpoints) {
    if (parseEndpoint(endpoint) === undefined) {
      problems.push(`endpoints: "${endpoint}" is not host:port, http(s)://host:port or unix:path`);
    }
  }
  if (
    options.tls !== undefined &&
    (options.tls.cert === undefined) !== (options.tls.key === undefined)
  ) {
    problems.push("tls: expected both cert and key, or neither");
  }
  if (options.auth !== undefined && options.auth.user === "") {
    problems.push("auth.user: expected a name");
  }
  return problems;
}

function boundProblems(options: ResolvedOptions): string[] {
  const problems: string[] = [];
  const check = (name: keyof ResolvedOptions & string, least: number): void => {
    const value = options[name];
    if (typeof value !== "number" || !(value >= least) || value > 2 ** 31 - 1) {
      problems.push(`${name}: expected ${least} to 2147483647`);
    }
  };
  check("defaultDeadlineMillis", 1);
  check("readAttemptMillis", 1);
  check("connectMillis", 1);
  check("keepaliveTimeMillis", 1_000);
  check("keepaliveTimeoutMillis", 1);
  check("messageSizeMaxBytes", 1024);
  check("watchBufferMaxBytes", 1024);
  check("watchBufferMaxEvents", 1);
  check("endpointSyncMillis", 0);
  return problems;
}
