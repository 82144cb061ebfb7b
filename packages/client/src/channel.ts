/**
 * The seam between the client and the network: bytes in, bytes out, one connection to one server.
 *
 * Everything above it, retries, tokens, watches and leases included, runs unchanged on a simulated
 * network. Nothing here retries: each call ends once, with an answer or a {@link CallError}.
 */
import type { ResolvedOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";

/** How gRPC says that a call failed: by the server's status, or by the transport's. @internal */
export class CallError extends Error {
  override readonly name = "CallError";
  /** gRPC status number, 1 to 16. */
  readonly grpcCode: number;
  /** The words that came with it; {@link judge} goes by them. */
  readonly details: string;

  constructor(grpcCode: number, details: string) {
    super(details);
    this.grpcCode = grpcCode;
    this.details = details;
  }
}

/** What goes with a request beside its bytes. @internal */
export interface CallSettings {
  /** Sent with the request; lower-case names. Read in the turn of the call. */
  readonly headers: ReadonlyMap<string, string>;
  /** Ends the call with DEADLINE_EXCEEDED after so long. @default never */
  readonly deadlineMillis?: number | undefined;
}

/** A call under way. @internal */
export interface ChannelCall {
  /** Ends it with CANCELLED, later in this turn or in another; nothing when it has ended. */
  cancel(): void;
}

/** Answers of a stream: iterate them, once. Not reading holds the server back. @internal */
export interface ServerStreamCall extends ChannelCall, AsyncIterable<Uint8Array> {}

/** A stream in both directions. @internal */
export interface BidiCall extends ChannelCall {
  /** Sends a message; nothing when the call has ended. The bytes are not written to again. */
  write(message: Uint8Array): void;
}

/** Who hears of a {@link BidiCall}. Never called inside the call that opened the stream. */
export interface BidiListener {
  onMessage(message: Uint8Array): void;
  /** Once, and last; undefined when the server ended the stream in good order. */
  onEnd(error: CallError | undefined): void;
}

/**
 * One server and the connection to it, made when first needed and again after it broke.
 *
 * Calls are made on established connections only: after {@link Channel.connect} told so. Those that
 * find none nevertheless end with UNAVAILABLE in words that {@link judge} knows as "not sent".
 * @internal
 */
export interface Channel {
  /**
   * Waits until the connection is established.
   *
   * @returns False when it was refused, `waitMillis` have passed or the signal aborted.
   */
  connect(waitMillis: number, signal: AbortSignal | undefined): Promise<boolean>;
  /**
   * A call with one answer.
   *
   * @param onOutcome - Runs once, never inside this call; with a failure or the answer's bytes.
   */
  unary(
    path: string,
    request: Uint8Array,
    settings: CallSettings,
    onOutcome: (outcome: CallError | Uint8Array) => void,
  ): ChannelCall;
  /** A call with many answers; iterating it throws {@link CallError}. */
  serverStream(path: string, request: Uint8Array, settings: CallSettings): ServerStreamCall;
  /** A call with messages in both directions. */
  bidiStream(path: string, settings: CallSettings, listener: BidiListener): BidiCall;
  /** Gives up the connection; calls under way end. Idempotent. */
  close(): void;
}

/**
 * Makes the channel of an endpoint; connects to nothing yet.
 *
 * @param endpoint - As the caller of the client wrote it; `parseEndpoint` understands it.
 * @internal
 */
export type ChannelFactory = (
  endpoint: string,
  options: ResolvedOptions,
  runtime: Runtime,
) => Channel;
