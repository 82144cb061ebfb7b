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

/** Writes the nine bytes before a payload. Hot: plain numbers, in the order of the wire. */
export function writeFrameHead(
  target: Buffer,
  offset: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  target[offset] = length >>> 16;
  target[offset + 1] = length >>> 8;
  target[offset + 2] = length;
  target[offset + 3] = type;
  target[offset + 4] = flags;
  target.writeUInt32BE(streamId, offset + 5);
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

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeadBytes + payload.length);
  writeFrameHead(bytes, 0, payload.length, type, flags, streamId);
  payload.copy(bytes, frameHeadBytes);
  return bytes;
}
