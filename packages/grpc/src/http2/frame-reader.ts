import { ConnectionError, ErrorCode } from "./error-code.ts";
import { clientPreface, frameBytesMax, frameHeadBytes, readUint31 } from "./frame.ts";

/** Takes the frames that a {@link FrameReader} finds. */
export interface FrameHandler {
  /**
   * One whole frame; its payload is `bytes[begin, end)`, a part of what was received: it may be
   * kept as a view, and nothing writes to it.
   *
   * @throws {@link ConnectionError} to end the connection.
   */
  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    begin: number,
    end: number,
  ): void;
}

/**
 * Cuts what a client sends into frames (RFC 9113, 3.4 and 4.1).
 *
 * Frames are handled where they lie in the chunk that the socket delivered. Only a frame that is
 * cut off by the end of a chunk is copied, once, into a buffer of its own:
 *
 * ```
 * chunk 1: | head payload | head payload | head pay      → two frames in place, 12 bytes kept
 * chunk 2:   load | head payload                         → one frame joined, one in place
 * ```
 */
export class FrameReader {
  readonly #handler: FrameHandler;
  #prefaceBytes = 0;
  /** Head of a frame that is cut off within its head. */
  readonly #head = Buffer.alloc(frameHeadBytes);
  #headBytes = 0;
  /** Payload of a frame that is cut off; undefined while there is none. */
  #payload: Buffer | undefined;
  #payloadBytes = 0;
  #isStopped = false;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Ignores whatever comes from now on, the rest of the present chunk included. */
  stop(): void {
    this.#isStopped = true;
    this.#payload = undefined;
  }

  /**
   * Takes the next chunk; it belongs to the reader.
   *
   * @throws {@link ConnectionError} for a wrong preface, a frame that is too large, and what the
   * handler throws.
   */
  push(chunk: Buffer): void {
    let position = 0;
    if (this.#prefaceBytes < clientPreface.length) position = this.#readPreface(chunk);
    if (this.#headBytes > 0) position = this.#finishFrame(chunk, position);
    while (chunk.length - position >= frameHeadBytes && !this.#isStopped) {
      const length =
        ((chunk[position] ?? 0) << 16) |
        ((chunk[position + 1] ?? 0) << 8) |
        (chunk[position + 2] ?? 0);
      if (length > frameBytesMax) throw tooLarge(length);
      const begin = position + frameHeadBytes;
      const end = begin + length;
      if (end > chunk.length) break;
      const type = chunk[position + 3] ?? 0;
      const flags = chunk[position + 4] ?? 0;
      this.#handler.onFrame(type, flags, readUint31(chunk, position + 5), chunk, begin, end);
      position = end;
    }
    if (position < chunk.length && !this.#isStopped) this.#keep(chunk, position);
  }

  #readPreface(chunk: Buffer): number {
    let position = 0;
    while (position < chunk.length && this.#prefaceBytes < clientPreface.length) {
      if (chunk[position] !== clientPreface[this.#prefaceBytes]) {
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "invalid connection preface");
      }
      position += 1;
      this.#prefaceBytes += 1;
    }
    return position;
  }

  /** Goes on with a frame that is cut off; returns where in the chunk the next one begins. */
  #finishFrame(chunk: Buffer, from: number): number {
    let position = from;
    const head = this.#head;
    while (this.#headBytes < frameHeadBytes) {
      if (position === chunk.length) return position;
      head[this.#headBytes] = chunk[position] ?? 0;
      this.#headBytes += 1;
      position += 1;
    }
    const payload = this.#payload ?? this.#openPayload();
    const taken = Math.min(payload.length - this.#payloadBytes, chunk.length - position);
    chunk.copy(payload, this.#payloadBytes, position, position + taken);
    this.#payloadBytes += taken;
    if (this.#payloadBytes === payload.length) {
      this.#headBytes = 0;
      this.#payload = undefined;
      const id = readUint31(head, 5);
      this.#handler.onFrame(head[3] ?? 0, head[4] ?? 0, id, payload, 0, payload.length);
    }
    return position + taken;
  }

  #keep(chunk: Buffer, position: number): void {
    if (this.#headBytes > 0) return; // The whole chunk went into the frame that is cut off.
    this.#headBytes = chunk.copy(this.#head, 0, position, position + frameHeadBytes);
    if (this.#headBytes < frameHeadBytes) return;
    const payload = this.#openPayload();
    this.#payloadBytes = chunk.copy(payload, 0, position + frameHeadBytes);
  }

  #openPayload(): Buffer {
    const length = this.#head.readUIntBE(0, 3);
    if (length > frameBytesMax) throw tooLarge(length);
    this.#payload = Buffer.allocUnsafe(length);
    this.#payloadBytes = 0;
    return this.#payload;
  }
}

function tooLarge(length: number): ConnectionError {
  const text = `frame of ${length} bytes, expected at most ${frameBytesMax}`;
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, text);
}
