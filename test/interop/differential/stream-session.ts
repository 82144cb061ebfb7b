import type { ClientDuplexStream, ClientReadableStream, StatusObject } from "@grpc/grpc-js";
import { within } from "../../support/deadline.ts";

const messageMillis = 15_000;

/** How a stream ended. */
export interface StreamEnd {
  readonly code: number;
  readonly message: string;
}

/** Reads a stream of bytes message by message, with a deadline for each. */
export class StreamReader {
  readonly #stream: ClientReadableStream<Buffer>;
  readonly #queue: Buffer[] = [];
  readonly #status: Promise<StatusObject>;
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(stream: ClientReadableStream<Buffer>) {
    this.#stream = stream;
    stream.on("data", (message: Buffer) => {
      this.#queue.push(message);
      this.#wake();
    });
    stream.on("error", () => undefined); // The status tells the same.
    this.#status = new Promise((resolve) => {
      stream.once("status", (status) => {
        this.#isOver = true;
        resolve(status);
        this.#wake();
      });
    });
  }

  /** The next message; undefined when the stream ended. */
  async next(): Promise<Buffer | undefined> {
    const waiting = async (): Promise<Buffer | undefined> => {
      for (;;) {
        const message = this.#queue.shift();
        if (message !== undefined || this.#isOver) return message;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    };
    return await within(messageMillis, "a message of the stream", waiting());
  }

  /** Messages that arrived and nobody has read. */
  get unread(): readonly Buffer[] {
    return this.#queue;
  }

  /** Waits for the end of the stream. */
  async end(): Promise<StreamEnd> {
    const status = await within(messageMillis, "the end of the stream", this.#status);
    return { code: status.code, message: status.details };
  }

  cancel(): void {
    this.#stream.cancel();
  }
}

/** A stream in both directions. */
export class StreamSession extends StreamReader {
  readonly #duplex: ClientDuplexStream<Buffer, Buffer>;

  constructor(duplex: ClientDuplexStream<Buffer, Buffer>) {
    super(duplex);
    this.#duplex = duplex;
  }

  send(message: Uint8Array): void {
    this.#duplex.write(Buffer.from(message));
  }

  halfClose(): void {
    this.#duplex.end();
  }
}
