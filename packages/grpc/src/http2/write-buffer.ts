import { FrameFlag, frameBytesMax, frameHeadBytes, FrameType } from "./frame.ts";

const capacityBytes = 65_536;
/** Every frame that is no header block fits into this, and nearly every header block. */
const roomBytesLeast = frameBytesMax + frameHeadBytes + 512;

/**
 * Where the frames of one flush are put together. All connections of a server share one: a flush
 * never waits, and mostly the kernel takes its bytes at once, so the same warm memory serves all.
 */
export class WriteBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(capacityBytes);
  length = 0;

  /** Whether it should be written out before more is added. */
  get isFull(): boolean {
    return this.bytes.length - this.length < roomBytesLeast;
  }

  /** What has been put together. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** Begins anew in the same memory: what was put together has been copied by the kernel. */
  clear(): void {
    if (this.bytes.length > capacityBytes) this.replace();
    else this.length = 0;
  }

  /** Begins anew in other memory: the socket still holds what was put together. */
  replace(): void {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes);
    this.length = 0;
  }

  /** Adds bytes as they are. */
  append(bytes: Uint8Array, length: number): void {
    this.#reserve(length);
    this.bytes.set(length === bytes.length ? bytes : bytes.subarray(0, length), this.length);
    this.length += length;
  }

  /** Adds the head of a frame whose payload the caller adds. Hot: three for each unary answer. */
  frameHead(length: number, type: number, flags: number, streamId: number): void {
    const { bytes } = this;
    const at = this.length;
    bytes[at] = length >>> 16;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length;
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    bytes[at + 5] = streamId >>> 24;
    bytes[at + 6] = streamId >>> 16;
    bytes[at + 7] = streamId >>> 8;
    bytes[at + 8] = streamId;
    this.length = at + frameHeadBytes;
  }

  /** Adds a header block, as HEADERS and as many CONTINUATIONs as it takes. */
  headers(block: Uint8Array, flags: number, streamId: number): void {
    const { length } = block;
    if (length <= frameBytesMax) {
      this.#reserve(frameHeadBytes + length);
      this.frameHead(length, FrameType.HEADERS, flags | FrameFlag.END_HEADERS, streamId);
      const { bytes } = this;
      // Hot: the blocks of answers are one or two bytes, for which a copy call costs too much.
      if (length <= 8) {
        for (let index = 0; index < length; index += 1) {
          bytes[this.length + index] = block[index] ?? 0;
        }
      } else {
        bytes.set(block, this.length);
      }
      this.length += length;
      return;
    }
    for (let begin = 0; begin < length; begin += frameBytesMax) {
      const end = Math.min(begin + frameBytesMax, length);
      this.#reserve(frameHeadBytes + end - begin);
      const type = begin === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
      const endFlag = end === length ? FrameFlag.END_HEADERS : 0;
      this.frameHead(end - begin, type, (begin === 0 ? flags : 0) | endFlag, streamId);
      this.append(block.subarray(begin, end), end - begin);
    }
  }

  /** Adds a RST_STREAM. */
  reset(code: number, streamId: number): void {
    this.#reserve(frameHeadBytes + 4);
    this.frameHead(4, FrameType.RST_STREAM, 0, streamId);
    this.length = this.bytes.writeUInt32BE(code, this.length);
  }

  #reserve(length: number): void {
    if (this.length + length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + length));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
