/**
 * HTTP/2 frames as far as a caller of gRPC methods over plain TCP needs them (RFC 9113 §4 and §6).
 */

/** Types of frames that the load generator sends or understands. */
export const FrameType = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Bits of the flags byte; `ack` belongs to SETTINGS and PING. */
export const FrameFlag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Ids of the settings that matter here. */
export const SettingId = { headerTableSize: 1, enablePush: 2, initialWindow: 4 } as const;

/** Bytes before the payload of a frame. */
export const frameHeadBytes = 9;

/** Largest payload that every peer takes without having said so. */
export const framePayloadBytesMax = 16_384;

/** Largest flow-control window. */
export const windowMax = 2 ** 31 - 1;

/** One received frame; the payload is a view. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** Builds a whole frame. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeadBytes + payload.length);
  writeFrameHead(bytes, { length: payload.length, type, flags, streamId });
  payload.copy(bytes, frameHeadBytes);
  return bytes;
}

/** Writes the nine bytes before a payload to the start of `target`. */
export function writeFrameHead(
  target: Buffer,
  head: {
    readonly length: number;
    readonly type: number;
    readonly flags: number;
    readonly streamId: number;
  },
): void {
  target.writeUIntBE(head.length, 0, 3);
  target[3] = head.type;
  target[4] = head.flags;
  target.writeUInt32BE(head.streamId, 5);
}

/** A SETTINGS frame with the given values. */
export function settingsFrame(values: ReadonlyArray<readonly [id: number, value: number]>): Buffer {
  const payload = Buffer.allocUnsafe(values.length * 6);
  for (const [index, [id, value]] of values.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return frame(FrameType.settings, 0, 0, payload);
}

/** A WINDOW_UPDATE frame; stream 0 is the connection. */
export function windowUpdateFrame(streamId: number, increment: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(increment, 0);
  return frame(FrameType.windowUpdate, 0, streamId, payload);
}

/** Cuts what a socket delivers into frames. */
export class FrameParser {
  #rest: Buffer = Buffer.alloc(0);
  /** Chunks of a frame larger than what has arrived, so that each byte is copied once. */
  #chunks: Buffer[] = [];
  #missing = 0;

  /** Hands every frame that is complete now to `onFrame`. */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    let bytes = chunk;
    if (this.#missing > 0) {
      this.#chunks.push(chunk);
      this.#missing -= chunk.length;
      if (this.#missing > 0) return;
      bytes = Buffer.concat(this.#chunks);
      this.#chunks = [];
      this.#missing = 0;
    } else if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, chunk]);
    }
    this.#rest = bytes.subarray(this.#cut(bytes, onFrame));
    if (this.#rest.length < frameHeadBytes) return;
    this.#missing = frameHeadBytes + this.#rest.readUIntBE(0, 3) - this.#rest.length;
    this.#chunks = [this.#rest];
    this.#rest = Buffer.alloc(0);
  }

  #cut(bytes: Buffer, onFrame: (frame: Frame) => void): number {
    let offset = 0;
    while (offset + frameHeadBytes <= bytes.length) {
      const end = offset + frameHeadBytes + bytes.readUIntBE(offset, 3);
      if (end > bytes.length) break;
      onFrame({
        type: bytes.readUInt8(offset + 3),
        flags: bytes.readUInt8(offset + 4),
        streamId: bytes.readUInt32BE(offset + 5) & windowMax,
        payload: bytes.subarray(offset + frameHeadBytes, end),
      });
      offset = end;
    }
    return offset;
  }
}
