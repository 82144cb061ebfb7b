import type { Duplex } from "node:stream";
import type { StatusCode } from "./status-code.ts";

/**
 * A gRPC server that knows bytes, not messages: requests arrive as the bytes of one message and
 * answers leave as bytes, so that nothing is decoded or encoded twice and an event that goes to a
 * thousand watchers is encoded once.
 *
 * Callbacks instead of promises: a call costs no microtask. Handlers never throw on purpose; what
 * they do throw ends that call with INTERNAL and reaches `onHandlerError`.
 */
export interface RpcServer {
  /** Adds a method. All methods are added before the first connection. */
  addMethod(method: RpcMethod): void;
  /**
   * Takes over a connected socket whose first bytes were an HTTP/2 preface (or that chose h2 by
   * ALPN).
   */
  accept(socket: Duplex): void;
  /**
   * Stops taking calls, lets those under way finish, ends streams that remain after the deadline.
   *
   * @param deadlineMillis - How long to wait before cancelling what remains.
   */
  close(deadlineMillis: number): Promise<void>;
}

/**
 * Sees each call of a server begin and end, for metrics. Calls to unknown methods are not seen.
 *
 * Called on the hot path: implementations count and return.
 */
export interface RpcObserver {
  callStarted(method: RpcMethod): void;
  /** A whole request message arrived; `bytes` is its length without framing. */
  messageReceived(method: RpcMethod, bytes: number): void;
  /** A response message was given to the transport; `bytes` is its length without framing. */
  messageSent(method: RpcMethod, bytes: number): void;
  /**
   * The call is over for the handler: answered, failed, cancelled (CANCELLED) or too late
   * (DEADLINE_EXCEEDED).
   */
  callEnded(method: RpcMethod, code: StatusCode, durationMillis: number): void;
}

/** One method of a service; `path` is `/package.Service/Method`. */
export type RpcMethod =
  | { readonly kind: "unary"; readonly path: string; readonly handle: UnaryHandler }
  | { readonly kind: "server-stream"; readonly path: string; readonly handle: ServerStreamHandler }
  | { readonly kind: "bidi-stream"; readonly path: string; readonly handle: BidiStreamHandler };

/**
 * Answers exactly once by `call.respond` or `call.fail`, now or later; later answers are ignored.
 */
export type UnaryHandler = (request: Uint8Array, call: UnaryCall) => void;
/** Streams answers to one request. */
export type ServerStreamHandler = (request: Uint8Array, stream: RpcStream) => void;
/** Sets the listeners of the stream before it returns. */
export type BidiStreamHandler = (stream: BidiStream) => void;

/** What every call has. */
export interface RpcCall {
  /**
   * First value of a request header, lower-case name; binary values (`-bin`) are base64 decoded.
   */
  header(name: string): string | undefined;
  /** Remote address as `host:port`, for logs; `unknown` when the socket has none. */
  readonly peer: string;
  /** Common name of the client certificate that TLS verified; undefined without one. */
  readonly peerCommonName: string | undefined;
  /** Milliseconds that the caller is still willing to wait; undefined without a deadline. */
  remainingMillis(): number | undefined;
  /**
   * Runs once if the caller goes away, its deadline passes or the transport gives the call up
   * before the call has ended here. May be set several times; set on a cancelled call it runs in
   * this turn, after the caller's code.
   */
  onCancel(listener: () => void): void;
  readonly isCancelled: boolean;
  /** Ends the call with an error, after what was written; ignored when the call has ended. */
  fail(status: RpcStatus): void;
}

/** A unary call under way. */
export interface UnaryCall extends RpcCall {
  /**
   * Ends the call; `chunks` together are one message and are not copied: never write to them again.
   */
  respond(chunks: readonly Uint8Array[]): void;
}

/** The sending half of a streaming call. */
export interface RpcStream extends RpcCall {
  /**
   * Sends one message (see {@link UnaryCall.respond}); false means: wait for `onDrain` before more.
   */
  write(chunks: readonly Uint8Array[]): boolean;
  /**
   * Sends messages that are framed for gRPC already: each behind its head, a byte 0 and the length
   * as four bytes big-endian. What goes to many streams is framed and joined once for all of them.
   *
   * @param framed - Whole messages; not copied: never write to it again.
   * @param count - How many messages there are.
   * @returns As {@link RpcStream.write}.
   */
  writeFramed(framed: Uint8Array, count: number): boolean;
  /** Runs each time the stream can take more after a `write` returned false. */
  onDrain(listener: () => void): void;
  /** Bytes accepted by `write` and not yet handed to the socket. */
  readonly bufferedBytes: number;
  /** Ends the call with OK after what was written. */
  end(): void;
}

/** Both halves of a bidirectional call. */
export interface BidiStream extends RpcStream {
  /** Runs for each message; set once, in the handler. */
  onMessage(listener: (message: Uint8Array) => void): void;
  /** Runs once when the caller will send no more. The call goes on until it is ended here. */
  onHalfClose(listener: () => void): void;
  /**
   * Stops reading, for back-pressure: no message and no half close arrives before `resume`, and the
   * caller runs into the flow-control window of its stream.
   */
  pause(): void;
  /** Goes on reading; messages that wait may arrive before `resume` returns. */
  resume(): void;
}

/** How a call ended. `message` goes over the wire byte for byte. */
export interface RpcStatus {
  readonly code: StatusCode;
  readonly message: string;
}
