import type { HeaderList } from "../hpack/header-field.ts";
import { HpackDecoder } from "../hpack/hpack-decoder.ts";
import type { AbuseBudget } from "./abuse-budget.ts";
import { ConnectionError, ErrorCode } from "./error-code.ts";
import { areTrailers } from "./field-rules.ts";
import { FrameFlag, FrameType, initialWindowBytes, readUint31, windowBytesMax } from "./frame.ts";
import type { FrameSender } from "./frame-sender.ts";
import { HeaderBlock } from "./header-block.ts";
import { Http2Stream, type StreamConnection } from "./http2-stream.ts";
import type { PeerSettings } from "./peer-settings.ts";
import { StreamTable } from "./stream-table.ts";

/** What {@link RequestStreams} are told. */
export interface RequestStreamsOptions {
  readonly concurrentMax: number;
  readonly headerBytesMax: number;
}

/** What {@link RequestStreams} ask of their connection. */
export interface RequestStreamsOwner {
  /** Monotonic time of the present chunk. */
  readonly nowMillis: number;
  /** Whether new requests are to be refused. */
  readonly isRefusing: boolean;
  /**
   * A request came. The owner gives the stream a handler, answers or resets it; the body comes
   * after this.
   */
  onRequest(stream: Http2Stream, list: HeaderList): void;
  /** A stream has ended. */
  onStreamClosed(): void;
}

/** What all streams of a connection together may send before they are let to send more. */
const connectionWindowBytes = 16_777_216;
const headerFieldsMax = 128;
/** Blocks of so many times the largest list are decoded, so that only their own call fails. */
const blockPerListBytes = 4;

/** The receiving half of a connection's streams: requests, bodies, resets and windows. */
export class RequestStreams implements StreamConnection {
  readonly table: StreamTable = new StreamTable();
  readonly #options: RequestStreamsOptions;
  readonly #sender: FrameSender;
  readonly #peer: PeerSettings;
  readonly #budget: AbuseBudget;
  readonly #owner: RequestStreamsOwner;
  readonly #decoder: HpackDecoder;
  /** Present between the first frame of a header block and its last. */
  #block: HeaderBlock | undefined;
  #receiveWindow: number = initialWindowBytes;

  constructor(
    options: RequestStreamsOptions,
    sender: FrameSender,
    peer: PeerSettings,
    budget: AbuseBudget,
    owner: RequestStreamsOwner,
  ) {
    this.#options = options;
    this.#sender = sender;
    this.#peer = peer;
    this.#budget = budget;
    this.#owner = owner;
    this.#decoder = new HpackDecoder({
      tableBytesMax: 4_096,
      listBytesMax: options.headerBytesMax,
      fieldsMax: headerFieldsMax,
    });
  }

  /** Whether a header block has begun and not ended: nothing else may come (RFC 9113, 6.10). */
  get isWithinBlock(): boolean {
    return this.#block !== undefined;
  }

  /** Lets the client send bodies beyond the small window that every connection begins with. */
  openWindow(): void {
    this.#extendConnectionWindow();
  }

  onHeaders(id: number, flags: number, bytes: Buffer, begin: number, end: number): void {
    if ((id & 1) === 0) throw protocolError(`HEADERS on stream ${id}`);
    let from = begin;
    let to = end;
    if ((flags & FrameFlag.PADDED) !== 0) {
      to -= paddingOf(bytes, begin, end);
      from += 1;
    }
    if ((flags & FrameFlag.PRIORITY) !== 0) from += 5;
    if (from > to) throw protocolError("HEADERS with more padding than payload");
    const endsStream = (flags & FrameFlag.END_STREAM) !== 0;
    if ((flags & FrameFlag.END_HEADERS) !== 0) {
      this.#onBlock(id, endsStream, bytes.subarray(from, to));
      return;
    }
    const bytesMax = this.#options.headerBytesMax * blockPerListBytes;
    this.#block = new HeaderBlock(id, endsStream, bytesMax);
    this.#block.append(bytes, from, to);
  }

  onContinuation(id: number, flags: number, bytes: Buffer, begin: number, end: number): void {
    const block = this.#block;
    if (block?.streamId !== id) throw protocolError("CONTINUATION without HEADERS");
    this.#pay(1, "too_many_continuations");
    block.append(bytes, begin, end);
    if ((flags & FrameFlag.END_HEADERS) === 0) return;
    this.#block = undefined;
    this.#onBlock(id, block.endsStream, block.bytes);
  }

  onData(id: number, flags: number, bytes: Buffer, begin: number, end: number): void {
    if (id === 0) throw protocolError("DATA on stream 0");
    const length = end - begin;
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "connection window exceeded");
    }
    if (this.#receiveWindow * 2 < connectionWindowBytes) this.#extendConnectionWindow();
    let from = begin;
    let to = end;
    if ((flags & FrameFlag.PADDED) !== 0) {
      to -= paddingOf(bytes, begin, end);
      from += 1;
      if (from > to) throw protocolError("DATA with more padding than payload");
    }
    const stream = this.table.get(id);
    if (stream === undefined) {
      this.#onStrayData(id);
      return;
    }
    if (stream.isRemoteClosed) {
      this.failStream(stream, ErrorCode.STREAM_CLOSED);
      return;
    }
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) {
      this.failStream(stream, ErrorCode.FLOW_CONTROL_ERROR);
      return;
    }
    const endsStream = (flags & FrameFlag.END_STREAM) !== 0;
    if (from === to && !endsStream) this.#pay(1, "too_many_empty_frames");
    stream.receivedBytes += to - from;
    if (!this.#hasExpectedLength(stream, endsStream)) return;
    if (from < to) stream.handler?.onData(bytes, from, to, endsStream);
    if (endsStream) this.#closeRemote(stream);
  }

  onReset(id: number, length: number): void {
    if (length !== 4) throw frameSizeError("RST_STREAM", length);
    const stream = this.table.get(id);
    if (stream === undefined) {
      if (this.table.reasonClosed(id) === "idle") throw protocolError(`RST_STREAM on idle ${id}`);
      return;
    }
    this.#close(stream);
    this.table.remove(id);
    stream.handler?.onReset();
    this.#owner.onStreamClosed();
    if (!this.#budget.payForReset(this.#owner.nowMillis, stream.startedMillis)) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too_many_resets");
    }
  }

  onWindowUpdate(id: number, bytes: Buffer, begin: number, end: number): void {
    if (end - begin !== 4) throw frameSizeError("WINDOW_UPDATE", end - begin);
    const increment = readUint31(bytes, begin);
    if (id === 0) {
      if (increment === 0) throw protocolError("WINDOW_UPDATE of 0");
      if (this.#sender.sendWindow + increment > windowBytesMax) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "connection window overflows");
      }
      this.#sender.extendWindow(increment);
      return;
    }
    const stream = this.table.get(id);
    if (stream === undefined) {
      if (this.table.reasonClosed(id) === "idle") throw protocolError(`WINDOW_UPDATE on ${id}`);
      return;
    }
    if (increment === 0) {
      this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
    } else if (stream.sendWindow + increment > windowBytesMax) {
      this.failStream(stream, ErrorCode.FLOW_CONTROL_ERROR);
    } else {
      this.#extendSendWindow(stream, increment);
    }
  }

  /** The client has changed the window that streams begin with (RFC 9113, 6.9.2). */
  onInitialWindow(change: number): void {
    for (const stream of this.table.values()) {
      if (stream.sendWindow + change > windowBytesMax) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "stream window overflows");
      }
      this.#extendSendWindow(stream, change);
    }
  }

  /** Everything is over: the connection is gone. */
  onConnectionLost(): void {
    for (const stream of this.table.values()) {
      this.#close(stream);
      this.table.remove(stream.id);
      stream.handler?.onReset();
    }
  }

  /** The last frame of an answer went out. */
  onAnswered(stream: Http2Stream): void {
    stream.isClosed = true;
    if (stream.isRemoteClosed) this.table.remove(stream.id);
    else this.table.removeReset(stream.id);
    this.#budget.refund();
    this.#owner.onStreamClosed();
  }

  enqueue(stream: Http2Stream): void {
    this.#sender.enqueue(stream);
  }

  extendWindow(stream: Http2Stream, bytes: number): void {
    this.#sender.controlNumber(FrameType.WINDOW_UPDATE, stream.id, bytes);
  }

  reset(stream: Http2Stream, code: ErrorCode): void {
    this.#close(stream);
    this.table.removeReset(stream.id);
    this.#sender.controlNumber(FrameType.RST_STREAM, stream.id, code);
    this.#owner.onStreamClosed();
  }

  /**
   * Ends a stream whose client broke a rule (RFC 9113, 5.4.2). It pays for that: such resets can be
   * provoked at will.
   */
  failStream(stream: Http2Stream, code: ErrorCode): void {
    if (stream.isClosed) return;
    this.reset(stream, code);
    stream.handler?.onReset();
    this.#pay(1, "too_many_stream_errors");
  }

  #onBlock(id: number, endsStream: boolean, block: Uint8Array): void {
    const list = this.#decoder.decode(block);
    const open = this.table.get(id);
    if (open !== undefined) {
      this.#onTrailers(open, endsStream, list);
      return;
    }
    if (id <= this.table.lastId) {
      this.#onStrayHeaders(id);
      return;
    }
    this.table.use(id);
    const { nowMillis } = this.#owner;
    if (
      this.#owner.isRefusing ||
      this.table.size >= this.#options.concurrentMax ||
      this.#sender.isFull
    ) {
      this.#sender.controlNumber(FrameType.RST_STREAM, id, ErrorCode.REFUSED_STREAM);
      this.table.removeReset(id);
      if (!this.#owner.isRefusing) this.#pay(1, "too_many_refused_streams");
      return;
    }
    const stream = new Http2Stream(id, this.#peer.initialWindowBytes, nowMillis, this);
    this.table.add(stream);
    this.#owner.onRequest(stream, list);
    if (endsStream && !stream.isClosed && this.#hasExpectedLength(stream, true)) {
      this.#closeRemote(stream);
    }
  }

  #onTrailers(stream: Http2Stream, endsStream: boolean, list: HeaderList): void {
    if (stream.isRemoteClosed) this.failStream(stream, ErrorCode.STREAM_CLOSED);
    else if (!endsStream || list.isTooLarge || !areTrailers(list.fields)) {
      this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
    } else if (this.#hasExpectedLength(stream, true)) this.#closeRemote(stream);
  }

  #onStrayHeaders(id: number): void {
    const reason = this.table.reasonClosed(id);
    if (reason === "reset") return;
    if (reason === "skipped") throw protocolError(`HEADERS on ${id}, below ${this.table.lastId}`);
    throw new ConnectionError(ErrorCode.STREAM_CLOSED, `HEADERS on closed stream ${id}`);
  }

  #onStrayData(id: number): void {
    const reason = this.table.reasonClosed(id);
    if (reason === "reset") return;
    if (reason === "idle") throw protocolError(`DATA on idle stream ${id}`);
    this.#sender.controlNumber(FrameType.RST_STREAM, id, ErrorCode.STREAM_CLOSED);
    this.table.removeReset(id);
    this.#pay(1, "too_many_stream_errors");
  }

  #close(stream: Http2Stream): void {
    stream.isClosed = true;
    this.#sender.forget(stream);
  }

  #closeRemote(stream: Http2Stream): void {
    stream.isRemoteClosed = true;
    if (!stream.isClosed) stream.handler?.onEnd();
  }

  /** Compares a body with its content-length (RFC 9113, 8.1.1). */
  #hasExpectedLength(stream: Http2Stream, isWhole: boolean): boolean {
    const { expectedBytes, receivedBytes } = stream;
    if (expectedBytes < 0) return true;
    if (receivedBytes === expectedBytes || (receivedBytes < expectedBytes && !isWhole)) return true;
    this.failStream(stream, ErrorCode.PROTOCOL_ERROR);
    return false;
  }

  #extendSendWindow(stream: Http2Stream, bytes: number): void {
    stream.sendWindow += bytes;
    const isWaiting = stream.source !== undefined && stream.source.bytesLeft > 0;
    if (isWaiting && stream.sendWindow > 0) stream.wake();
  }

  #extendConnectionWindow(): void {
    const bytes = connectionWindowBytes - this.#receiveWindow;
    this.#receiveWindow = connectionWindowBytes;
    this.#sender.controlNumber(FrameType.WINDOW_UPDATE, 0, bytes);
  }

  #pay(price: number, what: string): void {
    if (this.#budget.pay(this.#owner.nowMillis, price)) return;
    throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, what);
  }
}

function paddingOf(bytes: Buffer, begin: number, end: number): number {
  if (begin === end) throw frameSizeError("padded frame", 0);
  return bytes[begin] ?? 0;
}

function protocolError(text: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, text);
}

function frameSizeError(type: string, length: number): ConnectionError {
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${type} of ${length} bytes`);
}
