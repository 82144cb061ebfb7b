/** The frame types of RFC 9113, section 6. */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** The flags of RFC 9113, section 6; what a bit means depends on the type of the frame. */
export const Flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

/** The settings of RFC 9113, section 6.5.2. */
export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** The error codes of RFC 9113, section 7, each at its number. */
export const errorNames = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

/** Name of an error code. */
export type ErrorName = (typeof errorNames)[number];

/** What a client says first. */
export const preface: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** A frame as it came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** What {@link encodeFrame} takes beside the payload. */
export interface FrameHead {
  readonly type: number;
  readonly flags?: number;
  /** With the reserved bit, if it is to be set. */
  readonly stream?: number;
  /** A lie about the length of the payload. */
  readonly length?: number;
}

/** Any frame, right or wrong. */
export function encodeFrame(head: FrameHead, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUIntBE(head.length ?? payload.length, 0, 3);
  bytes[3] = head.type;
  bytes[4] = head.flags ?? 0;
  bytes.writeUInt32BE((head.stream ?? 0) >>> 0, 5);
  return Buffer.concat([bytes, payload]);
}

/** How a DATA or HEADERS frame differs from the plain one. */
export interface FrameOptions {
  readonly endStream?: boolean;
  /** @default true */
  readonly endHeaders?: boolean;
  /** Bytes of padding; undefined sends no PADDED flag. */
  readonly padding?: number;
  /** A lie about the padding. */
  readonly padLength?: number;
  readonly paddingByte?: number;
  /** Stream that this one depends on; undefined sends no PRIORITY flag. */
  readonly dependsOn?: number;
}

/** A DATA frame. */
export function data(stream: number, bytes: Uint8Array, options: FrameOptions = {}): Buffer {
  const flags = (options.endStream === true ? Flag.endStream : 0) | paddedFlag(options);
  return encodeFrame({ type: FrameType.data, flags, stream }, pad(bytes, options));
}

/** The whole content of a request, in as many DATA frames as it takes. */
export function dataFrames(stream: number, bytes: Buffer, frameBytes = 16_384): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += frameBytes) {
    const endStream = at + frameBytes >= bytes.length;
    frames.push(data(stream, bytes.subarray(at, at + frameBytes), { endStream }));
  }
  return Buffer.concat(frames);
}

/** A HEADERS frame. */
export function headers(stream: number, block: Uint8Array, options: FrameOptions = {}): Buffer {
  let flags = paddedFlag(options);
  if (options.endStream === true) flags |= Flag.endStream;
  if (options.endHeaders !== false) flags |= Flag.endHeaders;
  let payload = block;
  if (options.dependsOn !== undefined) {
    flags |= Flag.priority;
    payload = Buffer.concat([uint32(options.dependsOn), Buffer.from([15]), block]);
  }
  return encodeFrame({ type: FrameType.headers, flags, stream }, pad(payload, options));
}

/** A CONTINUATION frame. */
export function continuation(stream: number, block: Uint8Array, endHeaders: boolean): Buffer {
  const flags = endHeaders ? Flag.endHeaders : 0;
  return encodeFrame({ type: FrameType.continuation, flags, stream }, block);
}

/** A PRIORITY frame. */
export function priority(stream: number, dependsOn: number): Buffer {
  const payload = Buffer.concat([uint32(dependsOn), Buffer.from([15])]);
  return encodeFrame({ type: FrameType.priority, stream }, payload);
}

/** A RST_STREAM frame. */
export function rstStream(stream: number, code: number): Buffer {
  return encodeFrame({ type: FrameType.rstStream, stream }, uint32(code));
}

/** A SETTINGS frame with pairs of identifier and value. */
export function settings(...pairs: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * 6);
  for (const [index, [identifier, value]] of pairs.entries()) {
    payload.writeUInt16BE(identifier, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return encodeFrame({ type: FrameType.settings }, payload);
}

/** The acknowledgement of a SETTINGS frame. */
export const settingsAck: Buffer = encodeFrame({ type: FrameType.settings, flags: Flag.ack });

/** A PUSH_PROMISE frame. */
export function pushPromise(stream: number, promised: number, block: Uint8Array): Buffer {
  return encodeFrame(
    { type: FrameType.pushPromise, flags: Flag.endHeaders, stream },
    Buffer.concat([uint32(promised), block]),
  );
}

/** A PING frame of eight bytes. */
export function ping(opaque: Uint8Array = Buffer.alloc(8), flags = 0): Buffer {
  return encodeFrame({ type: FrameType.ping, flags }, opaque);
}

/** A GOAWAY frame. */
export function goAway(lastStream: number, code: number, debug = ""): Buffer {
  const payload = Buffer.concat([uint32(lastStream), uint32(code), Buffer.from(debug)]);
  return encodeFrame({ type: FrameType.goAway }, payload);
}

/** A WINDOW_UPDATE frame; stream 0 is the connection. */
export function windowUpdate(stream: number, increment: number): Buffer {
  return encodeFrame({ type: FrameType.windowUpdate, stream }, uint32(increment));
}

/** Four bytes, most significant first. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** One message in gRPC's framing; `length` is a lie about its length. */
export function grpcMessage(message: string | Uint8Array, flag = 0, length?: number): Buffer {
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from([flag]), uint32(length ?? bytes.length), bytes]);
}

/** Takes the whole frames out of a stream of bytes. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): readonly Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const bytes = this.#rest;
      if (bytes.length < 9) return frames;
      const end = 9 + bytes.readUIntBE(0, 3);
      if (bytes.length < end) return frames;
      frames.push({
        type: bytes.readUInt8(3),
        flags: bytes.readUInt8(4),
        stream: bytes.readUInt32BE(5),
        payload: Buffer.from(bytes.subarray(9, end)),
      });
      this.#rest = bytes.subarray(end);
    }
  }
}

/** Says in one line what a frame is. */
export function describeFrame({ type, flags, stream, payload }: Frame): string {
  const name = Object.entries(FrameType).find(([, number]) => number === type)?.[0] ?? String(type);
  let detail = `${payload.length} bytes`;
  if (type === FrameType.rstStream) detail = errorName(payload.readUInt32BE(0));
  if (type === FrameType.goAway) {
    const code = errorName(payload.readUInt32BE(4));
    detail = `last ${payload.readUInt32BE(0)} ${code} "${payload.toString("latin1", 8)}"`;
  }
  if (type === FrameType.windowUpdate) detail = `+${payload.readUInt32BE(0)}`;
  return `${name} stream ${stream} flags 0x${flags.toString(16)} ${detail}`;
}

/** Name of an error code; its number if it has none. */
export function errorName(code: number): string {
  return errorNames[code] ?? `0x${code.toString(16)}`;
}

function paddedFlag(options: FrameOptions): number {
  return options.padding === undefined && options.padLength === undefined ? 0 : Flag.padded;
}

function pad(bytes: Uint8Array, options: FrameOptions): Uint8Array {
  if (paddedFlag(options) === 0) return bytes;
  const padding = options.padding ?? 0;
  return Buffer.concat([
    Buffer.from([options.padLength ?? padding]),
    bytes,
    Buffer.alloc(padding, options.paddingByte ?? 0),
  ]);
}
