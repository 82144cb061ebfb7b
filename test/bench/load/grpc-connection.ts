/**
 * One HTTP/2 connection for gRPC calls that costs its process as little as possible.
 *
 * A load generator has to be cheaper than what it measures. This one opens a TCP socket and writes
 * frames that were built before the measurement; what is sent in one turn of the event loop goes
 * out in one write. Header compression is reduced to constants, see `header-block.ts`. It is no
 * general client: no TLS, no deadlines, no retries.
 */
import { connect, type Socket } from "node:net";

import {
  frame,
  FrameFlag,
  frameHeadBytes,
  FrameParser,
  framePayloadBytesMax,
  FrameType,
  SettingId,
  settingsFrame,
  windowMax,
  windowUpdateFrame,
  writeFrameHead,
  type Frame,
} from "./frame.ts";
import { openingBlock, otherPathBlock, readGrpcStatus, repeatedBlock } from "./header-block.ts";

/** What a call tells its owner. */
export interface CallListener {
  /** One whole message without its prefix; a view, valid during the call. */
  onMessage(message: Buffer): void;
  /** @param status - A gRPC status; -1 when the stream or the connection broke. */
  onEnd(status: number): void;
}

/** One call: a stream of the connection. */
export interface Call {
  /** Sends one message that {@link prefixed} has framed. Not after the request was ended. */
  send(message: Buffer): void;
  /** Ends the request side. */
  end(): void;
}

/** Puts gRPC's prefix before a message: not compressed, four bytes of length. */
export function prefixed(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(5 + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, 5);
  return bytes;
}

interface Outgoing {
  readonly bytes: Buffer;
  readonly isEnd: boolean;
}

/** See the head of the file. */
export class GrpcConnection {
  readonly #socket: Socket;
  readonly #authority: string;
  readonly #parser = new FrameParser();
  readonly #streams = new Map<number, Stream>();
  readonly #stalled = new Set<Stream>();
  #firstPath: string | undefined;
  readonly #repeatedBlock = repeatedBlock();
  #nextStreamId = 1;
  #outgoing: Buffer[] = [];
  #isFlushScheduled = false;
  #sendWindow = 65_535;
  #peerInitialWindow = 65_535;
  #receivedBytes = 0;
  #isClosed = false;

  private constructor(socket: Socket, authority: string) {
    this.#socket = socket;
    this.#authority = authority;
    socket.on("data", (chunk) => this.#parser.push(chunk, (received) => this.#onFrame(received)));
    socket.on("error", () => this.#onClose());
    socket.on("close", () => this.#onClose());
  }

  /**
   * Opens a connection and waits for the server's settings.
   *
   * @param endpoint - `host:port`, IPv4 or name.
   */
  static connect(endpoint: string): Promise<GrpcConnection> {
    const separator = endpoint.lastIndexOf(":");
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: endpoint.slice(0, separator),
        port: Number(endpoint.slice(separator + 1)),
        noDelay: true,
      });
      socket.once("error", reject);
      socket.once("connect", () => {
        const connection = new GrpcConnection(socket, endpoint);
        connection.#greet();
        socket.once("data", () => {
          socket.off("error", reject);
          resolve(connection);
        });
      });
    });
  }

  /** Opens a call. O(1). */
  open(path: string, listener: CallListener): Call {
    const stream = new Stream(this.#nextStreamId, this.#peerInitialWindow, listener);
    this.#nextStreamId += 2;
    if (this.#isClosed) {
      queueMicrotask(() => listener.onEnd(-1));
      return { send: () => undefined, end: () => undefined };
    }
    this.#streams.set(stream.id, stream);
    this.#write(frame(FrameType.headers, FrameFlag.endHeaders, stream.id, this.#block(path)));
    return {
      send: (bytes) => this.#send(stream, { bytes, isEnd: false }),
      end: () => this.#send(stream, { bytes: Buffer.alloc(0), isEnd: true }),
    };
  }

  /** Calls a unary method. O(bytes). */
  call(path: string, message: Buffer, listener: CallListener): void {
    const stream = new Stream(this.#nextStreamId, this.#peerInitialWindow, listener);
    this.#nextStreamId += 2;
    if (this.#isClosed) {
      queueMicrotask(() => listener.onEnd(-1));
      return;
    }
    this.#streams.set(stream.id, stream);
    const block = this.#block(path);
    const size = message.length;
    if (size > Math.min(this.#sendWindow, stream.sendWindow, framePayloadBytesMax)) {
      this.#write(frame(FrameType.headers, FrameFlag.endHeaders, stream.id, block));
      this.#send(stream, { bytes: message, isEnd: true });
      return;
    }
    this.#sendWindow -= size;
    this.#write(wholeRequest(stream.id, block, message));
  }

  /** Ends the connection and its calls. */
  close(): void {
    this.#socket.destroy();
    this.#onClose();
  }

  #greet(): void {
    this.#write(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1"));
    this.#write(
      settingsFrame([
        [SettingId.headerTableSize, 0],
        [SettingId.enablePush, 0],
        [SettingId.initialWindow, windowMax],
      ]),
    );
    this.#write(windowUpdateFrame(0, windowMax - 65_535));
  }

  #block(path: string): Buffer {
    if (this.#firstPath === undefined) {
      this.#firstPath = path;
      return openingBlock(this.#authority, path);
    }
    return this.#firstPath === path ? this.#repeatedBlock : otherPathBlock(path);
  }

  #send(stream: Stream, outgoing: Outgoing): void {
    stream.pending.push(outgoing);
    this.#continue(stream);
  }

  /** Sends as much as the windows allow. */
  #continue(stream: Stream): void {
    for (let first = stream.pending[0]; first !== undefined; first = stream.pending[0]) {
      const { bytes, isEnd } = first;
      const room = Math.min(this.#sendWindow, stream.sendWindow, framePayloadBytesMax);
      const count = Math.min(bytes.length, room);
      if (count === 0 && bytes.length > 0) {
        this.#stalled.add(stream);
        return;
      }
      const isWhole = count === bytes.length;
      const flags = isWhole && isEnd ? FrameFlag.endStream : 0;
      this.#write(frame(FrameType.data, flags, stream.id, bytes.subarray(0, count)));
      this.#sendWindow -= count;
      stream.sendWindow -= count;
      if (isWhole) stream.pending.shift();
      else stream.pending[0] = { bytes: bytes.subarray(count), isEnd };
    }
    this.#stalled.delete(stream);
  }

  #write(bytes: Buffer): void {
    this.#outgoing.push(bytes);
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => {
      this.#isFlushScheduled = false;
      const all = this.#outgoing.length === 1 ? this.#outgoing[0] : Buffer.concat(this.#outgoing);
      this.#outgoing = [];
      if (all !== undefined && !this.#isClosed) this.#socket.write(all);
    });
  }

  #onFrame({ type, flags, streamId, payload }: Frame): void {
    switch (type) {
      case FrameType.data:
        this.#onData(streamId, flags, payload);
        return;
      case FrameType.headers:
        this.#onHeaders(streamId, flags, payload);
        return;
      case FrameType.reset:
        this.#finish(streamId, -1);
        return;
      case FrameType.settings:
        if ((flags & FrameFlag.ack) === 0) this.#onSettings(payload);
        return;
      case FrameType.ping:
        if ((flags & FrameFlag.ack) === 0) {
          this.#write(frame(FrameType.ping, FrameFlag.ack, 0, payload));
        }
        return;
      case FrameType.windowUpdate:
        this.#onWindowUpdate(streamId, payload.readUInt32BE(0) & windowMax);
        return;
      case FrameType.continuation:
        throw new Error("Cannot read a header block: it is split into several frames");
      default:
        return;
    }
  }

  #onSettings(payload: Buffer): void {
    for (let offset = 0; offset + 6 <= payload.length; offset += 6) {
      if (payload.readUInt16BE(offset) !== SettingId.initialWindow) continue;
      const window = payload.readUInt32BE(offset + 2);
      for (const stream of this.#streams.values()) {
        stream.sendWindow += window - this.#peerInitialWindow;
      }
      this.#peerInitialWindow = window;
    }
    this.#write(frame(FrameType.settings, FrameFlag.ack, 0, Buffer.alloc(0)));
    this.#resume();
  }

  #onWindowUpdate(streamId: number, increment: number): void {
    if (streamId === 0) {
      this.#sendWindow += increment;
      this.#resume();
      return;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    stream.sendWindow += increment;
    this.#continue(stream);
  }

  #resume(): void {
    for (const stream of [...this.#stalled]) this.#continue(stream);
  }

  #onData(streamId: number, flags: number, payload: Buffer): void {
    if ((flags & FrameFlag.padded) !== 0) throw new Error("Cannot read a frame: it is padded");
    this.#receivedBytes += payload.length;
    if (this.#receivedBytes > windowMax / 4) {
      this.#write(windowUpdateFrame(0, this.#receivedBytes));
      this.#receivedBytes = 0;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    const consumed = stream.take(payload);
    if (consumed > 0) this.#write(windowUpdateFrame(streamId, consumed));
    if ((flags & FrameFlag.endStream) !== 0) this.#finish(streamId, -1);
  }

  #onHeaders(streamId: number, flags: number, payload: Buffer): void {
    if ((flags & FrameFlag.endHeaders) === 0) {
      throw new Error("Cannot read a header block: it is split into several frames");
    }
    // Headers before the messages say nothing that matters here.
    if ((flags & FrameFlag.endStream) === 0) return;
    const begin = (flags & FrameFlag.priority) === 0 ? 0 : 5;
    this.#finish(streamId, readGrpcStatus(payload.subarray(begin)) ?? -1);
  }

  #finish(streamId: number, status: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    this.#streams.delete(streamId);
    this.#stalled.delete(stream);
    stream.listener.onEnd(status);
  }

  #onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const streamId of [...this.#streams.keys()]) this.#finish(streamId, -1);
  }
}

/** HEADERS and DATA of a call that has one small message, in one buffer. */
function wholeRequest(streamId: number, block: Buffer, message: Buffer): Buffer {
  const dataBegin = frameHeadBytes + block.length;
  const bytes = Buffer.allocUnsafe(dataBegin + frameHeadBytes + message.length);
  const { headers, data } = FrameType;
  const flags = { headers: FrameFlag.endHeaders, data: FrameFlag.endStream };
  writeFrameHead(bytes, { length: block.length, type: headers, flags: flags.headers, streamId });
  block.copy(bytes, frameHeadBytes);
  const tail = bytes.subarray(dataBegin);
  writeFrameHead(tail, { length: message.length, type: data, flags: flags.data, streamId });
  message.copy(tail, frameHeadBytes);
  return bytes;
}

/** State of one call: its windows and the message that is arriving. */
class Stream {
  readonly id: number;
  readonly listener: CallListener;
  readonly pending: Outgoing[] = [];
  sendWindow: number;
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  #unacknowledgedBytes = 0;

  constructor(id: number, sendWindow: number, listener: CallListener) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.listener = listener;
  }

  /** @returns By how much this stream's window is to be opened again; 0 while it is wide. */
  take(payload: Buffer): number {
    this.#addChunk(payload);
    this.#unacknowledgedBytes += payload.length;
    if (this.#unacknowledgedBytes < windowMax / 4) return 0;
    const consumed = this.#unacknowledgedBytes;
    this.#unacknowledgedBytes = 0;
    return consumed;
  }

  #addChunk(payload: Buffer): void {
    if (this.#chunkBytes > 0) {
      this.#chunks.push(payload);
      this.#chunkBytes += payload.length;
      if (this.#chunkBytes < this.#neededBytes()) return;
      const bytes = Buffer.concat(this.#chunks);
      this.#chunks = [];
      this.#chunkBytes = 0;
      this.#addChunk(bytes);
      return;
    }
    let offset = 0;
    while (offset + 5 <= payload.length) {
      const end = offset + 5 + payload.readUInt32BE(offset + 1);
      if (end > payload.length) break;
      this.listener.onMessage(payload.subarray(offset + 5, end));
      offset = end;
    }
    if (offset === payload.length) return;
    this.#chunks = [payload.subarray(offset)];
    this.#chunkBytes = payload.length - offset;
  }

  /** Size of the arriving message with its prefix; of the prefix while that is not whole. */
  #neededBytes(): number {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= 5) return 5 + first.readUInt32BE(1);
    const head = Buffer.concat(this.#chunks);
    this.#chunks = [head];
    return head.length < 5 ? 5 : 5 + head.readUInt32BE(1);
  }
}
