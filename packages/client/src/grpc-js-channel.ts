/** {@link Channel} on `@grpc/grpc-js`; the only file that knows it. */
import * as grpc from "@grpc/grpc-js";
import type { Clock } from "@quorate/platform";

import {
  CallError,
  type BidiCall,
  type BidiListener,
  type CallSettings,
  type Channel,
  type ChannelCall,
  type ServerStreamCall,
} from "./channel.ts";
import { parseEndpoint } from "./endpoint-address.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";

/** Makes the channel of an endpoint on real sockets. @internal */
export function createGrpcJsChannel(
  endpoint: string,
  options: ResolvedOptions,
  runtime: Runtime,
): Channel {
  return new GrpcJsChannel(endpoint, options, runtime.clock);
}

class GrpcJsChannel implements Channel {
  readonly #client: grpc.Client;
  readonly #clock: Clock;
  #isClosed = false;

  constructor(endpoint: string, options: ResolvedOptions, clock: Clock) {
    const address = parseEndpoint(endpoint);
    if (address === undefined) throw new Error(`Cannot use endpoint "${endpoint}": malformed`);
    const secure = address.secure ?? options.tls !== undefined;
    this.#clock = clock;
    this.#client = new grpc.Client(
      address.target,
      secure ? tlsCredentials(options) : grpc.credentials.createInsecure(),
      channelOptions(options),
    );
  }

  async connect(waitMillis: number, signal: AbortSignal | undefined): Promise<boolean> {
    const channel = this.#client.getChannel();
    const untilMillis = this.#clock.monotonicMillis() + waitMillis;
    for (;;) {
      const state = channel.getConnectivityState(true);
      if (state === grpc.connectivityState.READY) return true;
      if (state === grpc.connectivityState.TRANSIENT_FAILURE) return false;
      if (state === grpc.connectivityState.SHUTDOWN) return false;
      const leftMillis = untilMillis - this.#clock.monotonicMillis();
      if (leftMillis <= 0 || signal?.aborted === true) return false;
      await stateChange(channel, state, leftMillis, signal);
    }
  }

  unary(
    path: string,
    request: Uint8Array,
    settings: CallSettings,
    onOutcome: (outcome: CallError | Uint8Array) => void,
  ): ChannelCall {
    if (this.#isClosed) return failLater(onOutcome);
    return this.#client.makeUnaryRequest(
      path,
      asBuffer,
      asBytes,
      request,
      toMetadata(settings.headers),
      toCallOptions(settings),
      (error, answer) => {
        if (error === null && answer !== undefined) onOutcome(answer);
        else onOutcome(toCallError(error));
      },
    );
  }

  serverStream(path: string, request: Uint8Array, settings: CallSettings): ServerStreamCall {
    if (this.#isClosed) return failedStream();
    const call = this.#client.makeServerStreamRequest(
      path,
      asBuffer,
      asBytes,
      request,
      toMetadata(settings.headers),
      toCallOptions(settings),
    );
    // A reader that leaves early cancels the call; nobody listens for that error any more.
    call.on("error", () => undefined);
    return {
      cancel: () => call.cancel(),
      [Symbol.asyncIterator]: () => messagesOf(call),
    };
  }

  bidiStream(path: string, settings: CallSettings, listener: BidiListener): BidiCall {
    if (this.#isClosed) return failLater((error) => listener.onEnd(error));
    const call = this.#client.makeBidiStreamRequest(
      path,
      asBuffer,
      asBytes,
      toMetadata(settings.headers),
      toCallOptions(settings),
    );
    let hasEnded = false;
    const end = (error: CallError | undefined): void => {
      if (hasEnded) return;
      hasEnded = true;
      listener.onEnd(error);
    };
    call.on("data", (message: Uint8Array) => {
      if (!hasEnded) listener.onMessage(message);
    });
    call.on("error", (error) => end(toCallError(error)));
    call.on("end", () => end(undefined));
    return {
      write: (message) => {
        call.write(message);
      },
      cancel: () => call.cancel(),
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#client.close();
  }
}

/** What grpc-js would throw for: the endpoint was given up since the connection was established. */
function closedError(): CallError {
  return new CallError(grpc.status.UNAVAILABLE, "No connection established: channel is closed");
}

function failLater(onEnd: (error: CallError) => void): BidiCall {
  process.nextTick(() => onEnd(closedError()));
  return { write: () => undefined, cancel: () => undefined };
}

function failedStream(): ServerStreamCall {
  return {
    cancel: () => undefined,
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(closedError()) }),
  };
}

async function* messagesOf(
  call: grpc.ClientReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  // The stream is in object mode and holds what asBytes made; Readable does not say so.
  const messages: AsyncIterable<Uint8Array> = call;
  try {
    yield* messages;
  } catch (error) {
    throw isServiceError(error) ? toCallError(error) : error;
  }
}

/** Hands bytes to gRPC without copying. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Takes bytes from gRPC without copying, as plain arrays. */
function asBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** Whether a value is gRPC's error with code and details. */
function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && "code" in error && "details" in error;
}

function toCallError(error: unknown): CallError {
  if (isServiceError(error)) return new CallError(error.code, error.details);
  return new CallError(grpc.status.INTERNAL, "Call ended without gRPC status");
}

function toMetadata(headers: ReadonlyMap<string, string>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of headers) metadata.set(name, value);
  return metadata;
}

function toCallOptions(settings: CallSettings): grpc.CallOptions {
  const { deadlineMillis } = settings;
  return deadlineMillis === undefined ? {} : { deadline: Date.now() + deadlineMillis };
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
