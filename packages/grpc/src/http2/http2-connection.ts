import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { HeaderList } from "../hpack/header-field.ts";
import { HpackError } from "../hpack/hpack-error.ts";
import { PingPolicy } from "../ping-policy.ts";
import { AbuseBudget } from "./abuse-budget.ts";
import { ConnectionError, ErrorCode } from "./error-code.ts";
import { FrameFlag, FrameType, windowBytesMax } from "./frame.ts";
import { type FrameHandler, FrameReader } from "./frame-reader.ts";
import { type FlushQueue, FrameSender, type SenderOwner } from "./frame-sender.ts";
import type { Http2Stream } from "./http2-stream.ts";
import { PeerSettings, SettingId, settingsPayload } from "./peer-settings.ts";
import { QuietWatch } from "./quiet-watch.ts";
import { RequestStreams, type RequestStreamsOwner } from "./request-streams.ts";
import type { TurnBudget, TurnTaker } from "./turn-budget.ts";
import type { WriteBuffer } from "./write-buffer.ts";

/** Settings of a {@link Http2Connection}. */
export interface Http2ConnectionOptions {
  readonly maxConcurrentStreams: number;
  readonly maxHeaderBytes: number;
  readonly pingIntervalMinMillis: number;
  /** How long the client may be quiet before it is pinged. */
  readonly quietMillis: number;
  readonly keepaliveTimeoutMillis: number;
  /** How long settings may stay without an answer, and a header block without its end. */
  readonly answerTimeoutMillis: number;
}

/** What the connections of a server share. */
export interface SharedByConnections {
  readonly buffer: WriteBuffer;
  readonly flushes: FlushQueue;
  readonly turns: TurnBudget;
}

/** Whom a connection serves. */
export interface Http2ConnectionOwner {
  /** See {@link RequestStreamsOwner.onRequest}. */
  onRequest(stream: Http2Stream, list: HeaderList): void;
  /** The socket is closed; all streams have ended. */
  onClosed(): void;
  /** An error that is none of HTTP/2's; the connection has been ended for it. */
  onInternalError(error: unknown): void;
}

/** How long a client may take to close after the last word, so that it can read that. */
const lingerMillis = 1_000;
const settingsPrice = 10;
const probePing = Buffer.from("quiet?\0\0", "latin1");
const drainPing = Buffer.from("drained?", "latin1");
const emptyPayload = Buffer.alloc(0);

/**
 * One HTTP/2 connection, server side (RFC 9113).
 *
 * Life: open → draining (GOAWAY sent, streams under way end) → ended (last word said, the client
 * may read it) → closed. Breaking the protocol leads from anywhere to ended, the end of the socket
 * to closed. No exception leaves an event of the socket.
 *
 * In a busy turn a chunk, the end or the close is held. The socket is paused behind a held chunk,
 * which keeps all three in order and holds at most one.
 */
export class Http2Connection implements FrameHandler, RequestStreamsOwner, SenderOwner, TurnTaker {
  /** Time of the last chunk. */
  nowMillis: number = performance.now();
  readonly #options: Http2ConnectionOptions;
  readonly #owner: Http2ConnectionOwner;
  readonly #socket: Duplex;
  readonly #reader: FrameReader;
  readonly #sender: FrameSender;
  readonly #streams: RequestStreams;
  readonly #peer = new PeerSettings();
  readonly #budget = new AbuseBudget(this.nowMillis);
  readonly #pings: PingPolicy;
  readonly #watch: QuietWatch;
  #state: "open" | "draining" | "ended" | "closed" = "open";
  #hasSettings = false;
  #isPaused = false;
  readonly #turns: TurnBudget;
  readonly #isKernelSocket: boolean;
  #heldChunk: Buffer | undefined;
  #isEndHeld = false;
  #isLost = false;
  #settingsTimer: NodeJS.Timeout | undefined;
  #blockTimer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;

  constructor(
    options: Http2ConnectionOptions,
    socket: Duplex,
    shared: SharedByConnections,
    owner: Http2ConnectionOwner,
  ) {
    this.#options = options;
    this.#owner = owner;
    this.#socket = socket;
    this.#reader = new FrameReader(this);
    this.#turns = shared.turns;
    this.#isKernelSocket = socket instanceof Socket && !(socket instanceof TLSSocket);
    this.#sender = new FrameSender(socket, this.#isKernelSocket, shared, this);
    this.#pings = new PingPolicy(options.pingIntervalMinMillis);
    this.#streams = new RequestStreams(
      { concurrentMax: options.maxConcurrentStreams, headerBytesMax: options.maxHeaderBytes },
      this.#sender,
      this.#peer,
      this.#budget,
      this,
    );
    this.#watch = new QuietWatch(
      { quietMillis: options.quietMillis, answerMillis: options.keepaliveTimeoutMillis },
      () => this.#sender.control(FrameType.PING, 0, 0, probePing),
      () => socket.destroy(),
    );
  }

  /** Whether requests are refused with REFUSED_STREAM, which clients may repeat elsewhere. */
  get isRefusing(): boolean {
    return this.#state !== "open";
  }

  /** Begins to serve. */
  start(): void {
    const socket = this.#socket;
    this.#sendSettings();
    this.#streams.openWindow();
    this.#settingsTimer = setTimeout(() => {
      this.#fail(ErrorCode.SETTINGS_TIMEOUT, "settings not acknowledged in time");
    }, this.#options.answerTimeoutMillis);
    this.#settingsTimer.unref();
    socket.on("error", () => undefined); // The close that follows is what counts.
    socket.on("close", () => this.#handleClose());
    socket.allowHalfOpen = true; // Else it would close before the end has had its turn.
    socket.on("end", () => this.#takeEnd());
    socket.on("data", (chunk: Buffer) => this.#takeChunk(chunk));
    socket.resume(); // It was paused on its way here.
  }

  /** Takes no more requests, and closes when the last stream has ended (RFC 9113, 6.8). */
  drain(): void {
    if (this.#state !== "open") return;
    this.#workOffChunk(); // It came before.
    this.#state = "draining";
    if (this.#streams.table.size > 0) {
      this.#goAway(windowBytesMax, ErrorCode.NO_ERROR, "server is shutting down");
      this.#sender.control(FrameType.PING, 0, 0, drainPing);
    }
    this.#endIfDrained();
  }

  /** Tells the handlers of all streams that there is no more time. */
  shutDown(): void {
    for (const stream of this.#streams.table.values()) stream.handler?.onShutdown();
  }

  /** Closes the socket. */
  destroy(): void {
    this.#socket.destroy();
  }

  takeTurn(): void {
    if (this.#state === "closed") this.#lose();
    else if (this.#isEndHeld) this.#handleEnd();
    else this.#workOffChunk();
  }

  /** Ends a stream because its request is malformed (RFC 9113, 8.1.1). */
  refuseMalformed(stream: Http2Stream): void {
    this.#streams.failStream(stream, ErrorCode.PROTOCOL_ERROR);
  }

  onFrame(
    type: number,
    flags: number,
    id: number,
    bytes: Buffer,
    begin: number,
    end: number,
  ): void {
    if (this.#streams.isWithinBlock && type !== FrameType.CONTINUATION) {
      throw protocolError("frame within a header block");
    }
    if (!this.#hasSettings && type !== FrameType.SETTINGS) {
      throw protocolError("first frame is not SETTINGS");
    }
    switch (type) {
      case FrameType.DATA:
        return this.#streams.onData(id, flags, bytes, begin, end);
      case FrameType.HEADERS:
        return this.#streams.onHeaders(id, flags, bytes, begin, end);
      case FrameType.CONTINUATION:
        return this.#streams.onContinuation(id, flags, bytes, begin, end);
      case FrameType.RST_STREAM:
        if (id === 0) throw protocolError("RST_STREAM on stream 0");
        return this.#streams.onReset(id, end - begin);
      case FrameType.WINDOW_UPDATE:
        return this.#streams.onWindowUpdate(id, bytes, begin, end);
      case FrameType.SETTINGS:
        return this.#onSettings(flags, id, bytes, begin, end);
      case FrameType.PING:
        return this.#onPing(flags, id, bytes, begin, end);
      case FrameType.PRIORITY:
        if (id === 0) throw protocolError("PRIORITY on stream 0");
        return this.#onPriority(id, end - begin);
      case FrameType.GOAWAY:
        if (id !== 0) throw protocolError(`GOAWAY on stream ${id}`);
        if (end - begin < 8) throw frameSizeError("GOAWAY", end - begin);
        return;
      case FrameType.PUSH_PROMISE:
        throw protocolError("PUSH_PROMISE from a client");
      default: // Unknown types are to be ignored (RFC 9113, 4.1), within reason.
        this.#pay(1, "too_many_unknown_frames");
    }
  }

  onRequest(stream: Http2Stream, list: HeaderList): void {
    this.#owner.onRequest(stream, list);
  }

  onStreamClosed(): void {
    // Later: the end of the last answer may not have been written yet.
    if (this.#state === "draining") process.nextTick(() => this.#endIfDrained());
  }

  onStreamFrames(): void {
    this.#pings.forgive();
  }

  onAnswered(stream: Http2Stream): void {
    this.#streams.onAnswered(stream);
  }

  onWritable(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#heldChunk === undefined) this.#socket.resume();
  }

  onInternalError(error: unknown): void {
    this.#owner.onInternalError(error);
    this.#fail(ErrorCode.INTERNAL_ERROR, "internal error");
  }

  #takeChunk(chunk: Buffer): void {
    if (this.#state === "ended" || this.#state === "closed") return;
    this.nowMillis = performance.now();
    this.#watch.lastMillis = this.nowMillis;
    if (!this.#turns.isSpent(this.nowMillis)) {
      this.#handleChunk(chunk);
      return;
    }
    this.#heldChunk = chunk;
    this.#socket.pause();
    this.#turns.hold(this, chunk.length);
  }

  #workOffChunk(): void {
    const chunk = this.#dropChunk();
    if (chunk === undefined) return;
    if (this.#state !== "ended") this.#handleChunk(chunk);
    if (!this.#isPaused) this.#socket.resume();
  }

  #dropChunk(): Buffer | undefined {
    const chunk = this.#heldChunk;
    if (chunk === undefined) return undefined;
    this.#heldChunk = undefined;
    this.#turns.release(chunk.length);
    return chunk;
  }

  #handleChunk(chunk: Buffer): void {
    // Whatever is asked to be sent meanwhile goes out by the flush at the end.
    this.#sender.isDirty = true;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#sender.flush();
      if (error instanceof ConnectionError) this.#fail(error.errorCode, error.message);
      else if (error instanceof HpackError) this.#fail(ErrorCode.COMPRESSION_ERROR, error.message);
      else this.onInternalError(error);
      return;
    }
    this.#sender.flush();
    this.#watchBlock();
    // Who does not read its answers is not read either.
    if (this.#sender.isBlocked && !this.#isPaused) {
      this.#isPaused = true;
      this.#socket.pause();
    }
  }

  #watchBlock(): void {
    if (this.#streams.isWithinBlock === (this.#blockTimer !== undefined)) return;
    clearTimeout(this.#blockTimer);
    this.#blockTimer = undefined;
    if (!this.#streams.isWithinBlock) return;
    this.#blockTimer = setTimeout(() => {
      this.#fail(ErrorCode.ENHANCE_YOUR_CALM, "header block not finished in time");
    }, this.#options.answerTimeoutMillis);
    this.#blockTimer.unref();
  }

  #onSettings(flags: number, id: number, bytes: Buffer, begin: number, end: number): void {
    const length = end - begin;
    if (id !== 0) throw protocolError(`SETTINGS on stream ${id}`);
    if ((flags & FrameFlag.ACK) !== 0) {
      if (length !== 0) throw frameSizeError("SETTINGS acknowledgement", length);
      if (!this.#hasSettings) throw protocolError("first frame is not SETTINGS");
      clearTimeout(this.#settingsTimer);
      return;
    }
    if (length % 6 !== 0) throw frameSizeError("SETTINGS", length);
    if (this.#hasSettings) this.#pay(settingsPrice, "too_many_settings");
    this.#hasSettings = true;
    const { headerTableBytes, initialWindowBytes } = this.#peer;
    this.#peer.apply(bytes, begin, end);
    const { headerTableBytesLeast } = this.#peer;
    if (
      this.#peer.headerTableBytes !== headerTableBytes ||
      headerTableBytesLeast < headerTableBytes
    ) {
      // A table that was small in between is empty now (RFC 7541, 4.2).
      this.#sender.encoder.setTableBytesMax(headerTableBytesLeast);
      this.#sender.encoder.setTableBytesMax(this.#peer.headerTableBytes);
    }
    const change = this.#peer.initialWindowBytes - initialWindowBytes;
    if (change !== 0) this.#streams.onInitialWindow(change);
    this.#sender.control(FrameType.SETTINGS, FrameFlag.ACK, 0, emptyPayload);
  }

  #onPing(flags: number, id: number, bytes: Buffer, begin: number, end: number): void {
    if (id !== 0) throw protocolError(`PING on stream ${id}`);
    if (end - begin !== 8) throw frameSizeError("PING", end - begin);
    const payload = bytes.subarray(begin, end);
    if ((flags & FrameFlag.ACK) !== 0) {
      if (this.#state === "draining" && payload.equals(drainPing)) {
        // Requests that crossed the first GOAWAY have come by now.
        this.#goAway(this.#streams.table.lastId, ErrorCode.NO_ERROR, "server is shutting down");
      }
      return;
    }
    if (this.#pings.isAbuse(this.nowMillis, this.#streams.table.size)) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too_many_pings");
    }
    this.#sender.control(FrameType.PING, FrameFlag.ACK, 0, payload);
  }

  #onPriority(id: number, length: number): void {
    this.#pay(1, "too_many_priorities");
    if (length === 5) return;
    const stream = this.#streams.table.get(id);
    if (stream === undefined) throw frameSizeError("PRIORITY", length);
    this.#streams.failStream(stream, ErrorCode.FRAME_SIZE_ERROR);
  }

  #sendSettings(): void {
    const { maxConcurrentStreams, maxHeaderBytes } = this.#options;
    const settings: [number, number][] = [[SettingId.MAX_HEADER_LIST_SIZE, maxHeaderBytes]];
    if (maxConcurrentStreams < 2 ** 32 - 1) {
      settings.push([SettingId.MAX_CONCURRENT_STREAMS, maxConcurrentStreams]);
    }
    this.#sender.control(FrameType.SETTINGS, 0, 0, settingsPayload(settings));
  }

  #goAway(lastId: number, code: ErrorCode, text: string): void {
    const payload = Buffer.alloc(8 + Buffer.byteLength(text));
    payload.writeUInt32BE(lastId, 0);
    payload.writeUInt32BE(code, 4);
    payload.write(text, 8);
    this.#sender.control(FrameType.GOAWAY, 0, 0, payload);
  }

  #endIfDrained(): void {
    if (this.#state !== "draining" || this.#streams.table.size > 0) return;
    this.#goAway(this.#streams.table.lastId, ErrorCode.NO_ERROR, "server is shutting down");
    this.#end();
  }

  /** Ends the connection by the fault of its client, or of ours. */
  #fail(code: ErrorCode, text: string): void {
    if (this.#state === "ended" || this.#state === "closed") return;
    this.#goAway(this.#streams.table.lastId, code, text);
    this.#end();
    this.#streams.onConnectionLost();
  }

  #end(): void {
    this.#state = "ended";
    this.#reader.stop();
    this.#stopTimers();
    this.#sender.end();
    this.#dropChunk();
    this.#isPaused = false;
    this.#socket.resume(); // To see the client's end.
    this.#lingerTimer = setTimeout(() => this.#socket.destroy(), lingerMillis);
  }

  #takeEnd(): void {
    this.#isEndHeld = this.#turns.isSpent(performance.now());
    if (this.#isEndHeld) this.#turns.holdFarewell(this);
    else this.#handleEnd();
  }

  #handleEnd(): void {
    this.#isEndHeld = false;
    this.#sender.stop();
    this.#streams.onConnectionLost();
    const hasSaidAll = this.#isKernelSocket && this.#socket.writableLength === 0;
    if (this.#state === "ended" || hasSaidAll) this.#socket.destroy();
    else this.#socket.end();
  }

  #handleClose(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#reader.stop();
    this.#sender.stop();
    this.#stopTimers();
    clearTimeout(this.#lingerTimer);
    this.#dropChunk();
    if (this.#isEndHeld) return; // It has a turn to come.
    if (this.#turns.isSpent(performance.now())) this.#turns.holdFarewell(this);
    else this.#lose();
  }

  /** Lets go of what the closed connection still has. */
  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#streams.onConnectionLost();
    this.#owner.onClosed();
  }

  #stopTimers(): void {
    this.#watch.stop();
    clearTimeout(this.#settingsTimer);
    clearTimeout(this.#blockTimer);
  }

  #pay(price: number, what: string): void {
    if (this.#budget.pay(this.nowMillis, price)) return;
    throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, what);
  }
}

function protocolError(text: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, text);
}

function frameSizeError(type: string, length: number): ConnectionError {
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${type} of ${length} bytes`);
}
