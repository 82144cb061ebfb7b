import type { BidiStream, RpcStatus, UnaryCall } from "@quorate/grpc";

/** A call that keeps what the server does with it. */
export class RecordedStream implements BidiStream, UnaryCall {
  readonly peer: string = "test";
  readonly peerCommonName: string | undefined = undefined;
  isCancelled = false;
  /** What the transport says that it still holds. */
  bufferedBytes: number = 0;
  readonly messages: Uint8Array[] = [];
  readonly #headers: Readonly<Record<string, string>>;
  status: RpcStatus | "ok" | undefined;
  isPaused = false;
  /** Whether writes are taken. */
  hasRoom = true;
  #onMessage: (message: Uint8Array) => void = () => undefined;
  #onDrain: () => void = () => undefined;

  constructor(headers: Readonly<Record<string, string>> = {}) {
    this.#headers = headers;
  }

  header(name: string): string | undefined {
    return this.#headers[name];
  }

  remainingMillis(): undefined {
    return undefined;
  }

  onCancel(): void {
    // These calls are never cancelled.
  }

  respond(chunks: readonly Uint8Array[]): void {
    this.messages.push(Buffer.concat(chunks));
    this.status ??= "ok";
  }

  fail(status: RpcStatus): void {
    this.status ??= status;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    this.messages.push(Buffer.concat(chunks));
    return this.hasRoom;
  }

  writeFramed(framed: Uint8Array, count: number): boolean {
    const bytes = Buffer.from(framed);
    let begin = 0;
    for (let index = 0; index < count; index += 1) {
      const end = begin + 5 + bytes.readUInt32BE(begin + 1);
      this.messages.push(bytes.subarray(begin + 5, end));
      begin = end;
    }
    return this.hasRoom;
  }

  end(): void {
    this.status ??= "ok";
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#onMessage = listener;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  onHalfClose(): void {
    // These calls are never closed by half.
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  /** The client sends a message. */
  receive(message: Uint8Array): void {
    this.#onMessage(message);
  }

  /** The client has read everything. */
  drain(): void {
    this.hasRoom = true;
    this.#onDrain();
  }
}
