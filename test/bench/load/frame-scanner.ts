/** Cuts what a socket delivers into HTTP/2 frames, without an object or a copy for a frame. */
import { frameHeadBytes, framePayloadBytesMax, windowMax } from "./frame.ts";

/** The frame that a scanner is at; valid during the call that hands it over, and reused. */
export interface ScannedFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  /** Holds the payload from `begin` up to `end`. */
  readonly bytes: Buffer;
  readonly begin: number;
  readonly end: number;
}

/** Takes frames in their order. */
export interface FrameSink {
  onFrame(frame: ScannedFrame): void;
}

/**
 * Frames may begin and end anywhere in the chunks. Only one that spans chunks is copied.
 *
 * Invariant: `#rest` holds the first `#restLength` bytes of a frame that is not complete.
 */
export class FrameScanner implements ScannedFrame {
  type = 0;
  flags = 0;
  streamId = 0;
  bytes: Buffer = Buffer.alloc(0);
  begin = 0;
  end = 0;
  readonly #sink: FrameSink;
  #rest: Buffer = Buffer.alloc(0);
  #restLength = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /**
   * Hands every frame that is complete now to the sink.
   *
   * @param chunk - The first `length` bytes are looked at; not kept.
   * @throws Error when a frame is larger than this side allows.
   */
  push(chunk: Buffer, length: number): void {
    let offset = this.#restLength === 0 ? 0 : this.#complete(chunk, length);
    while (offset + frameHeadBytes <= length) {
      const end = offset + frameHeadBytes + payloadBytes(chunk, offset);
      if (end > length) break;
      this.#hand(chunk, offset, end);
      offset = end;
    }
    if (offset < length) this.#keep(chunk, offset, length);
  }

  /**
   * Finishes the frame of which earlier chunks had a part.
   *
   * @returns How much of this one it took.
   */
  #complete(chunk: Buffer, length: number): number {
    const headEnd = Math.min(length, Math.max(0, frameHeadBytes - this.#restLength));
    this.#keep(chunk, 0, headEnd);
    if (this.#restLength < frameHeadBytes) return length;
    const size = frameHeadBytes + payloadBytes(this.#rest, 0);
    const end = Math.min(length, headEnd + size - this.#restLength);
    this.#keep(chunk, headEnd, end);
    if (this.#restLength < size) return length;
    this.#restLength = 0;
    this.#hand(this.#rest, 0, size);
    return end;
  }

  #keep(chunk: Buffer, begin: number, end: number): void {
    const wanted = frameHeadBytes + framePayloadBytesMax;
    // Most of ten thousand connections never need it.
    if (this.#rest.length < wanted) this.#rest = Buffer.allocUnsafeSlow(wanted);
    chunk.copy(this.#rest, this.#restLength, begin, end);
    this.#restLength += end - begin;
  }

  #hand(bytes: Buffer, offset: number, end: number): void {
    this.type = bytes[offset + 3] ?? 0;
    this.flags = bytes[offset + 4] ?? 0;
    this.streamId = bytes.readUInt32BE(offset + 5) & windowMax;
    this.bytes = bytes;
    this.begin = offset + frameHeadBytes;
    this.end = end;
    this.#sink.onFrame(this);
  }
}

function payloadBytes(bytes: Buffer, offset: number): number {
  const length = bytes.readUIntBE(offset, 3);
  if (length <= framePayloadBytesMax) return length;
  throw new Error(`Cannot read a frame: it has ${length} bytes, at most ${framePayloadBytesMax}`);
}
