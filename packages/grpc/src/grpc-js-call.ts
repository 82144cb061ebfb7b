import type { ServerHttp2Stream } from "node:http2";
import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";
import type { StreamRequest } from "./grpc-js-hooks.ts";
import { decodeBinaryValue } from "./message/binary-value.ts";
import type { Deadline, DeadlineOwner, DeadlineQueue } from "./message/deadline-queue.ts";
import type { BidiStream, RpcMethod, RpcObserver, RpcStatus, UnaryCall } from "./rpc-server.ts";
import { StatusCode } from "./status-code.ts";
import { translateTransportMessage, wellFormed } from "./wire-text.ts";

/** What the calls of one connection share. */
export interface CallConnection {
  readonly peer: string;
  readonly peerCommonName: string | undefined;
  /** A call sends something. */
  onSend(): void;
  /** A call is over. */
  onEnd(call: GrpcJsCall): void;
}

/** What all calls of a server share. */
export interface CallContext {
  readonly maxRequestBytes: number;
  readonly writeBufferBytes: number;
  readonly deadlines: DeadlineQueue;
  readonly observer: RpcObserver | undefined;
  onHandlerError(path: string, error: unknown): void;
}

type TransportListener = Parameters<ServerInterceptingCallInterface["start"]>[0];
type TransportStatus = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

const frameHeadBytes = 5;
/** How long a client may go on sending on a call that has ended before its stream is reset. */
const lingerMillis = 5_000;

/**
 * A call on grpc-js's low-level call object, without the Node streams that grpc-js would make for
 * it.
 *
 * Life: open → ended (answered, failed) or cancelled (caller gone, deadline, message over the
 * limit). Both are final and each reports to the observer and to the connection once.
 */
export class GrpcJsCall implements UnaryCall, BidiStream, DeadlineOwner {
  readonly #method: RpcMethod;
  readonly #context: CallContext;
  readonly #connection: CallConnection;
  readonly #transport: ServerInterceptingCallInterface;
  readonly #sendStatus: (status: TransportStatus) => void;
  readonly #request: StreamRequest;
  readonly #startMillis = performance.now();
  readonly #deadlineMillis: number | undefined;
  readonly #deadline: Deadline | undefined;
  #state: "open" | "ended" | "cancelled" = "open";
  #cancelListeners: (() => void)[] = [];

  #bufferedBytes = 0;
  #needsDrain = false;
  #drainListener: (() => void) | undefined;

  #messageListener: ((message: Uint8Array) => void) | undefined;
  #halfCloseListener: (() => void) | undefined;
  #isPaused = false;
  #isReading = false;
  #wantsRead = false;
  /** Came while paused; the transport has at most one read pending, so one place is enough. */
  #held: Uint8Array | "half-close" | undefined;
  #isHalfClosed = false;

  /** @param timeoutMillis - From the request; undefined without a deadline. */
  constructor(
    method: RpcMethod,
    request: StreamRequest,
    timeoutMillis: number | undefined,
    shared: { readonly context: CallContext; readonly connection: CallConnection },
    transport: ServerInterceptingCallInterface,
  ) {
    this.#method = method;
    this.#request = request;
    this.#context = shared.context;
    this.#connection = shared.connection;
    this.#transport = transport;
    this.#sendStatus = transport.sendStatus.bind(transport);
    // The transport ends calls by itself (message over the limit, failed write) through its own
    // method: replacing it lets the call know, and gives the error the text that clients expect.
    transport.sendStatus = (status) => this.#endByTransport(status);
    if (timeoutMillis !== undefined) {
      this.#deadlineMillis = this.#startMillis + timeoutMillis;
      this.#deadline = this.#context.deadlines.add(this.#deadlineMillis, this);
    }
  }

  get peer(): string {
    return this.#connection.peer;
  }

  get peerCommonName(): string | undefined {
    return this.#connection.peerCommonName;
  }

  get isCancelled(): boolean {
    return this.#state === "cancelled";
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Begins to take the request; called once. */
  start(): void {
    this.#context.observer?.callStarted(this.#method);
    const method = this.#method;
    if (method.kind === "bidi-stream") {
      this.#transport.start(
        this.#listener(() => {
          this.#handle(() => method.handle(this));
          this.#read();
        }),
      );
      return;
    }
    let request: Uint8Array | undefined;
    this.#messageListener = (message) => {
      if (request === undefined) request = message;
      else this.#failCardinality("received more than one request message");
    };
    this.#halfCloseListener = () => {
      const bytes = request;
      if (bytes === undefined) this.#failCardinality("received no request message");
      else if (method.kind === "unary") method.handle(bytes, this);
      else method.handle(bytes, this);
    };
    this.#transport.start(this.#listener(() => this.#read()));
  }

  header(name: string): string | undefined {
    const joined = this.#request.headers[name];
    if (joined === undefined) return undefined;
    let value = typeof joined === "string" ? joined : (joined[0] ?? "");
    // Node joins repeated headers by ", ": where that may have happened, look at what came.
    if (value.includes(",")) {
      const raw = this.#request.rawHeaders;
      for (let index = 0; index + 1 < raw.length; index += 2) {
        if (raw[index] === name) {
          value = raw[index + 1] ?? "";
          break;
        }
      }
    }
    if (!name.endsWith("-bin")) return value;
    return decodeBinaryValue(value);
  }

  remainingMillis(): number | undefined {
    if (this.#deadlineMillis === undefined) return undefined;
    return Math.max(0, this.#deadlineMillis - performance.now());
  }

  onCancel(listener: () => void): void {
    if (this.#state === "open") this.#cancelListeners.push(listener);
    else if (this.#state === "cancelled") process.nextTick(() => this.#handle(listener));
  }

  respond(chunks: readonly Uint8Array[]): void {
    if (this.#state !== "open") return;
    this.#send(chunks);
    this.#end(StatusCode.OK, "");
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state !== "open") return true;
    this.#send(chunks);
    if (this.#bufferedBytes >= this.#context.writeBufferBytes) this.#needsDrain = true;
    return !this.#needsDrain;
  }

  /** The slow form: this transport frames messages itself. */
  writeFramed(framed: Uint8Array, count: number): boolean {
    const view = new DataView(framed.buffer, framed.byteOffset, framed.length);
    let hasRoom = true;
    let begin = 0;
    for (let index = 0; index < count; index += 1) {
      const end = begin + frameHeadBytes + view.getUint32(begin + 1);
      hasRoom = this.write([framed.subarray(begin + frameHeadBytes, end)]);
      begin = end;
    }
    return hasRoom;
  }

  onDrain(listener: () => void): void {
    this.#drainListener = listener;
  }

  end(): void {
    if (this.#state === "open") this.#end(StatusCode.OK, "");
  }

  fail(status: RpcStatus): void {
    if (this.#state === "open") this.#end(status.code, wellFormed(status.message));
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#messageListener = listener;
  }

  onHalfClose(listener: () => void): void {
    this.#halfCloseListener = listener;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const held = this.#held;
    this.#held = undefined;
    if (held === "half-close") this.#deliverHalfClose();
    else if (held !== undefined) this.#deliver(held);
    this.#read();
  }

  onDeadline(): void {
    if (this.#state === "open") {
      this.#cancel(StatusCode.DEADLINE_EXCEEDED, "context deadline exceeded");
    }
  }

  /** Ends the call because the server goes away; the handler sees it as cancelled. */
  abandon(status: RpcStatus): void {
    if (this.#state === "open") this.#cancel(status.code, status.message);
  }

  #listener(onMetadata: () => void): TransportListener {
    return {
      onReceiveMetadata: onMetadata,
      onReceiveMessage: (message: Buffer) => {
        if (this.#isPaused) {
          this.#held = message;
          return;
        }
        this.#deliver(message);
        this.#read();
      },
      onReceiveHalfClose: () => {
        if (this.#isPaused) this.#held = "half-close";
        else this.#deliverHalfClose();
      },
      // Also comes after a call ended in good order; then there is nothing left to do.
      onCancel: () => {
        if (this.#state === "open") this.#cancel(StatusCode.CANCELLED, undefined);
      },
    };
  }

  /**
   * Asks the transport for one more message. Delivery may happen inside `startRead` and ask again:
   * a loop instead of recursion, or a frame with ten thousand small messages would end the stack.
   */
  #read(): void {
    if (this.#isPaused || this.#isHalfClosed || this.#state !== "open") return;
    this.#wantsRead = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#wantsRead) {
      this.#wantsRead = false;
      this.#transport.startRead();
    }
    this.#isReading = false;
  }

  #deliver(message: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#context.observer?.messageReceived(this.#method, message.length);
    this.#handle(() => this.#messageListener?.(message));
  }

  #deliverHalfClose(): void {
    this.#isHalfClosed = true;
    if (this.#state === "open") this.#handle(() => this.#halfCloseListener?.());
  }

  #handle(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      if (this.#state === "open") this.#end(StatusCode.INTERNAL, "internal error");
      this.#context.onHandlerError(this.#method.path, error);
    }
  }

  #send(chunks: readonly Uint8Array[]): void {
    const message = joinChunks(chunks);
    const bytes = message.length + frameHeadBytes;
    this.#bufferedBytes += bytes;
    this.#context.observer?.messageSent(this.#method, message.length);
    this.#connection.onSend();
    this.#transport.sendMessage(message, () => {
      if (this.#state === "cancelled") return;
      this.#bufferedBytes -= bytes;
      if (!this.#needsDrain || this.#bufferedBytes * 2 > this.#context.writeBufferBytes) return;
      this.#needsDrain = false;
      if (this.#state === "open") this.#handle(() => this.#drainListener?.());
    });
  }

  #failCardinality(what: string): void {
    this.#end(StatusCode.INTERNAL, `cardinality violation: ${what}`);
  }

  #end(code: StatusCode, message: string): void {
    this.#finish("ended", code);
    this.#connection.onSend();
    this.#sendStatus({ code, details: message, metadata: null });
    if (!this.#isHalfClosed) this.#resetIfOpen();
  }

  /**
   * Ends the call and tells the handler; without a message the caller is gone and hears nothing.
   */
  #cancel(code: StatusCode, message: string | undefined): void {
    this.#finish("cancelled", code);
    if (message === undefined) {
      this.#bufferedBytes = 0; // What was written goes nowhere and is let go.
    } else {
      this.#sendStatus({ code, details: message, metadata: null });
      if (!this.#isHalfClosed) this.#resetIfOpen();
    }
    const listeners = this.#cancelListeners;
    this.#cancelListeners = [];
    for (const listener of listeners) this.#handle(listener);
  }

  #endByTransport(status: TransportStatus): void {
    if (this.#state !== "open") return;
    const details = translateTransportMessage(status.details, this.#context.maxRequestBytes);
    this.#cancel(toStatusCode(status.code), details);
  }

  #finish(state: "ended" | "cancelled", code: StatusCode): void {
    this.#state = state;
    if (this.#deadline !== undefined) this.#context.deadlines.remove(this.#deadline);
    this.#held = undefined;
    this.#context.observer?.callEnded(this.#method, code, performance.now() - this.#startMillis);
    this.#connection.onEnd(this);
  }

  #resetIfOpen(): void {
    resetLater(this.#request.stream, () => this.#bufferedBytes > 0);
  }
}

/**
 * Resets a stream that was answered before its client had finished sending, unless the client
 * closes it: what it still sends would be read and thrown away for ever.
 *
 * @param isSending - Whether answers are still on their way; they get one more term.
 */
export function resetLater(stream: ServerHttp2Stream, isSending: () => boolean): void {
  let hasWaited = false;
  const timer = setTimeout(() => {
    if (isSending() && !hasWaited) {
      hasWaited = true;
      timer.refresh();
    } else {
      stream.close();
    }
  }, lingerMillis);
  timer.unref();
  stream.once("close", () => clearTimeout(timer));
}

/** Serializer of all methods: messages are bytes. */
export function passBytes(message: Buffer): Buffer {
  return message;
}

function joinChunks(chunks: readonly Uint8Array[]): Buffer {
  const [first] = chunks;
  if (first === undefined) return Buffer.alloc(0);
  if (chunks.length > 1) return Buffer.concat(chunks);
  if (Buffer.isBuffer(first)) return first;
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength);
}

function toStatusCode(code: number | undefined): StatusCode {
  for (const known of Object.values(StatusCode)) if (known === code) return known;
  return StatusCode.UNKNOWN;
}
