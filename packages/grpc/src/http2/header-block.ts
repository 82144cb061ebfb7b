import { ConnectionError, ErrorCode } from "./error-code.ts";

/**
 * A header block that came in several frames (RFC 9113, 4.3), gathered until its last.
 *
 * Bounded: a block that no header list could be worth ends the connection, for without decoding it
 * the compression state would be lost.
 */
export class HeaderBlock {
  readonly streamId: number;
  /** Whether the request has no body. */
  readonly endsStream: boolean;
  readonly #bytesMax: number;
  #bytes: Buffer;
  #length = 0;

  constructor(streamId: number, endsStream: boolean, bytesMax: number) {
    this.streamId = streamId;
    this.endsStream = endsStream;
    this.#bytesMax = bytesMax;
    this.#bytes = Buffer.allocUnsafe(Math.min(bytesMax, 1_024));
  }

  /** All fragments so far. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /**
   * Adds a copy of a fragment.
   *
   * @throws {@link ConnectionError} above the bound.
   */
  append(bytes: Buffer, begin: number, end: number): void {
    const needed = this.#length + end - begin;
    if (needed > this.#bytesMax) {
      const text = `header block larger than ${this.#bytesMax} bytes`;
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, text);
    }
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#bytesMax, needed * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, this.#length, begin, end);
    this.#length = needed;
  }
}
