/** The frame types of RFC 9113, 6. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Flags of frames; their meaning depends on the type. */
export const FrameFlag = {
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** What a client sends first (RFC 9113, 3.4). */
export const clientPreface: Uint8Array = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** Length of the head that every frame has: length, type, flags, stream (RFC 9113, 4.1). */
export const frameHeadBytes = 9;
/** Largest payload that every peer takes, and the largest taken here. */
export const frameBytesMax = 16_384;
/** Window of a stream or connection before any setting or update (RFC 9113, 6.9.2). */
export const initialWindowBytes = 65_535;
/** Largest window (RFC 9113, 6.9.1), and largest stream id. */
export const windowBytesMax: number = 2 ** 31 - 1;

/** Reads an unsigned 32-bit number. */
export function readUint32(bytes: Uint8Array, at: number): number {
  const high = bytes[at] ?? 0;
  const low = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  return high * 0x1_00_00_00 + low;
}

/** Reads a 31-bit number whose highest bit is reserved and ignored. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) & 0x7f) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}
