import { answerHead, trailersOf, trailersOnly } from "./answer-fields.ts";
import { initialWindowBytes, windowBytesMax } from "./http2/frame.ts";
import type { Http2Stream, StreamHandler } from "./http2/http2-stream.ts";
import { decodeBinaryValue } from "./message/binary-value.ts";
import type { Deadline, DeadlineOwner, DeadlineQueue } from "./message/deadline-queue.ts";
import type { MessageInflater } from "./message/message-inflater.ts";
import { messageHeadBytes, MessageQueue } from "./message-queue.ts";
import { type MessageFault, MessageReader, type MessageSink } from "./message-reader.ts";
import type { CallHead } from "./request-head.ts";
import type { BidiStream, RpcObserver, RpcStatus, UnaryCall } from "./rpc-server.ts";
import { StatusCode } from "./status-code.ts";

/** Who a connection comes from. */
export interface CallPeer {
  readonly address: string;
  readonly commonName: string | undefined;
}

/** What all calls of a server share. */
export interface Http2CallContext {
  readonly maxRequestBytes: number;
  readonly writeBufferBytes: number;
  readonly observer: RpcObserver | undefined;
  readonly deadlines: DeadlineQueue;
  readonly inflater: MessageInflater;
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
export class Http2Call implements UnaryCall, BidiStream, StreamHandler, MessageSink, DeadlineOwner {
  readonly #context: Http2CallContext;
  readonly #peer: CallPeer;
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
  /** Only for bodies that are not one message in one frame. */
  #reader: MessageReader | undefined;
  #messageListener: ((message: Uint8Array) => void) | undefined;
  #halfCloseListener: (() => void) | undefined;
  #isPaused = false;
  #isInflating = false;
  #isHalfClosed = false;
  #isHalfCloseTold = false;

  constructor(context: Http2CallContext, peer: CallPeer, stream: Http2Stream, head: CallHead) {
    this.#context = context;
    this.#peer = peer;
    this.#stream = stream;
    this.#head = head;
  }

  get peer(): string {
    return this.#peer.address;
  }

  get peerCommonName(): string | undefined {
    return this.#peer.commonName;
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
    this.#send(chunks);
    this.#end(StatusCode.OK, "");
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state !== "open") return true;
    this.#send(chunks);
    this.#stream.wake();
    if (this.#queue.bytesLeft >= this.#context.writeBufferBytes) this.#needsDrain = true;
    return !this.#needsDrain;
  }

  writeFramed(framed: Uint8Array, count: number): boolean {
    const view = new DataView(framed.buffer, framed.byteOffset, framed.length);
    let hasRoom = true;
    let begin = 0;
    for (let index = 0; index < count; index += 1) {
      const end = begin + messageHeadBytes + view.getUint32(begin + 1);
      hasRoom = this.write([framed.subarray(begin + messageHeadBytes, end)]);
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
    if (this.#state === "open") this.#end(status.code, status.message);
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
    this.#readOn();
  }

  onData(bytes: Buffer, begin: number, end: number): void {
    if (this.#state !== "open") return;
    const reader = this.#reader;
    if (reader !== undefined) {
      reader.push(bytes, begin, end);
    } else if (!this.#isPaused && this.#isWholeMessage(bytes, begin, end)) {
      // Hot: most calls have nothing but this.
      this.#deliver(bytes.subarray(begin + messageHeadBytes, end));
    } else {
      this.#reader = new MessageReader(this.#context.maxRequestBytes, this);
      if (this.#isPaused) this.#reader.pause();
      this.#reader.push(bytes, begin, end);
    }
    if (this.#stream.receiveWindow * 2 < initialWindowBytes || this.#reader !== undefined) {
      this.#extendWindow();
    }
  }

  onEnd(): void {
    this.#isHalfClosed = true;
    if (!this.#isPaused && !this.#isInflating) this.#tellHalfClose();
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

  onShutdown(): void {
    if (this.#state === "open") this.#cancel(closingStatus.code, closingStatus.message);
  }

  onDeadline(): void {
    if (this.#state !== "open") return;
    this.#cancel(StatusCode.DEADLINE_EXCEEDED, "context deadline exceeded");
  }

  takeMessage(message: Buffer, isCompressed: boolean): boolean {
    if (isCompressed) this.#inflate(message);
    else this.#deliver(message);
    return this.#isTaking();
  }

  takeFault(fault: MessageFault): void {
    if (fault.kind === "too-large") {
      const text = `(${fault.bytes} vs. ${this.#context.maxRequestBytes})`;
      const message = `grpc: received message larger than max ${text}`;
      this.#cancel(StatusCode.RESOURCE_EXHAUSTED, message);
    } else {
      const message = `grpc: received unexpected payload format ${fault.flag}`;
      this.#cancel(StatusCode.INTERNAL, message);
    }
  }

  #isTaking(): boolean {
    return !this.#isPaused && !this.#isInflating && this.#state === "open";
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

  #deliver(message: Buffer): void {
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

  #inflate(message: Buffer): void {
    if (!this.#head.isCompressible) {
      const text = "grpc: compressed flag set with identity or empty encoding";
      this.#cancel(StatusCode.INTERNAL, text);
      return;
    }
    this.#isInflating = true;
    this.#context.inflater.inflate(message, (result) => {
      this.#isInflating = false;
      if (this.#state !== "open") return;
      const { maxRequestBytes } = this.#context;
      if (result.kind === "too-large") {
        const text = `grpc: received message after decompression larger than max ${maxRequestBytes}`;
        this.#cancel(StatusCode.RESOURCE_EXHAUSTED, text);
      } else if (result.kind === "malformed") {
        const text = `grpc: failed to decompress the received message: ${result.reason}`;
        this.#cancel(StatusCode.INTERNAL, text);
      } else {
        this.#deliver(result.bytes);
        this.#readOn();
      }
    });
  }

  /** Takes what came while nothing was wanted. */
  #readOn(): void {
    if (!this.#isTaking()) return;
    this.#reader?.resume();
    if (!this.#isTaking()) return;
    if (this.#isHalfClosed) this.#tellHalfClose();
    else this.#extendWindow();
  }

  #tellHalfClose(): void {
    if (this.#state !== "open" || this.#isHalfCloseTold) return;
    this.#isHalfCloseTold = true;
    if (this.#reader !== undefined && this.#reader.heldBytes > 0) {
      this.#cancel(StatusCode.INTERNAL, "unexpected EOF");
      return;
    }
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

  /** Lets the client send on: as much as at first, or the rest of a message that is larger. */
  #extendWindow(): void {
    const stream = this.#stream;
    if (this.#isHalfClosed || !this.#isTaking()) return;
    const wanted = initialWindowBytes + (this.#reader?.missingBytes ?? 0);
    const { receiveWindow } = stream;
    if (receiveWindow * 2 <= wanted) {
      stream.extendReceiveWindow(Math.min(wanted, windowBytesMax) - receiveWindow);
    }
  }

  #send(chunks: readonly Uint8Array[]): void {
    const bytes = this.#queue.push(chunks);
    this.#context.observer?.messageSent(this.#head.method, bytes);
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#stream.begin(answerHead, this.#queue);
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
    this.#reader?.stop();
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
