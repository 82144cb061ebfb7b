/** Whoever gathers a message that does not fit into its window. */
export interface LargeMessage {
  /** The rest of the message may come now. */
  onAdmitted(): void;
}

/** Messages above the window of their stream that are gathered at once. */
const admittedBytesMax = 33_554_432;
/** All bytes of requests that are held. */
const heldBytesMax = 134_217_728;

/**
 * Bounds what the unfinished requests of one connection hold.
 *
 * Each stream may send as much as its first window without being asked. A message that needs more
 * is let in if there is room for all of it, else it waits in line: its client runs into the window
 * of the stream while messages that were let in can always be finished, so nothing blocks for ever.
 * Only where the first windows alone are too much, calls are refused.
 */
export class RequestMemory {
  #heldBytes = 0;
  #admittedBytes = 0;
  #waiting: { readonly message: LargeMessage; readonly bytes: number }[] = [];

  /** Whether no more may be held. */
  get isFull(): boolean {
    return this.#heldBytes > heldBytesMax;
  }

  /** Notes that so many bytes more, or less, are held. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /**
   * Asks for the rest of a message.
   *
   * @param bytes - Of the whole message.
   * @returns Whether it may come; if not, `onAdmitted` will say so.
   */
  admit(message: LargeMessage, bytes: number): boolean {
    if (this.#waiting.length > 0 || !this.#hasRoom(bytes)) {
      this.#waiting.push({ message, bytes });
      return false;
    }
    this.#admittedBytes += bytes;
    return true;
  }

  /** Gives back what a message that was admitted had, or takes it out of the line. */
  release(message: LargeMessage, bytes: number, wasAdmitted: boolean): void {
    if (wasAdmitted) this.#admittedBytes -= bytes;
    else this.#waiting = this.#waiting.filter((each) => each.message !== message);
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#hasRoom(next.bytes)) return;
      this.#waiting.shift();
      this.#admittedBytes += next.bytes;
      next.message.onAdmitted();
    }
  }

  /** One message is always let in, however large it is. */
  #hasRoom(bytes: number): boolean {
    return this.#admittedBytes === 0 || this.#admittedBytes + bytes <= admittedBytesMax;
  }
}
