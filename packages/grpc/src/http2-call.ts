import { answerHead, trailersOf, trailersOnly } from "./answer-fields.ts";
import { ErrorCode } from "./http2/error-code.ts";
import { initialWindowBytes } from "./http2/frame.ts";
import type { Http2Stream, StreamHandler } from "./http2/http2-stream.ts";
import { decodeBinaryValue } from "./message/binary-value.ts";
import type { Deadline, DeadlineOwner, DeadlineQueue } from "./message/deadline-queue.ts";
import { messageBytesMax, messageHeadBytes, MessageQueue } from "./message-queue.ts";
import { messageBytes } from "./message-reader.ts";
import { RequestBody, type RequestBodyContext, type RequestBodyOwner } from "./request-body.ts";
import type { RequestMemory } from "./request-memory.ts";
import type { CallHead } from "./request-head.ts";
import type { BidiStream, RpcObserver, RpcStatus, UnaryCall } from "./rpc-server.ts";
import { StatusCode } from "./status-code.ts";

/** What the calls of a connection share. */
export interface CallConnection {
  /** Who it comes from. */
  readonly address: string;
  readonly commonName: string | undefined;
  readonly memory: RequestMemory;
}

/** What all calls of a server share. */
export interface Http2CallContext extends RequestBodyContext {
  readonly writeBufferBytes: number;
  readonly observer: RpcObserver | undefined;
  readonly deadlines: DeadlineQueue;
  onHandlerError(path: string, error: unknown): void;
}

/** What calls end with when the server closes; clients go on elsewhere. */
const closingStatus = { code: StatusCode.UNAVAILABLE, message: "server is shutting down" } as const;

/**
 * A call on a stream of HTTP/2.
 *
 * Life: open → ended (answered, failed) or cancelled (caller gone, deadline, message over the
 * limit). Both are final and each reports to the observer once. The stream may live on, to send
 * what was written.
 */
export class Http2Call
  implements UnaryCall, BidiStream, StreamHandler, RequestBodyOwner, DeadlineOwner
{
  readonly #context: Http2CallContext;
  readonly #connection: CallConnection;
  readonly #stream: Http2Stream;
  readonly #head: CallHead;
  #state: "open" | "ended" | "cancelled" = "open";
  #deadline: Deadline | undefined;
  #cancelListeners: (() => void)[] | undefined;

  readonly #queue = new MessageQueue();
  #hasBegun = false;
  #needsDrain = false;
  #drainListener: (() => void) | undefined;

  /** Of a call with one request, until its half close. */
  #request: Buffer | undefined;
  /** Only for requests that are not one message in one frame. */
  #body: RequestBody | undefined;
  #messageListener: ((message: Uint8Array) => void) | undefined;
  #halfCloseListener: (() => void) | undefined;

  constructor(
    context: Http2CallContext,
    connection: CallConnection,
    stream: Http2Stream,
    head: CallHead,
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#stream = stream;
    this.#head = head;
  }

  get peer(): string {
    return this.#connection.address;
  }

  get peerCommonName(): string | undefined {
    return this.#connection.commonName;
  }

  get isCancelled(): boolean {
    return this.#state === "cancelled";
  }

  get bufferedBytes(): number {
    return this.#queue.bytesLeft;
  }

  /** Begins to take the request; called once, before any of its body. */
  start(): void {
    const { method, timeoutMillis } = this.#head;
    this.#context.observer?.callStarted(method);
    if (timeoutMillis !== undefined) {
      const millis = this.#stream.startedMillis + timeoutMillis;
      this.#deadline = this.#context.deadlines.add(millis, this);
    }
    if (method.kind !== "bidi-stream") return;
    try {
      method.handle(this);
    } catch (error) {
      this.#onHandlerError(error);
    }
  }

  header(name: string): string | undefined {
    for (const field of this.#head.fields) {
      if (field.name !== name) continue;
      return name.endsWith("-bin") ? decodeBinaryValue(field.value) : field.value;
    }
    return undefined;
  }

  remainingMillis(): number | undefined {
    const { timeoutMillis } = this.#head;
    if (timeoutMillis === undefined) return undefined;
    return Math.max(0, this.#stream.startedMillis + timeoutMillis - performance.now());
  }

  onCancel(listener: () => void): void {
    if (this.#state === "open") (this.#cancelListeners ??= []).push(listener);
    else if (this.#state === "cancelled") process.nextTick(() => this.#run(listener));
  }

  respond(chunks: readonly Uint8Array[]): void {
    if (this.#state !== "open") return;
    const bytes = this.#send(chunks);
    if (bytes <= messageBytesMax) this.#end(StatusCode.OK, "");
    else this.#end(StatusCode.RESOURCE_EXHAUSTED, `grpc: ${tooLargeToSend(bytes)}`);
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state !== "open") return true;
    const bytes = this.#send(chunks);
    if (bytes > messageBytesMax) {
      this.#cancel(StatusCode.RESOURCE_EXHAUSTED, tooLargeToSend(bytes));
      return true;
    }
    this.#stream.wake();
    return this.#hasRoom();
  }

  writeFramed(framed: Uint8Array, count: number): boolean {
    if (this.#state !== "open") return true;
    this.#queue.pushFramed(framed);
    this.#begin();
    this.#stream.wake();
    const { observer } = this.#context;
    for (let index = 0, begin = 0; index < count && observer !== undefined; index += 1) {
      const bytes = messageBytes(framed, begin);
      observer.messageSent(this.#head.method, bytes);
      begin += messageHeadBytes + bytes;
    }
    return this.#hasRoom();
  }

  onDrain(listener: () => void): void {
    this.#drainListener = listener;
  }

  end(): void {
    if (this.#state === "open") this.#end(StatusCode.OK, "");
  }

  fail(status: RpcStatus): void {
    if (this.#state === "open") this.#end(status.code, status.message);
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#messageListener = listener;
  }

  onHalfClose(listener: () => void): void {
    this.#halfCloseListener = listener;
  }

  pause(): void {
    (this.#body ?? this.#openBody()).pause();
  }

  resume(): void {
    this.#body?.resume();
  }

  onData(bytes: Buffer, begin: number, end: number, isLast: boolean): void {
    if (this.#state !== "open") return;
    if (
      this.#body === undefined &&
      (isLast || this.#head.method.kind === "bidi-stream") &&
      this.#isWholeMessage(bytes, begin, end) &&
      this.#stream.receiveWindow * 2 >= initialWindowBytes
    ) {
      // Hot: most calls have nothing but this.
      this.takeRequest(bytes.subarray(begin + messageHeadBytes, end));
    } else {
      (this.#body ?? this.#openBody()).push(bytes, begin, end);
    }
  }

  onEnd(): void {
    if (this.#body === undefined) this.takeEnd();
    else this.#body.end();
  }

  onReset(): void {
    this.#queue.clear();
    if (this.#state === "open") this.#cancel(StatusCode.CANCELLED, undefined);
  }

  onSent(): void {
    if (!this.#needsDrain) return;
    if (this.#queue.bytesLeft * 2 > this.#context.writeBufferBytes) return;
    this.#needsDrain = false;
    // After the flush that is under way: what the listener writes belongs to the next.
    process.nextTick(() => {
      if (this.#state === "open" && this.#drainListener !== undefined)
        this.#run(this.#drainListener);
    });
  }

  onOverflow(): void {
    const text = "too many answers of one connection wait to be sent";
    if (this.#state === "open") {
      this.#cancel(StatusCode.RESOURCE_EXHAUSTED, text);
    } else {
      this.#queue.dropWaiting();
      this.#sendStatus(StatusCode.RESOURCE_EXHAUSTED, text);
    }
    if (this.#queue.bytesLeft === 0) return;
    // Of a message that has been begun the rest cannot be left out: RESOURCE_EXHAUSTED, too.
    this.#queue.clear();
    this.#stream.reset(ErrorCode.ENHANCE_YOUR_CALM);
  }

  onShutdown(): void {
    if (this.#state === "open") this.#cancel(closingStatus.code, closingStatus.message);
  }

  onDeadline(): void {
    if (this.#state !== "open") return;
    this.#cancel(StatusCode.DEADLINE_EXCEEDED, "context deadline exceeded");
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  takeRequest(message: Buffer): void {
    const { method } = this.#head;
    this.#context.observer?.messageReceived(method, message.length);
    if (method.kind !== "bidi-stream") {
      if (this.#request === undefined) this.#request = message;
      else this.#failCardinality("received more than one request message");
      return;
    }
    try {
      this.#messageListener?.(message);
    } catch (error) {
      this.#onHandlerError(error);
    }
  }

  takeEnd(): void {
    if (this.#state !== "open") return;
    const { method } = this.#head;
    const request = this.#request;
    this.#request = undefined;
    try {
      if (method.kind === "bidi-stream") this.#halfCloseListener?.();
      else if (request === undefined) this.#failCardinality("received no request message");
      else if (method.kind === "unary") method.handle(request, this);
      else method.handle(request, this);
    } catch (error) {
      this.#onHandlerError(error);
    }
  }

  takeFault(code: StatusCode, message: string): void {
    if (this.#state === "open") this.#cancel(code, message);
  }

  #openBody(): RequestBody {
    const options = {
      isKept: this.#head.method.kind !== "bidi-stream",
      isCompressible: this.#head.isCompressible,
    };
    const { memory } = this.#connection;
    this.#body = new RequestBody(this.#context, options, memory, this.#stream, this);
    return this.#body;
  }

  #isWholeMessage(bytes: Buffer, begin: number, end: number): boolean {
    const length = end - begin - messageHeadBytes;
    return (
      length >= 0 &&
      length <= this.#context.maxRequestBytes &&
      bytes[begin] === 0 &&
      bytes[begin + 1] === 0 &&
      bytes[begin + 2] === length >>> 16 &&
      bytes[begin + 3] === ((length >>> 8) & 0xff) &&
      bytes[begin + 4] === (length & 0xff)
    );
  }

  /** @returns The length of the message, which was not sent if it is too large. */
  #send(chunks: readonly Uint8Array[]): number {
    const bytes = this.#queue.push(chunks);
    if (bytes > messageBytesMax) return bytes;
    this.#context.observer?.messageSent(this.#head.method, bytes);
    this.#begin();
    return bytes;
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#stream.begin(answerHead, this.#queue);
  }

  #hasRoom(): boolean {
    if (this.#queue.bytesLeft >= this.#context.writeBufferBytes) this.#needsDrain = true;
    return !this.#needsDrain;
  }

  #failCardinality(what: string): void {
    this.#end(StatusCode.INTERNAL, `cardinality violation: ${what}`);
  }

  #end(code: StatusCode, message: string): void {
    this.#finish("ended", code);
    this.#sendStatus(code, message);
  }

  /**
   * Ends the call and tells the handler; without a message the caller is gone and hears nothing.
   */
  #cancel(code: StatusCode, message: string | undefined): void {
    this.#finish("cancelled", code);
    if (message !== undefined) {
      this.#queue.dropWaiting();
      this.#sendStatus(code, message);
    }
    const listeners = this.#cancelListeners;
    this.#cancelListeners = undefined;
    if (listeners !== undefined) for (const listener of listeners) this.#run(listener);
  }

  #sendStatus(code: StatusCode, message: string): void {
    if (this.#hasBegun) this.#stream.end(trailersOf(code, message));
    else this.#stream.answerByHead(trailersOnly(code, message));
  }

  #finish(state: "ended" | "cancelled", code: StatusCode): void {
    this.#state = state;
    if (this.#deadline !== undefined) this.#context.deadlines.remove(this.#deadline);
    this.#body?.stop();
    this.#request = undefined;
    const { observer } = this.#context;
    if (observer === undefined) return;
    observer.callEnded(this.#head.method, code, performance.now() - this.#stream.startedMillis);
  }

  #run(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#onHandlerError(error);
    }
  }

  #onHandlerError(error: unknown): void {
    if (this.#state === "open") this.#end(StatusCode.INTERNAL, "internal error");
    this.#context.onHandlerError(this.#head.method.path, error);
  }
}

/** As grpc-go says it, which puts its name before it for calls with one answer. */
function tooLargeToSend(bytes: number): string {
  return `trying to send message larger than max (${bytes} vs. ${messageBytesMax})`;
}
