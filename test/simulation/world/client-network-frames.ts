/** What goes over a simulated client connection, both ways; as much as HTTP/2 has of it. */
export type Frame =
  | { readonly kind: "hello" }
  | {
      readonly kind: "open";
      readonly call: number;
      readonly path: string;
      readonly headers: ReadonlyMap<string, string>;
      readonly timeoutMillis: number | undefined;
    }
  | {
      readonly kind: "data";
      readonly call: number;
      /** What it takes of the window. */
      readonly bytes: number;
      /** The message that ends with these bytes, if one does. */
      readonly message: Uint8Array | undefined;
    }
  | { readonly kind: "half-close"; readonly call: number }
  | {
      readonly kind: "status";
      readonly call: number;
      readonly code: number;
      readonly details: string;
    }
  | { readonly kind: "cancel"; readonly call: number }
  | { readonly kind: "window"; readonly call: number; readonly bytes: number }
  | { readonly kind: "ping" }
  | { readonly kind: "pong" }
  /** The sender closes the connection in good order. */
  | { readonly kind: "bye" };

/** Bytes that a stream may send before its receiver has read any; RFC 9113, 6.9.2. */
const windowBytes = 65_535;
/** Flag and length before each message. */
const messageHeadBytes = 5;

interface QueuedMessage {
  readonly message: Uint8Array;
  bytesLeft: number;
}

/** The sending half of a stream: messages wait here until the window of their reader has room. */
export class WindowedSender {
  /** Bytes that wait. */
  bufferedBytes = 0;
  readonly #send: (bytes: number, message: Uint8Array | undefined) => void;
  readonly #queue: QueuedMessage[] = [];
  #window: number = windowBytes;
  #onEmpty: (() => void) | undefined;

  /** @param send - Takes a piece to the network; it may clear this sender. */
  constructor(send: (bytes: number, message: Uint8Array | undefined) => void) {
    this.#send = send;
  }

  push(message: Uint8Array): void {
    const bytesLeft = message.length + messageHeadBytes;
    this.#queue.push({ message, bytesLeft });
    this.bufferedBytes += bytesLeft;
    this.#pump();
  }

  /** The reader has taken so many bytes. */
  grant(bytes: number): void {
    this.#window += bytes;
    this.#pump();
  }

  /** Runs once all that was pushed is sent: now or later; for what ends the stream. */
  whenEmpty(action: () => void): void {
    if (this.#queue.length === 0) action();
    else this.#onEmpty = action;
  }

  /** Forgets what waits, the rest of a message that has been begun aside. */
  dropWaiting(): void {
    const [first] = this.#queue;
    const isBegun =
      first !== undefined && first.bytesLeft < first.message.length + messageHeadBytes;
    this.#queue.length = isBegun ? 1 : 0;
    this.bufferedBytes = isBegun ? first.bytesLeft : 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.#queue.length = 0;
    this.bufferedBytes = 0;
    this.#onEmpty = undefined;
  }

  #pump(): void {
    for (;;) {
      const first = this.#queue[0];
      if (first === undefined || this.#window === 0) return;
      const bytes = Math.min(first.bytesLeft, this.#window);
      first.bytesLeft -= bytes;
      this.#window -= bytes;
      this.bufferedBytes -= bytes;
      const isWhole = first.bytesLeft === 0;
      if (isWhole) this.#queue.shift();
      this.#send(bytes, isWhole ? first.message : undefined);
      if (this.#queue.length > 0) continue;
      const onEmpty = this.#onEmpty;
      this.#onEmpty = undefined;
      onEmpty?.();
    }
  }
}

/** The receiving half: tells the sender, in large steps, how much has been read. */
export class WindowKeeper {
  readonly #grant: (bytes: number) => void;
  #readBytes = 0;

  constructor(grant: (bytes: number) => void) {
    this.#grant = grant;
  }

  /** Bytes were read; a window half of which is used is filled up, as nghttp2 does. */
  read(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#readBytes * 2 < windowBytes) return;
    const granted = this.#readBytes;
    this.#readBytes = 0;
    this.#grant(granted);
  }
}
