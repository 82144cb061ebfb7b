/**
 * Frames of the peer protocol: what members say to each other on one TCP connection.
 *
 * ```
 * | length u32 | crc u32 | kind u8 | payload … |      length = 1 + payload bytes, little endian
 * ```
 *
 * The CRC-32 covers length, kind and payload: TCP's own checksum lets about one bad packet in 10^7
 * through, and a damaged log entry must never spread (B7). Without the length a run of 0xff behind
 * it would be a valid frame: the checksum of four such bytes is four such bytes.
 */
import { crc32 } from "node:zlib";

/** What a frame carries. */
export const FrameKind = {
  hello: 1,
  welcome: 2,
  refusal: 3,
  ping: 4,
  pong: 5,
  raft: 6,
  forward: 7,
  forwardRefused: 8,
  request: 9,
  response: 10,
  snapshotBegin: 11,
  snapshotChunk: 12,
  snapshotEnd: 13,
  clusterQuestion: 14,
  clusterDescription: 15,
  promises: 16,
} as const;

/** One of the numbers of {@link FrameKind}. */
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** Longest frame that is accepted; a batch of the largest requests stays far below. */
const frameBytesMax: number = 256 * 1024 * 1024;

const headBytes = 9;

/** A frame that cannot be valid: the connection that sent it must be closed. */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly code = "malformed-frame";
}

/** Puts a head before the payload chunks, which are not copied. */
export function encodeFrame(kind: FrameKind, chunks: readonly Uint8Array[]): Uint8Array[] {
  const head = Buffer.allocUnsafe(headBytes);
  let length = 1;
  for (const chunk of chunks) length += chunk.length;
  head.writeUInt32LE(length, 0);
  head[8] = kind;
  let crc = crc32(head.subarray(8), crc32(head.subarray(0, 4)));
  for (const chunk of chunks) crc = crc32(chunk, crc);
  head.writeUInt32LE(crc, 4);
  return [head, ...chunks];
}

/** Cuts a byte stream into frames. One owner; feed it in order. */
export class FrameReader {
  readonly #onFrame: (kind: number, payload: Uint8Array) => void;
  #chunks: Uint8Array[] = [];
  #bufferedBytes = 0;
  /** Bytes that the next step needs: a head, or a whole frame. */
  #neededBytes = headBytes;
  #frameBytesMax: number;

  /**
   * @param onFrame - Called in order; the payload is the receiver's to keep.
   * @param bytesMax - Longest frame that is taken.
   */
  constructor(
    onFrame: (kind: number, payload: Uint8Array) => void,
    bytesMax: number = frameBytesMax,
  ) {
    this.#onFrame = onFrame;
    this.#frameBytesMax = bytesMax;
  }

  /** Takes frames of any length from now on: the other side is known. */
  trust(): void {
    this.#frameBytesMax = frameBytesMax;
  }

  /**
   * Takes the next bytes.
   *
   * @throws {@link FrameError} on a bad length or checksum; nothing more may be fed after it.
   */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes < this.#neededBytes) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    let offset = 0;
    this.#neededBytes = headBytes;
    while (bytes.length - offset >= headBytes) {
      const head = Buffer.from(bytes.buffer, bytes.byteOffset + offset, headBytes);
      const length = head.readUInt32LE(0);
      if (length === 0 || length > this.#frameBytesMax) {
        throw new FrameError(
          `Cannot read peer frame: length is ${length}, at most ${this.#frameBytesMax}`,
        );
      }
      const end = offset + 8 + length;
      if (end > bytes.length) {
        this.#neededBytes = 8 + length;
        break;
      }
      const body = bytes.subarray(offset + 8, end);
      const crc = crc32(body, crc32(bytes.subarray(offset, offset + 4)));
      if (crc !== head.readUInt32LE(4)) {
        throw new FrameError(
          `Cannot read peer frame: crc is ${crc}, expected ${head.readUInt32LE(4)}`,
        );
      }
      offset = end;
      this.#onFrame(body[0] ?? 0, body.subarray(1));
    }
    const rest = bytes.subarray(offset);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bufferedBytes = rest.length;
  }
}
