import type { BodySource } from "./http2/http2-stream.ts";

/** Flag and length before each message. */
export const messageHeadBytes = 5;
/** Largest message that is sent, as with grpc-go. */
export const messageBytesMax: number = 2 ** 31 - 1;

interface QueuedMessage {
  readonly chunks: readonly Uint8Array[];
  /** Without the head. */
  readonly bytes: number;
  /** 0 for what is framed already. */
  readonly headBytes: number;
}

/**
 * The messages of a call that wait to be sent, as one body with gRPC's framing.
 *
 * They are kept as they were given and copied once, into the frames. Small messages share a frame,
 * large ones are cut wherever a frame ends.
 */
export class MessageQueue implements BodySource {
  bytesLeft = 0;
  /** Those after the present one. */
  #waiting: QueuedMessage[] | undefined;
  #next = 0;
  #chunks: readonly Uint8Array[] = noChunks;
  #messageBytes = 0;
  #headBytes = 0;
  /** Bytes of the head of the present message that have not been taken. */
  #headLeft = 0;
  #chunk = 0;
  #chunkOffset = 0;
  /** Bytes of the present message, head included, that have not been taken. */
  #messageLeft = 0;

  /**
   * Adds a message, which must not change any more, unless it is above {@link messageBytesMax}.
   *
   * @returns Its length without framing.
   */
  push(chunks: readonly Uint8Array[]): number {
    let bytes = 0;
    for (let index = 0; index < chunks.length; index += 1) bytes += chunks[index]?.length ?? 0;
    if (bytes <= messageBytesMax) this.#add(chunks, bytes, messageHeadBytes);
    return bytes;
  }

  /** Adds messages that have their heads already, and which must not change any more. */
  pushFramed(framed: Uint8Array): void {
    this.#add([framed], framed.length, 0);
  }

  /** Forgets everything but the rest of a message that has been begun. */
  dropWaiting(): void {
    this.#waiting = undefined;
    this.#next = 0;
    if (this.#messageLeft === this.#messageBytes + this.#headBytes) this.#messageLeft = 0;
    this.bytesLeft = this.#messageLeft;
  }

  /** Forgets everything. */
  clear(): void {
    this.#waiting = undefined;
    this.#next = 0;
    this.#chunks = noChunks;
    this.#messageLeft = 0;
    this.bytesLeft = 0;
  }

  copyTo(target: Uint8Array, offset: number, length: number): void {
    this.bytesLeft -= length;
    let at = offset;
    const end = offset + length;
    while (at < end) {
      if (this.#messageLeft === 0) this.#openNext();
      const taken = this.#copyMessage(target, at, end - at);
      at += taken;
      this.#messageLeft -= taken;
    }
    if (this.bytesLeft === 0) this.#chunks = noChunks;
  }

  #add(chunks: readonly Uint8Array[], bytes: number, headBytes: number): void {
    if (this.bytesLeft === 0) this.#open(chunks, bytes, headBytes);
    else (this.#waiting ??= []).push({ chunks, bytes, headBytes });
    this.bytesLeft += bytes + headBytes;
  }

  #open(chunks: readonly Uint8Array[], bytes: number, headBytes: number): void {
    this.#chunks = chunks;
    this.#messageBytes = bytes;
    this.#headBytes = headBytes;
    this.#headLeft = headBytes;
    this.#chunk = 0;
    this.#chunkOffset = 0;
    this.#messageLeft = bytes + headBytes;
  }

  #openNext(): void {
    const waiting = this.#waiting;
    const next = waiting?.[this.#next];
    if (waiting === undefined || next === undefined) return;
    this.#next += 1;
    this.#open(next.chunks, next.bytes, next.headBytes);
    if (this.#next === waiting.length) {
      waiting.length = 0;
      this.#next = 0;
    } else if (this.#next >= 1_024) {
      waiting.splice(0, this.#next);
      this.#next = 0;
    }
  }

  /** Copies as much of the present message as fits, and returns how much that is. */
  #copyMessage(target: Uint8Array, offset: number, room: number): number {
    let at = offset;
    const end = offset + room;
    while (this.#headLeft > 0 && at < end) {
      target[at] = this.#headByte(messageHeadBytes - this.#headLeft);
      this.#headLeft -= 1;
      at += 1;
    }
    while (at < end) {
      const chunk = this.#chunks[this.#chunk];
      if (chunk === undefined) break;
      const left = chunk.length - this.#chunkOffset;
      if (left <= end - at) {
        target.set(this.#chunkOffset === 0 ? chunk : chunk.subarray(this.#chunkOffset), at);
        at += left;
        this.#chunk += 1;
        this.#chunkOffset = 0;
      } else {
        const begin = this.#chunkOffset;
        target.set(chunk.subarray(begin, begin + end - at), at);
        this.#chunkOffset += end - at;
        at = end;
      }
    }
    return at - offset;
  }

  #headByte(index: number): number {
    return index === 0 ? 0 : this.#messageBytes >>> ((messageHeadBytes - 1 - index) * 8);
  }
}

const noChunks: readonly Uint8Array[] = [];
