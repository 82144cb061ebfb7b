import { messageHeadBytes } from "./message-queue.ts";

/** Takes what a {@link MessageReader} finds. */
export interface MessageSink {
  /**
   * One message; `isCompressed` is its flag. The bytes may be a view into what was received.
   *
   * @returns Whether the next may follow at once.
   */
  takeMessage(message: Buffer, isCompressed: boolean): boolean;
  /** The body is no sequence of messages, or one is too large; nothing follows. */
  takeFault(fault: MessageFault): void;
}

/** What is wrong with a message, judged on its head. */
export type MessageFault =
  | { readonly kind: "too-large"; readonly bytes: number }
  | { readonly kind: "unknown-flag"; readonly flag: number };

/**
 * Cuts the body of a call into messages.
 *
 * A message that lies in one frame is handed on as a view of it. Others are copied once into a
 * buffer, which grows as bytes come: what a client announces costs nothing. While the sink does not
 * want messages everything goes into that buffer; the window of the stream bounds it.
 *
 * Delivered views of the buffer stay as they are: bytes are only added behind `end`.
 *
 * ```
 * buffer | delivered | begin … end | room |
 * ```
 */
export class MessageReader {
  readonly #bytesMax: number;
  readonly #sink: MessageSink;
  #buffer: Buffer = nothing;
  #begin = 0;
  #end = 0;
  #isReady = true;
  #isDelivering = false;
  #isFaulty = false;

  /** @param bytesMax - Largest message. */
  constructor(bytesMax: number, sink: MessageSink) {
    this.#bytesMax = bytesMax;
    this.#sink = sink;
  }

  /** Bytes that came and are in no delivered message. */
  get heldBytes(): number {
    return this.#end - this.#begin;
  }

  /** Whether this is called from within a delivery, whose loop hands on what is held by itself. */
  get isDelivering(): boolean {
    return this.#isDelivering;
  }

  /** Bytes that the message now gathered still lacks; 0 if its length is not known yet. */
  get missingBytes(): number {
    if (this.heldBytes < messageHeadBytes) return 0;
    const bytes = messageHeadBytes + messageBytes(this.#buffer, this.#begin);
    return Math.max(0, bytes - this.heldBytes);
  }

  /** Takes bytes of the body: `bytes[begin, end)`, which nobody writes to any more. */
  push(bytes: Buffer, begin: number, end: number): void {
    let from = begin;
    if (this.#begin < this.#end && this.#isReady) from = this.#finishHeld(bytes, begin, end);
    // Hot: the whole message of most calls lies in one frame.
    while (this.#isReady && end - from >= messageHeadBytes) {
      const length = messageBytes(bytes, from);
      if (!this.#isAcceptable(bytes[from] ?? 0, length)) return;
      const next = from + messageHeadBytes + length;
      if (next > end) break;
      const message = bytes.subarray(from + messageHeadBytes, next);
      const flag = bytes[from];
      from = next;
      this.#deliver(message, flag === 1);
    }
    if (from < end && !this.#isFaulty) this.#hold(bytes, from, end);
  }

  /** Keeps what comes until {@link resume}. */
  pause(): void {
    this.#isReady = false;
  }

  /** Lets messages come again; those that are held come before this returns. */
  resume(): void {
    if (this.#isFaulty) return;
    this.#isReady = true;
    // Within a delivery the loop that delivers goes on by itself.
    if (!this.#isDelivering) this.#deliverHeld();
  }

  /** Lets go of everything; nothing more is delivered. */
  stop(): void {
    this.#isFaulty = true;
    this.#isReady = false;
    this.#buffer = nothing;
    this.#begin = 0;
    this.#end = 0;
  }

  /** Completes the message that is held in part; returns where it ends in the new bytes. */
  #finishHeld(bytes: Buffer, begin: number, end: number): number {
    let from = begin;
    if (this.heldBytes < messageHeadBytes) {
      const taken = Math.min(messageHeadBytes - this.heldBytes, end - from);
      this.#hold(bytes, from, from + taken);
      from += taken;
      if (this.heldBytes < messageHeadBytes) return from;
      const flag = this.#buffer[this.#begin] ?? 0;
      if (!this.#isAcceptable(flag, messageBytes(this.#buffer, this.#begin))) return end;
    }
    const taken = Math.min(this.missingBytes, end - from);
    this.#hold(bytes, from, from + taken);
    this.#deliverHeld();
    return from + taken;
  }

  #deliverHeld(): void {
    while (this.#isReady && this.heldBytes >= messageHeadBytes) {
      const begin = this.#begin + messageHeadBytes;
      const length = messageBytes(this.#buffer, this.#begin);
      const flag = this.#buffer[this.#begin] ?? 0;
      if (!this.#isAcceptable(flag, length)) return;
      if (begin + length > this.#end) return;
      const message = this.#buffer.subarray(begin, begin + length);
      this.#begin = begin + length;
      if (this.#begin === this.#end) {
        this.#buffer = nothing;
        this.#begin = 0;
        this.#end = 0;
      }
      this.#deliver(message, flag === 1);
    }
  }

  #deliver(message: Buffer, isCompressed: boolean): void {
    this.#isDelivering = true;
    const isWanted = this.#sink.takeMessage(message, isCompressed);
    this.#isDelivering = false;
    this.#isReady = isWanted && !this.#isFaulty;
  }

  #isAcceptable(flag: number, length: number): boolean {
    if (flag <= 1 && length <= this.#bytesMax) return true;
    this.stop();
    if (flag > 1) this.#sink.takeFault({ kind: "unknown-flag", flag });
    else this.#sink.takeFault({ kind: "too-large", bytes: length });
    return false;
  }

  #hold(bytes: Buffer, begin: number, end: number): void {
    const held = this.heldBytes;
    const needed = held + end - begin;
    if (this.#end + end - begin > this.#buffer.length) {
      // Doubles, but not beyond the end of a message whose length is known.
      let room = needed * 2;
      if (held >= messageHeadBytes) room = roomFor(needed, messageBytes(this.#buffer, this.#begin));
      else if (held === 0 && needed >= messageHeadBytes) {
        room = roomFor(needed, messageBytes(bytes, begin));
      }
      const larger = Buffer.allocUnsafe(room);
      this.#buffer.copy(larger, 0, this.#begin, this.#end);
      this.#buffer = larger;
      this.#begin = 0;
      this.#end = held;
    }
    bytes.copy(this.#buffer, this.#end, begin, end);
    this.#end += end - begin;
  }
}

const nothing: Buffer = Buffer.alloc(0);

function roomFor(needed: number, messageLength: number): number {
  const whole = messageHeadBytes + messageLength;
  return whole < needed ? needed * 2 : Math.min(whole, needed * 2);
}

/** The length in the head of a message that begins at `at`. */
export function messageBytes(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at + 1] ?? 0) * 0x1_00_00_00 +
    (((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0))
  );
}
