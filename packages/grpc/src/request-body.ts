import { initialWindowBytes, windowBytesMax } from "./http2/frame.ts";
import type { Http2Stream } from "./http2/http2-stream.ts";
import type { InflateJob, InflateResult, MessageInflater } from "./message/message-inflater.ts";
import { type MessageFault, MessageReader, type MessageSink } from "./message-reader.ts";
import type { LargeMessage, RequestMemory } from "./request-memory.ts";
import { StatusCode } from "./status-code.ts";

/** The call whose request a {@link RequestBody} reads. */
export interface RequestBodyOwner {
  /** Whether anything is still wanted. */
  readonly isOpen: boolean;
  takeRequest(message: Buffer): void;
  /** The client has sent everything, and everything was taken. */
  takeEnd(): void;
  /** The request is at fault: the call has to end. */
  takeFault(code: StatusCode, message: string): void;
}

/** What a {@link RequestBody} needs. */
export interface RequestBodyContext {
  /** Largest message. */
  readonly maxRequestBytes: number;
  readonly inflater: MessageInflater;
}

/** What a {@link RequestBody} is told. */
export interface RequestBodyOptions {
  /** Whether the owner keeps what it takes until the end: a call with one request. */
  readonly isKept: boolean;
  /** Whether messages may be compressed. */
  readonly isCompressible: boolean;
}

/**
 * The request of a call that is more than one whole message in one frame, or that has to wait:
 * messages in pieces, many, large, compressed, or while the handler pauses.
 *
 * It decides when the client may send on: as much as the first window once what came was taken, and
 * the whole rest of a message that is larger, when {@link RequestMemory} lets it in.
 */
export class RequestBody implements MessageSink, LargeMessage {
  readonly #context: RequestBodyContext;
  readonly #options: RequestBodyOptions;
  readonly #memory: RequestMemory;
  readonly #stream: Http2Stream;
  readonly #owner: RequestBodyOwner;
  readonly #reader: MessageReader;
  #isPaused = false;
  #isInflating = false;
  /** Present while a message waits to be inflated, or is being inflated. */
  #inflating: InflateJob | undefined;
  #hasEnded = false;
  #isEndTold = false;

  /** Bytes of messages that the owner keeps. */
  #keptBytes = 0;
  /** What is held, as the connection counts it. */
  #heldBytes = 0;
  /** Size of the message for whose rest the connection was asked; 0 without. */
  #largeBytes = 0;
  #isAdmitted = false;

  constructor(
    context: RequestBodyContext,
    options: RequestBodyOptions,
    memory: RequestMemory,
    stream: Http2Stream,
    owner: RequestBodyOwner,
  ) {
    this.#context = context;
    this.#options = options;
    this.#memory = memory;
    this.#stream = stream;
    this.#owner = owner;
    this.#reader = new MessageReader(context.maxRequestBytes, this);
  }

  /** Takes a piece of the body; see `StreamHandler.onData`. */
  push(bytes: Buffer, begin: number, end: number): void {
    this.#reader.push(bytes, begin, end);
    this.#countHeld();
    if (this.#memory.isFull && this.#heldBytes > 0) {
      const text = "too many unfinished requests on one connection";
      this.#owner.takeFault(StatusCode.RESOURCE_EXHAUSTED, text);
    }
    this.#extendWindow();
  }

  /** The client has sent everything. */
  end(): void {
    this.#hasEnded = true;
    if (this.#isTaking()) this.#tellEnd();
  }

  /** Keeps what comes until {@link resume}. */
  pause(): void {
    this.#isPaused = true;
    this.#reader.pause();
  }

  /** Goes on; messages that wait come before this returns. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#readOn();
  }

  /** Lets go of everything: the call is over, or its request was handed on. */
  stop(): void {
    this.#reader.stop();
    this.#keptBytes = 0;
    // What is under way already is held until it is done.
    const job = this.#inflating;
    if (job !== undefined && this.#context.inflater.drop(job)) this.#inflating = undefined;
    this.#countHeld();
  }

  onAdmitted(): void {
    this.#isAdmitted = true;
    this.#extendWindow();
  }

  takeMessage(message: Buffer, isCompressed: boolean): boolean {
    if (isCompressed) this.#inflate(message);
    else this.#deliver(message);
    return this.#isTaking();
  }

  takeFault(fault: MessageFault): void {
    if (fault.kind === "too-large") {
      const sizes = `(${fault.bytes} vs. ${this.#context.maxRequestBytes})`;
      const text = `grpc: received message larger than max ${sizes}`;
      this.#owner.takeFault(StatusCode.RESOURCE_EXHAUSTED, text);
    } else {
      const text = `grpc: received unexpected payload format ${fault.flag}`;
      this.#owner.takeFault(StatusCode.INTERNAL, text);
    }
  }

  #isTaking(): boolean {
    return !this.#isPaused && !this.#isInflating && this.#owner.isOpen;
  }

  #deliver(message: Buffer): void {
    if (this.#options.isKept) {
      this.#keptBytes += message.length;
      // A view would hold all that came beside it until the client ends its request.
      const isSmallView = message.length * 2 < message.buffer.byteLength;
      this.#owner.takeRequest(isSmallView ? Buffer.from(message) : message);
    } else {
      this.#owner.takeRequest(message);
    }
  }

  #inflate(message: Buffer): void {
    if (!this.#options.isCompressible) {
      const text = "grpc: compressed flag set with identity or empty encoding";
      this.#owner.takeFault(StatusCode.INTERNAL, text);
      return;
    }
    this.#isInflating = true;
    const { inflater } = this.#context;
    const listener = (result: InflateResult): void => this.#onInflated(result);
    this.#inflating = inflater.inflate(message, this.#memory, listener);
  }

  #onInflated(result: InflateResult): void {
    this.#isInflating = false;
    this.#inflating = undefined;
    if (!this.#owner.isOpen) {
      this.#countHeld();
    } else if (result.kind === "too-large") {
      const text = `larger than max ${this.#context.maxRequestBytes}`;
      const message = `grpc: received message after decompression ${text}`;
      this.#owner.takeFault(StatusCode.RESOURCE_EXHAUSTED, message);
    } else if (result.kind === "malformed") {
      const text = `grpc: failed to decompress the received message: ${result.reason}`;
      this.#owner.takeFault(StatusCode.INTERNAL, text);
    } else {
      this.#deliver(result.bytes);
      this.#readOn();
    }
  }

  /** Takes what came while nothing was wanted. */
  #readOn(): void {
    if (!this.#isTaking()) {
      this.#countHeld();
      return;
    }
    this.#reader.resume();
    // Whoever delivers goes on with what is held, and reads on after that.
    if (this.#reader.isDelivering) return;
    this.#countHeld();
    if (!this.#isTaking()) return;
    if (this.#hasEnded) this.#tellEnd();
    else this.#extendWindow();
  }

  #tellEnd(): void {
    if (this.#isEndTold) return;
    this.#isEndTold = true;
    if (this.#reader.heldBytes > 0) {
      this.#owner.takeFault(StatusCode.INTERNAL, "unexpected EOF");
    } else {
      this.stop();
      this.#owner.takeEnd();
    }
  }

  #extendWindow(): void {
    const stream = this.#stream;
    if (this.#hasEnded || !this.#isTaking()) return;
    const missing = this.#reader.missingBytes;
    if (missing > stream.receiveWindow && this.#largeBytes === 0) {
      this.#largeBytes = this.#heldBytes + missing;
      this.#isAdmitted = this.#memory.admit(this, this.#largeBytes);
    }
    if (this.#largeBytes > 0 && !this.#isAdmitted) return;
    const wanted = initialWindowBytes + missing;
    const { receiveWindow } = stream;
    if (receiveWindow * 2 <= wanted) {
      stream.extendReceiveWindow(Math.min(wanted, windowBytesMax) - receiveWindow);
    }
  }

  /** Tells the connection what is held; a large message that has gone needs no room any more. */
  #countHeld(): void {
    const inflatingBytes = this.#inflating?.bytes.length ?? 0;
    const held = this.#reader.heldBytes + this.#keptBytes + inflatingBytes;
    const hasGone = held < this.#heldBytes || !this.#owner.isOpen;
    this.#memory.hold(held - this.#heldBytes);
    this.#heldBytes = held;
    if (this.#largeBytes === 0 || !hasGone) return;
    const bytes = this.#largeBytes;
    this.#largeBytes = 0;
    this.#memory.release(this, bytes, this.#isAdmitted);
  }
}
