import type { Duplex } from "node:stream";
import { HpackEncoder } from "../hpack/hpack-encoder.ts";
import { ErrorCode } from "./error-code.ts";
import {
  FrameFlag,
  frameBytesMax,
  frameHeadBytes,
  FrameType,
  initialWindowBytes,
} from "./frame.ts";
import type { Http2Stream } from "./http2-stream.ts";
import { StreamQueue } from "./stream-queue.ts";
import type { WriteBuffer } from "./write-buffer.ts";

/** What a {@link FrameSender} tells its connection. */
export interface SenderOwner {
  /** Frames of streams went out. */
  onStreamFrames(): void;
  /** The last frame of an answer went out. */
  onAnswered(stream: Http2Stream): void;
  /** The socket takes bytes again. */
  onWritable(): void;
  /** A flush failed by a fault of this program. */
  onInternalError(error: unknown): void;
}

/** Collects the connections that have something to send, and lets them send it together. */
export interface FlushQueue {
  /** Has `flush` of the sender called soon, once. */
  add(sender: FrameSender): void;
}

/** A TLS socket finishes no write at once; so much may be under way in it. */
const unfinishedBytesMax = 65_536;
const controlBytesAtFirst = 64;
/** Above this much waits for the client, and no more requests are taken. */
const waitingBytesMax = 67_108_864;
/** Above this much no more answers begin to wait that are larger than a first window. */
const waitingLargeMax = 134_217_728;
/** Above this much no more answers begin to wait. */
const waitingAllMax = 268_435_456;
/** What a stream that waits costs beside the bytes it has to send. */
const waitingStreamBytes = 1_024;

/**
 * The sending half of a connection.
 *
 * Nothing is written when it is asked for: streams with something to send stand in a queue, and a
 * flush at the end of the turn takes one frame of each, round by round, as far as the windows of
 * the client and the socket allow, and writes all of it at once. Where streams may wait:
 *
 * ```
 *            window of its own left?        of the connection left?
 * ready ───┬─ yes ──────────────────────┬─ yes → frame, then to the end of ready
 *          └─ no → nowhere; its          └─ no → blocked, until the connection's
 *             WINDOW_UPDATE wakes it            WINDOW_UPDATE makes all of it ready
 * ```
 */
export class FrameSender {
  readonly encoder: HpackEncoder = new HpackEncoder();
  sendWindow: number = initialWindowBytes;
  /** Whether the socket holds bytes that the kernel did not take. */
  isBlocked = false;
  isDirty = false;
  /** What the streams that wait for windows hold: their bytes, and something for themselves. */
  waitingBytes = 0;
  readonly #socket: Duplex;
  readonly #isKernelSocket: boolean;
  readonly #buffer: WriteBuffer;
  readonly #flushes: FlushQueue;
  readonly #owner: SenderOwner;
  readonly #onWritten: () => void;
  readonly #ready = new StreamQueue();
  readonly #windowBlocked = new StreamQueue();
  /** Frames that belong to no answer, and go before them. */
  #control: Buffer = Buffer.alloc(controlBytesAtFirst);
  #controlBytes = 0;
  #isEnded = false;

  /** @param isKernelSocket - Whether nobody looks at the bytes of a finished write any more. */
  constructor(
    socket: Duplex,
    isKernelSocket: boolean,
    shared: { readonly buffer: WriteBuffer; readonly flushes: FlushQueue },
    owner: SenderOwner,
  ) {
    this.#socket = socket;
    this.#isKernelSocket = isKernelSocket;
    this.#buffer = shared.buffer;
    this.#flushes = shared.flushes;
    this.#owner = owner;
    this.#onWritten = () => this.#handleWritten();
  }

  /** Bytes of frames that belong to no answer and wait for the socket. */
  get controlBytes(): number {
    return this.#controlBytes;
  }

  /** Whether so much waits for the client that it should get no more answers. */
  get isFull(): boolean {
    return this.waitingBytes > waitingBytesMax;
  }

  /** Puts a stream in line that is not queued. */
  enqueue(stream: Http2Stream): void {
    if (stream.isWindowBlocked) {
      // Data keep their place in line; an end without data needs no window.
      const bytesLeft = stream.source?.bytesLeft ?? 0;
      if (bytesLeft > 0 && !this.#isOverflow(stream, bytesLeft)) {
        this.#count(stream, bytesLeft);
        return;
      }
      this.#unblock(stream);
    }
    stream.isQueued = true;
    this.#ready.push(stream);
    if (!this.isDirty) this.#markDirty();
  }

  /** Adds to the window of the connection. */
  extendWindow(bytes: number): void {
    this.sendWindow += bytes;
    if (this.#windowBlocked.isEmpty || this.sendWindow <= 0) return;
    for (let stream = this.#windowBlocked.shift(); stream !== undefined;) {
      stream.isWindowBlocked = false;
      stream.isQueued = true;
      this.#ready.push(stream);
      stream = this.#windowBlocked.shift();
    }
    this.#markDirty();
  }

  /** A stream has ended; what it still had is not sent. */
  forget(stream: Http2Stream): void {
    this.#uncount(stream);
    if (stream.isWindowBlocked) this.#unblock(stream);
  }

  /** Sends a frame that belongs to no answer, before all answers. */
  control(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    const at = this.#reserveControl(frameHeadBytes + payload.length);
    const control = this.#control;
    control.writeUIntBE(payload.length, at, 3);
    control[at + 3] = type;
    control[at + 4] = flags;
    control.writeUInt32BE(streamId, at + 5);
    control.set(payload, at + frameHeadBytes);
  }

  /** Sends a frame of type RST_STREAM or WINDOW_UPDATE. */
  controlNumber(type: number, streamId: number, value: number): void {
    const at = this.#reserveControl(frameHeadBytes + 4);
    const control = this.#control;
    control.writeUIntBE(4, at, 3);
    control[at + 3] = type;
    control[at + 4] = 0;
    control.writeUInt32BE(streamId, at + 5);
    control.writeUInt32BE(value, at + frameHeadBytes);
  }

  /** Writes what waits, as far as it may go. Never throws. */
  flush(): void {
    this.isDirty = false;
    if (this.isBlocked || this.#isEnded) return;
    try {
      this.#flush(this.#buffer);
    } catch (error) {
      this.#buffer.clear();
      this.#owner.onInternalError(error);
    }
  }

  /** Sends no more frames of streams, and closes the sending side after what was asked for. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#controlBytes > 0) {
      this.#socket.write(this.#control.subarray(0, this.#controlBytes));
      // The socket may read it later, when other frames have been asked for.
      this.#control = Buffer.alloc(0);
      this.#controlBytes = 0;
    }
    this.#socket.end();
  }

  /** The socket is gone: sends nothing any more. */
  stop(): void {
    this.#isEnded = true;
  }

  #flush(buffer: WriteBuffer): void {
    if (this.#controlBytes > 0) {
      buffer.append(this.#control, this.#controlBytes);
      this.#controlBytes = 0;
      if (this.#control.length > 1_024) this.#control = Buffer.alloc(controlBytesAtFirst);
    }
    let stream = this.#ready.shift();
    if (stream !== undefined) this.#owner.onStreamFrames();
    while (stream !== undefined) {
      if (buffer.isFull) {
        this.#write(buffer);
        if (this.isBlocked) {
          this.#ready.unshift(stream);
          return;
        }
      }
      stream.isQueued = false;
      if (!stream.isClosed) this.#sendOf(stream, buffer);
      stream = this.#ready.shift();
    }
    if (buffer.length > 0) this.#write(buffer);
  }

  /** Sends one round of a stream: its head, at most one frame of data, the end if it is reached. */
  #sendOf(stream: Http2Stream, buffer: WriteBuffer): void {
    const { source, id } = stream;
    if (stream.head !== undefined) {
      if (this.waitingBytes > waitingLargeMax) this.#refuseToWait(stream);
      const isAll = stream.isEnding && stream.trailers === undefined;
      const block = this.encoder.encode(stream.head);
      stream.head = undefined;
      buffer.headers(block, isAll ? FrameFlag.END_STREAM : 0, id);
      if (isAll) {
        this.#endStream(stream, buffer);
        return;
      }
    }
    if (source !== undefined && source.bytesLeft > 0) {
      const isMore = this.#sendData(stream, source.bytesLeft, buffer);
      stream.handler?.onSent();
      if (isMore) return;
    }
    if (stream.isEnding && stream.trailers !== undefined) {
      buffer.headers(this.encoder.encode(stream.trailers), FrameFlag.END_STREAM, id);
      this.#endStream(stream, buffer);
    }
  }

  /** @returns Whether there is more, for which the stream now waits where it has to. */
  #sendData(stream: Http2Stream, bytesLeft: number, buffer: WriteBuffer): boolean {
    let length = bytesLeft < frameBytesMax ? bytesLeft : frameBytesMax;
    if (length > stream.sendWindow) length = stream.sendWindow;
    if (length > this.sendWindow) length = this.sendWindow;
    if (length > 0) {
      buffer.frameHead(length, FrameType.DATA, 0, stream.id);
      stream.source?.copyTo(buffer.bytes, buffer.length, length);
      buffer.length += length;
      stream.sendWindow -= length;
      this.sendWindow -= length;
      if (length === bytesLeft) {
        if (stream.waitingBytes > 0) this.#uncount(stream);
        return false;
      }
    }
    // Who took the last of the connection's window goes behind those that still wait for some.
    if (stream.sendWindow > 0 && (this.sendWindow > 0 || length > 0)) {
      if (stream.waitingBytes > 0) this.#uncount(stream);
      stream.isQueued = true;
      this.#ready.push(stream);
      return true;
    }
    const rest = bytesLeft - Math.max(0, length);
    const isOverflow = this.#isOverflow(stream, rest);
    this.#count(stream, rest);
    if (stream.sendWindow > 0) {
      stream.isWindowBlocked = true;
      this.#windowBlocked.push(stream);
    }
    if (isOverflow) stream.handler?.onOverflow();
    return true;
  }

  /** Spares a client the beginning of an answer whose rest may not wait. */
  #refuseToWait(stream: Http2Stream): void {
    const bytesLeft = stream.source?.bytesLeft ?? 0;
    const isWaiting = bytesLeft > stream.sendWindow || bytesLeft > this.sendWindow;
    if (isWaiting && this.#isOverflow(stream, bytesLeft)) stream.handler?.onOverflow();
  }

  /**
   * Whether a stream may not wait with so many bytes, because of what waits beside it. One answer
   * is always let in, however large it is, and whoever was let in stays in unless it has more.
   */
  #isOverflow(stream: Http2Stream, bytes: number): boolean {
    if (bytes + waitingStreamBytes <= stream.waitingBytes) return false;
    const max = bytes > initialWindowBytes ? waitingLargeMax : waitingAllMax;
    return this.waitingBytes - stream.waitingBytes > max;
  }

  #count(stream: Http2Stream, bytes: number): void {
    this.waitingBytes += bytes + waitingStreamBytes - stream.waitingBytes;
    stream.waitingBytes = bytes + waitingStreamBytes;
  }

  #uncount(stream: Http2Stream): void {
    this.waitingBytes -= stream.waitingBytes;
    stream.waitingBytes = 0;
  }

  #unblock(stream: Http2Stream): void {
    stream.isWindowBlocked = false;
    this.#windowBlocked.remove(stream);
  }

  #endStream(stream: Http2Stream, buffer: WriteBuffer): void {
    // What waited may have been dropped, by a deadline for instance.
    if (stream.waitingBytes > 0) this.#uncount(stream);
    if (!stream.isRemoteClosed) {
      // As grpc-go: what the client still wants to send is of no use.
      buffer.reset(ErrorCode.NO_ERROR, stream.id);
    }
    this.#owner.onAnswered(stream);
  }

  #write(buffer: WriteBuffer): void {
    const socket = this.#socket;
    if (this.#isKernelSocket) {
      socket.write(buffer.view(), this.#onWritten);
      if (socket.writableLength === 0) {
        buffer.clear();
        return;
      }
      buffer.replace();
      this.isBlocked = true;
    } else {
      // These sockets read the bytes later.
      socket.write(Buffer.from(buffer.view()), this.#onWritten);
      buffer.clear();
      this.isBlocked = socket.writableLength >= unfinishedBytesMax;
    }
  }

  #handleWritten(): void {
    if (!this.isBlocked || this.#isEnded || this.#socket.writableLength > 0) return;
    this.isBlocked = false;
    this.#markDirty();
    this.#owner.onWritable();
  }

  #reserveControl(bytes: number): number {
    const at = this.#controlBytes;
    if (at + bytes > this.#control.length) {
      const larger = Buffer.alloc(Math.max(this.#control.length * 2, at + bytes));
      this.#control.copy(larger, 0, 0, at);
      this.#control = larger;
    }
    this.#controlBytes = at + bytes;
    this.#markDirty();
    return at;
  }

  #markDirty(): void {
    if (this.isDirty) return;
    this.isDirty = true;
    this.#flushes.add(this);
  }
}
