/**
 * One HTTP/2 connection for gRPC calls that costs its process as little as possible.
 *
 * A load generator has to be cheaper than what it measures: at 130,000 calls a second a call may
 * cost it a few microseconds. So requests are framed before the measurement and copied into one
 * buffer a connection, which leaves in one write when all answers that arrived together were
 * handed on; answers are looked at where the socket has put them; header compression is reduced to
 * constants, see `header-block.ts`. It is no general client: no TLS, no deadlines, no retries.
 */
import { connect, type Socket } from "node:net";

import {
  FrameFlag,
  frameHeadBytes,
  framePayloadBytesMax,
  FrameType,
  SettingId,
  settingsFrame,
  windowMax,
  windowUpdateFrame,
  writeFrameHead,
} from "./frame.ts";
import { FrameScanner, type FrameSink, type ScannedFrame } from "./frame-scanner.ts";
import { openingBlock, otherPathBlock, readGrpcStatus, repeatedBlock } from "./header-block.ts";
import { MessageAssembler, prefixBytes, type MessageListener } from "./message-assembler.ts";
import { StreamTable } from "./stream-table.ts";

/** What a call tells its owner. */
export interface CallListener extends MessageListener {
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
  const bytes = Buffer.allocUnsafe(prefixBytes + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, prefixBytes);
  return bytes;
}

interface Outgoing {
  readonly bytes: Buffer;
  readonly isEnd: boolean;
}

/** All sockets deliver into one buffer: it is looked at before the next one is read. */
const received = Buffer.allocUnsafeSlow(1 << 18);

const sendBufferBytesAtFirst = 2_048;
const noBytes = Buffer.alloc(0);

/** See the head of the file. */
export class GrpcConnection implements FrameSink {
  readonly #socket: Socket;
  readonly #authority: string;
  readonly #scanner = new FrameScanner(this);
  readonly #streams = new StreamTable<Stream>();
  readonly #stalled = new Set<Stream>();
  readonly #repeatedBlock = repeatedBlock();
  #firstPath: string | undefined;
  #nextStreamId = 1;
  #outgoing: Buffer = Buffer.allocUnsafe(sendBufferBytesAtFirst);
  #outgoingLength = 0;
  #isReading = false;
  #isFlushScheduled = false;
  #sendWindow = 65_535;
  #peerInitialWindow = 65_535;
  #receivedBytes = 0;
  #isClosed = false;
  /** The last block of trailers that said OK. Blocks are stateless: equal bytes say the same. */
  #okBlock: Buffer = noBytes;
  #onGreeted: () => void = nothing;

  private constructor(endpoint: string) {
    const separator = endpoint.lastIndexOf(":");
    this.#authority = endpoint;
    this.#socket = connect({
      host: endpoint.slice(0, separator),
      port: Number(endpoint.slice(separator + 1)),
      noDelay: true,
      onread: {
        buffer: received,
        callback: (length) => {
          this.#onData(length);
          return true;
        },
      },
    });
  }

  /**
   * Opens a connection and waits for the server's settings.
   *
   * @param endpoint - `host:port`, IPv4 or name.
   */
  static connect(endpoint: string): Promise<GrpcConnection> {
    return new Promise((resolve, reject) => {
      const connection = new GrpcConnection(endpoint);
      const socket = connection.#socket;
      const onClose = (): void => {
        connection.#onClose();
        reject(new Error(`Cannot connect to ${endpoint}: closed before the first answer`));
      };
      socket.once("connect", () => connection.#greet());
      socket.once("error", reject);
      socket.once("close", onClose);
      connection.#onGreeted = () => {
        connection.#onGreeted = nothing;
        socket.off("error", reject);
        socket.off("close", onClose);
        socket.on("error", () => connection.#onClose());
        socket.on("close", () => connection.#onClose());
        resolve(connection);
      };
    });
  }

  /** Opens a call. O(1). */
  open(path: string, listener: CallListener): Call {
    const stream = this.#addStream(listener);
    if (stream === undefined) return { send: () => undefined, end: () => undefined };
    const block = this.#block(path);
    this.#writeFrame(FrameType.headers, FrameFlag.endHeaders, stream.id, block);
    return {
      send: (bytes) => this.#send(stream, { bytes, isEnd: false }),
      end: () => this.#send(stream, { bytes: noBytes, isEnd: true }),
    };
  }

  /**
   * Calls a unary method. O(bytes).
   *
   * @param message - Framed by {@link prefixed}; not changed before the call ends.
   */
  call(path: string, message: Buffer, listener: CallListener): void {
    const stream = this.#addStream(listener);
    if (stream === undefined) return;
    const block = this.#block(path);
    this.#writeFrame(FrameType.headers, FrameFlag.endHeaders, stream.id, block);
    const size = message.length;
    if (size > Math.min(this.#sendWindow, stream.sendWindow, framePayloadBytesMax)) {
      this.#send(stream, { bytes: message, isEnd: true });
      return;
    }
    this.#sendWindow -= size;
    this.#writeFrame(FrameType.data, FrameFlag.endStream, stream.id, message);
  }

  /** Ends the connection and its calls. */
  close(): void {
    this.#socket.destroy();
    this.#onClose();
  }

  /** @internal Called by the scanner. */
  onFrame(frame: ScannedFrame): void {
    switch (frame.type) {
      case FrameType.data:
        this.#onDataFrame(frame);
        return;
      case FrameType.headers:
        this.#onHeaders(frame);
        return;
      case FrameType.reset:
        this.#finish(this.#streams.get(frame.streamId), -1);
        return;
      case FrameType.settings:
        if ((frame.flags & FrameFlag.ack) === 0) this.#onSettings(frame);
        return;
      case FrameType.ping:
        if ((frame.flags & FrameFlag.ack) !== 0) return;
        this.#writeFrame(FrameType.ping, FrameFlag.ack, 0, payloadOf(frame));
        return;
      case FrameType.windowUpdate:
        this.#onWindowUpdate(frame.streamId, frame.bytes.readUInt32BE(frame.begin) & windowMax);
        return;
      case FrameType.continuation:
        throw new Error("Cannot read a header block: it is split into several frames");
      default:
        return;
    }
  }

  #addStream(listener: CallListener): Stream | undefined {
    if (this.#isClosed) {
      queueMicrotask(() => listener.onEnd(-1));
      return undefined;
    }
    const stream = new Stream(this.#nextStreamId, this.#peerInitialWindow, listener);
    this.#nextStreamId += 2;
    this.#streams.add(stream);
    return stream;
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
    const size = outgoing.bytes.length;
    if (
      stream.pending.length === 0 &&
      size <= Math.min(this.#sendWindow, stream.sendWindow, framePayloadBytesMax)
    ) {
      this.#sendWindow -= size;
      stream.sendWindow -= size;
      const flags = outgoing.isEnd ? FrameFlag.endStream : 0;
      this.#writeFrame(FrameType.data, flags, stream.id, outgoing.bytes);
      return;
    }
    stream.pending.push(outgoing);
    this.#continue(stream);
  }

  /** Sends as much as the windows allow. */
  #continue(stream: Stream): void {
    for (let first = stream.pending[0]; first !== undefined; first = stream.pending[0]) {
      const { bytes, isEnd } = first;
      const room = Math.min(this.#sendWindow, stream.sendWindow, framePayloadBytesMax);
      const count = Math.min(bytes.length, Math.max(0, room));
      if (count === 0 && bytes.length > 0) {
        this.#stalled.add(stream);
        return;
      }
      const isWhole = count === bytes.length;
      const flags = isWhole && isEnd ? FrameFlag.endStream : 0;
      this.#writeFrame(FrameType.data, flags, stream.id, bytes.subarray(0, count));
      this.#sendWindow -= count;
      stream.sendWindow -= count;
      if (isWhole) stream.pending.shift();
      else stream.pending[0] = { bytes: bytes.subarray(count), isEnd };
    }
    this.#stalled.delete(stream);
  }

  #writeFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    const { length } = payload;
    const offset = this.#reserve(frameHeadBytes + length);
    writeFrameHead(this.#outgoing, offset, length, type, flags, streamId);
    payload.copy(this.#outgoing, offset + frameHeadBytes);
  }

  #write(bytes: Buffer): void {
    bytes.copy(this.#outgoing, this.#reserve(bytes.length));
  }

  /** Makes room for bytes that leave soon. @returns Where they go. */
  #reserve(length: number): number {
    const offset = this.#outgoingLength;
    const end = offset + length;
    if (end > this.#outgoing.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, this.#outgoing.length * 2));
      this.#outgoing.copy(larger, 0, 0, offset);
      this.#outgoing = larger;
    }
    this.#outgoingLength = end;
    if (!this.#isReading && !this.#isFlushScheduled) {
      this.#isFlushScheduled = true;
      setImmediate(() => {
        this.#isFlushScheduled = false;
        this.#flush();
      });
    }
    return offset;
  }

  #flush(): void {
    if (this.#outgoingLength === 0 || this.#isClosed) return;
    const bytes = this.#outgoing.subarray(0, this.#outgoingLength);
    this.#outgoingLength = 0;
    this.#socket.write(bytes);
    // What the kernel has not taken yet stays where it is until it has.
    if (this.#socket.writableLength > 0) {
      this.#outgoing = Buffer.allocUnsafeSlow(this.#outgoing.length);
    }
  }

  #onData(length: number): void {
    this.#isReading = true;
    try {
      this.#scanner.push(received, length);
    } finally {
      this.#isReading = false;
    }
    this.#onGreeted();
    this.#flush();
  }

  #onSettings({ bytes, begin, end }: ScannedFrame): void {
    for (let offset = begin; offset + 6 <= end; offset += 6) {
      if (bytes.readUInt16BE(offset) !== SettingId.initialWindow) continue;
      const window = bytes.readUInt32BE(offset + 2);
      for (const stream of this.#streams.all()) {
        stream.sendWindow += window - this.#peerInitialWindow;
      }
      this.#peerInitialWindow = window;
    }
    this.#writeFrame(FrameType.settings, FrameFlag.ack, 0, noBytes);
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
    if (this.#stalled.size === 0) return;
    for (const stream of [...this.#stalled]) this.#continue(stream);
  }

  #onDataFrame(frame: ScannedFrame): void {
    const { flags, streamId, begin, end } = frame;
    if ((flags & FrameFlag.padded) !== 0) throw new Error("Cannot read a frame: it is padded");
    this.#receivedBytes += end - begin;
    if (this.#receivedBytes > windowMax / 4) {
      this.#write(windowUpdateFrame(0, this.#receivedBytes));
      this.#receivedBytes = 0;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    stream.receivedBytes += end - begin;
    if (stream.receivedBytes > windowMax / 4) {
      this.#write(windowUpdateFrame(streamId, stream.receivedBytes));
      stream.receivedBytes = 0;
    }
    stream.messages.push(frame.bytes, begin, end);
    if ((flags & FrameFlag.endStream) !== 0) this.#finish(stream, -1);
  }

  #onHeaders({ flags, streamId, bytes, begin, end }: ScannedFrame): void {
    if ((flags & FrameFlag.endHeaders) === 0) {
      throw new Error("Cannot read a header block: it is split into several frames");
    }
    // Headers before the messages say nothing that matters here.
    if ((flags & FrameFlag.endStream) === 0) return;
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    const blockBegin = begin + ((flags & FrameFlag.priority) === 0 ? 0 : 5);
    if (equalsAt(this.#okBlock, bytes, blockBegin, end)) {
      this.#finish(stream, 0);
      return;
    }
    const block = bytes.subarray(blockBegin, end);
    const status = readGrpcStatus(block) ?? -1;
    if (status === 0) this.#okBlock = Buffer.from(block);
    this.#finish(stream, status);
  }

  #finish(stream: Stream | undefined, status: number): void {
    if (stream === undefined) return;
    this.#streams.delete(stream.id);
    if (this.#stalled.size > 0) this.#stalled.delete(stream);
    stream.listener.onEnd(status);
  }

  #onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stream of this.#streams.all()) this.#finish(stream, -1);
  }
}

function nothing(): void {}

function payloadOf({ bytes, begin, end }: ScannedFrame): Buffer {
  return bytes.subarray(begin, end);
}

/** Hot: a loop over some ten bytes is faster than a call into native code. */
function equalsAt(wanted: Buffer, bytes: Buffer, begin: number, end: number): boolean {
  const { length } = wanted;
  if (length === 0 || length !== end - begin) return false;
  for (let index = 0; index < length; index += 1) {
    if (wanted[index] !== bytes[begin + index]) return false;
  }
  return true;
}

/** State of one call. */
class Stream {
  readonly id: number;
  readonly listener: CallListener;
  readonly messages: MessageAssembler;
  sendWindow: number;
  /** What was not yet acknowledged by opening this stream's window. */
  receivedBytes = 0;
  readonly pending: Outgoing[] = [];

  constructor(id: number, sendWindow: number, listener: CallListener) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.listener = listener;
    this.messages = new MessageAssembler(listener);
  }
}
