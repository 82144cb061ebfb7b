/** Takes whole messages of a call. */
export interface MessageListener {
  /** One message without its prefix: `bytes` from `begin` up to `end`, valid during the call. */
  onMessage(bytes: Buffer, begin: number, end: number): void;
}

/** Bytes of gRPC's prefix: a flag, and the length in four bytes. */
export const prefixBytes = 5;

/**
 * Puts the messages of one stream together from its DATA frames. A message that lies within one
 * frame is handed on where it is; others are copied once.
 */
export class MessageAssembler {
  readonly #listener: MessageListener;
  /** An incomplete message with its prefix; while that is incomplete, the prefix alone. */
  #partial: Buffer | undefined;
  #filled = 0;

  constructor(listener: MessageListener) {
    this.#listener = listener;
  }

  /** Takes the payload of a frame. */
  push(bytes: Buffer, begin: number, end: number): void {
    for (let offset = begin; offset < end;) {
      if (this.#partial !== undefined) {
        offset = this.#fill(this.#partial, bytes, offset, end);
        continue;
      }
      const hasPrefix = offset + prefixBytes <= end;
      const messageEnd = hasPrefix
        ? offset + prefixBytes + bytes.readUInt32BE(offset + 1)
        : end + 1;
      if (messageEnd > end) {
        this.#partial = Buffer.allocUnsafe(prefixBytes);
        continue;
      }
      this.#listener.onMessage(bytes, offset + prefixBytes, messageEnd);
      offset = messageEnd;
    }
  }

  #fill(partial: Buffer, bytes: Buffer, begin: number, end: number): number {
    const count = Math.min(end - begin, partial.length - this.#filled);
    bytes.copy(partial, this.#filled, begin, begin + count);
    this.#filled += count;
    if (this.#filled < partial.length) return begin + count;
    const size = prefixBytes + partial.readUInt32BE(1);
    if (partial.length === prefixBytes && size > prefixBytes) {
      this.#partial = Buffer.allocUnsafe(size);
      partial.copy(this.#partial);
      return begin + count;
    }
    this.#partial = undefined;
    this.#filled = 0;
    this.#listener.onMessage(partial, prefixBytes, size);
    return begin + count;
  }
}
