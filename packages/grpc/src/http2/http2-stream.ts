import type { HeaderField } from "../hpack/header-field.ts";
import type { ErrorCode } from "./error-code.ts";
import { initialWindowBytes } from "./frame.ts";

/** What a stream tells whoever serves its request. Nothing comes after `onReset`. */
export interface StreamHandler {
  /**
   * A piece of the body is `bytes[begin, end)`, which may be kept as a view and must not be written
   * to. More than the window of the stream never comes without
   * {@link Http2Stream.extendReceiveWindow}.
   *
   * @param isLast - Whether `onEnd` follows at once.
   */
  onData(bytes: Buffer, begin: number, end: number, isLast: boolean): void;
  /** The client has sent all of its body. */
  onEnd(): void;
  /** The stream is gone: reset by either side, or with its connection. */
  onReset(): void;
  /** Bytes of the source were taken and are with the socket. */
  onSent(): void;
  /**
   * Too much of the connection's answers waits for its client: what this stream has to send has to
   * go, at once.
   */
  onOverflow(): void;
  /** There is no time left: whatever is to be said has to be said now. */
  onShutdown(): void;
}

/** Where the body of an answer comes from. */
export interface BodySource {
  /** Bytes that wait to be sent. */
  readonly bytesLeft: number;
  /** Takes the next `length <= bytesLeft` bytes. */
  copyTo(target: Uint8Array, offset: number, length: number): void;
}

/** What streams ask of their connection. */
export interface StreamConnection {
  /** A stream has something to send. */
  enqueue(stream: Http2Stream): void;
  extendWindow(stream: Http2Stream, bytes: number): void;
  /** Ends a stream at once; its handler is not told. */
  reset(stream: Http2Stream, code: ErrorCode): void;
}

/**
 * A request and its answer (RFC 9113, 5.1): open → one side closed → closed, or reset from
 * anywhere.
 *
 * Fields without a comment of their own are the connection's business.
 *
 * @internal
 */
export class Http2Stream {
  readonly id: number;
  readonly #connection: StreamConnection;
  /** Monotonic time at which the request came. */
  readonly startedMillis: number;
  handler: StreamHandler | undefined;
  /** The client will send no more. */
  isRemoteClosed = false;
  /** Ended on both sides or reset: nothing may be sent. */
  isClosed = false;

  /** Bytes that the client may still send. */
  receiveWindow: number = initialWindowBytes;
  /** Of the body, so far. */
  receivedBytes = 0;
  /** What the client announced by content-length; -1 without. */
  expectedBytes = -1;

  /** Bytes that may still be sent; below 0 after the client has lowered its initial window. */
  sendWindow: number;
  head: readonly HeaderField[] | undefined;
  source: BodySource | undefined;
  trailers: readonly HeaderField[] | undefined;
  isEnding = false;
  /** What is counted for this stream because it waits for the client; 0 if it does not. */
  waitingBytes = 0;
  isQueued = false;
  /** Whether it is in the line for the window of the connection, which is not `isQueued`. */
  isWindowBlocked = false;
  previousInQueue: Http2Stream | undefined;
  nextInQueue: Http2Stream | undefined;

  constructor(id: number, sendWindow: number, startedMillis: number, connection: StreamConnection) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.startedMillis = startedMillis;
    this.#connection = connection;
  }

  /** Begins the answer: its head, and a body as long as `source` has something. */
  begin(head: readonly HeaderField[], source: BodySource): void {
    this.head = head;
    this.source = source;
  }

  /** Tells that the source has more. */
  wake(): void {
    if (!this.isQueued && !this.isClosed) this.#connection.enqueue(this);
  }

  /** Ends the answer after what the source has; frozen lists are encoded once. */
  end(trailers: readonly HeaderField[]): void {
    this.trailers = trailers;
    this.isEnding = true;
    this.wake();
  }

  /** Gives an answer that is a head alone. */
  answerByHead(head: readonly HeaderField[]): void {
    this.head = head;
    this.isEnding = true;
    this.wake();
  }

  /** Lets the client send so many bytes more. */
  extendReceiveWindow(bytes: number): void {
    this.receiveWindow += bytes;
    if (!this.isClosed) this.#connection.extendWindow(this, bytes);
  }

  /** Ends the stream without an answer; its handler is not told. */
  reset(code: ErrorCode): void {
    if (!this.isClosed) this.#connection.reset(this, code);
  }
}
