import * as grpc from "@grpc/grpc-js";

import { parseEndpoint } from "./endpoint-address.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";

/** A failed endpoint is left alone this long at first; doubles up to the bound below. */
const penaltyFirstMillis = 250;
const penaltyLastMillis = 5_000;

/**
 * One server address with its own HTTP/2 connection.
 *
 * Knows whether the last experience was good: a failure puts the endpoint on a growing penalty,
 * during which others are preferred; an answer takes it off.
 * @internal
 */
export class Endpoint {
  /** As the caller wrote it. */
  readonly name: string;
  readonly client: grpc.Client;
  readonly #runtime: Runtime;
  #penaltyUntilMillis = 0;
  #failures = 0;

  constructor(name: string, options: ResolvedOptions, runtime: Runtime) {
    const address = parseEndpoint(name);
    if (address === undefined) throw new Error(`Cannot use endpoint "${name}": malformed`);
    this.name = name;
    this.#runtime = runtime;
    const secure = address.secure ?? options.tls !== undefined;
    this.client = new grpc.Client(
      address.target,
      secure ? tlsCredentials(options) : grpc.credentials.createInsecure(),
      channelOptions(options),
    );
  }

  /** Whether the last experience was bad and recent. */
  get isPenalised(): boolean {
    return this.#runtime.clock.monotonicMillis() < this.#penaltyUntilMillis;
  }

  /** End of the penalty on the monotonic clock; in the past when there is none. */
  get penaltyUntilMillis(): number {
    return this.#penaltyUntilMillis;
  }

  noteSuccess(): void {
    this.#failures = 0;
    this.#penaltyUntilMillis = 0;
  }

  noteFailure(): void {
    const penalty = Math.min(
      penaltyFirstMillis * 2 ** Math.min(this.#failures, 10),
      penaltyLastMillis,
    );
    this.#failures += 1;
    this.#penaltyUntilMillis = this.#runtime.clock.monotonicMillis() + penalty;
  }

  /**
   * Waits until the connection is established, so that what follows is known to be sent or not.
   *
   * @returns False when it was refused, the wait was too long or the signal aborted.
   */
  async connect(waitMillis: number, signal: AbortSignal | undefined): Promise<boolean> {
    const channel = this.client.getChannel();
    const untilMillis = this.#runtime.clock.monotonicMillis() + waitMillis;
    for (;;) {
      const state = channel.getConnectivityState(true);
      if (state === grpc.connectivityState.READY) return true;
      if (state === grpc.connectivityState.TRANSIENT_FAILURE) return false;
      if (state === grpc.connectivityState.SHUTDOWN) return false;
      const leftMillis = untilMillis - this.#runtime.clock.monotonicMillis();
      if (leftMillis <= 0 || signal?.aborted === true) return false;
      await stateChange(channel, state, leftMillis, signal);
    }
  }

  close(): void {
    this.client.close();
  }
}

function stateChange(
  channel: Pick<grpc.Channel, "watchConnectivityState">,
  from: grpc.connectivityState,
  waitMillis: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal?.removeEventListener("abort", done);
      resolve();
    };
    signal?.addEventListener("abort", done, { once: true });
    channel.watchConnectivityState(from, Date.now() + waitMillis, done);
  });
}

function tlsCredentials(options: ResolvedOptions): grpc.ChannelCredentials {
  const buffer = (value: string | Uint8Array | undefined): Buffer | null =>
    value === undefined ? null : Buffer.from(value);
  const { ca, cert, key } = options.tls ?? {};
  return grpc.credentials.createSsl(buffer(ca), buffer(key), buffer(cert));
}

function channelOptions(options: ResolvedOptions): grpc.ChannelOptions {
  const serverName = options.tls?.serverName;
  return {
    "grpc.keepalive_time_ms": options.keepaliveTimeMillis,
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMillis,
    "grpc.keepalive_permit_without_calls": 0,
    "grpc.max_receive_message_length": options.messageSizeMaxBytes,
    "grpc.max_send_message_length": options.messageSizeMaxBytes,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
    // Connections end with the client that opened them.
    "grpc.use_local_subchannel_pool": 1,
    // A store is reached directly; a proxy variable meant for the web must not catch it.
    "grpc.enable_http_proxy": 0,
    // Nothing but this client decides about retries (P6).
    "grpc.service_config_disable_resolution": 1,
    "grpc.enable_channelz": 0,
    ...(serverName === undefined ? {} : { "grpc.ssl_target_name_override": serverName }),
  };
}
