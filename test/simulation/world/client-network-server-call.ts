import type { BidiStream, RpcMethod, RpcStatus, UnaryCall } from "@quorate/grpc";
import type { Timer } from "@quorate/platform";

import { WindowedSender, WindowKeeper, type Frame } from "./client-network-frames.ts";

/** What a call needs of the process that serves it. */
export interface ServerCallHost {
  readonly writeBufferBytes: number;
  readonly maxRequestBytes: number;
  readonly isAlive: boolean;
  nowMillis(): number;
  setTimer(delayMillis: number, work: () => void): Timer;
  /** Sends a frame of the answer; the process may die of it. */
  sendAnswer(path: string, frame: Frame): void;
  send(frame: Frame): void;
  onHandlerError(path: string, error: unknown): void;
}

/** A call as its first frame describes it. */
export interface ServerCallHead {
  readonly call: number;
  readonly peer: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly timeoutMillis: number | undefined;
}

type Received = Extract<Frame, { kind: "data" }> | "half-close";

const deadlineStatus = { code: 4, message: "context deadline exceeded" } as const;
const closingStatus = { code: 14, message: "server is shutting down" } as const;

/**
 * The server's side of a call: what handlers of a real member get in a simulation.
 *
 * Life as in `packages/grpc/src/http2-call.ts`: open, then ended (answered, failed) or cancelled
 * (caller gone, deadline, message over the limit); both final. After the death of the process
 * nothing has an effect.
 */
export class SimServerCall implements UnaryCall, BidiStream {
  readonly peer: string;
  readonly peerCommonName = undefined;
  readonly #host: ServerCallHost;
  readonly #method: RpcMethod;
  readonly #head: ServerCallHead;
  readonly #startedMillis: number;
  readonly #sender: WindowedSender;
  readonly #keeper: WindowKeeper;
  readonly #received: Received[] = [];
  readonly #onGone: () => void;
  #state: "open" | "ended" | "cancelled" = "open";
  #deadline: Timer | undefined;
  #cancelListeners: (() => void)[] = [];
  #drainListener: (() => void) | undefined;
  #needsDrain = false;
  #messageListener: ((message: Uint8Array) => void) | undefined;
  #halfCloseListener: (() => void) | undefined;
  #isPaused = false;
  #isDelivering = false;
  #request: Uint8Array | undefined;

  /** @param onGone - Nothing of the call is left to be sent. */
  constructor(host: ServerCallHost, method: RpcMethod, head: ServerCallHead, onGone: () => void) {
    this.#host = host;
    this.#method = method;
    this.#head = head;
    this.#onGone = onGone;
    this.peer = head.peer;
    this.#startedMillis = host.nowMillis();
    const { call } = head;
    this.#sender = new WindowedSender((bytes, message) => {
      host.sendAnswer(method.path, { kind: "data", call, bytes, message });
      this.#noteSent();
    });
    this.#keeper = new WindowKeeper((bytes) => host.send({ kind: "window", call, bytes }));
  }

  get isCancelled(): boolean {
    return this.#state === "cancelled";
  }

  get bufferedBytes(): number {
    return this.#sender.bufferedBytes;
  }

  /** Begins to take the request; called once. */
  start(): void {
    const { timeoutMillis } = this.#head;
    if (timeoutMillis !== undefined) {
      this.#deadline = this.#host.setTimer(timeoutMillis, () => {
        if (this.#state === "open") this.#cancel(deadlineStatus);
      });
    }
    const method = this.#method;
    if (method.kind === "bidi-stream") this.#guarded(() => method.handle(this));
  }

  header(name: string): string | undefined {
    return this.#head.headers.get(name);
  }

  remainingMillis(): number | undefined {
    const { timeoutMillis } = this.#head;
    if (timeoutMillis === undefined) return undefined;
    return Math.max(0, this.#startedMillis + timeoutMillis - this.#host.nowMillis());
  }

  onCancel(listener: () => void): void {
    if (this.#state === "open") this.#cancelListeners.push(listener);
    else if (this.#state === "cancelled") this.#host.setTimer(0, () => this.#guarded(listener));
  }

  respond(chunks: readonly Uint8Array[]): void {
    if (!this.#isOpen()) return;
    this.#sender.push(joined(chunks));
    this.#end({ code: 0, message: "" });
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (!this.#isOpen()) return true;
    this.#sender.push(joined(chunks));
    return this.#hasRoom();
  }

  writeFramed(framed: Uint8Array, count: number): boolean {
    if (!this.#isOpen()) return true;
    const view = new DataView(framed.buffer, framed.byteOffset, framed.byteLength);
    let at = 0;
    for (let index = 0; index < count; index += 1) {
      const begin = at + 5;
      at = begin + view.getUint32(at + 1);
      this.#sender.push(framed.slice(begin, at));
    }
    if (at !== framed.length) throw new Error("Cannot send framed messages: their count is wrong");
    return this.#hasRoom();
  }

  onDrain(listener: () => void): void {
    this.#drainListener = listener;
  }

  end(): void {
    if (this.#isOpen()) this.#end({ code: 0, message: "" });
  }

  fail(status: RpcStatus): void {
    if (this.#isOpen()) this.#end(status);
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#messageListener = listener;
  }

  onHalfClose(listener: () => void): void {
    this.#halfCloseListener = listener;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#takeReceived();
  }

  /** A frame of the request has arrived. */
  receive(received: Received): void {
    if (this.#state !== "open") return;
    this.#received.push(received);
    this.#takeReceived();
  }

  /** The client has read so much of the answer. */
  grant(bytes: number): void {
    this.#sender.grant(bytes);
  }

  /** The client has cancelled, or its connection is gone: it hears nothing any more. */
  onReset(): void {
    this.#sender.clear();
    if (this.#state === "open") this.#cancel(undefined);
    this.#onGone();
  }

  /** The server closes. */
  onShutdown(): void {
    if (this.#state === "open") this.#cancel(closingStatus);
  }

  #isOpen(): boolean {
    return this.#state === "open" && this.#host.isAlive;
  }

  #takeReceived(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    while (!this.#isPaused && this.#state === "open") {
      const next = this.#received.shift();
      if (next === undefined) break;
      if (next === "half-close") this.#takeEnd();
      else {
        this.#keeper.read(next.bytes);
        if (next.message !== undefined) this.#takeMessage(next.message);
      }
    }
    this.#isDelivering = false;
  }

  #takeMessage(message: Uint8Array): void {
    const { maxRequestBytes } = this.#host;
    if (message.length > maxRequestBytes) {
      const sizes = `${message.length} vs. ${maxRequestBytes}`;
      this.#cancel({ code: 8, message: `grpc: received message larger than max (${sizes})` });
    } else if (this.#method.kind !== "bidi-stream") {
      this.#request = message;
    } else {
      this.#guarded(() => this.#messageListener?.(message));
    }
  }

  #takeEnd(): void {
    const method = this.#method;
    const request = this.#request;
    this.#request = undefined;
    this.#guarded(() => {
      if (method.kind === "bidi-stream") this.#halfCloseListener?.();
      else if (request === undefined) {
        const message = "cardinality violation: received no request message";
        this.#end({ code: 13, message });
      } else if (method.kind === "unary") method.handle(request, this);
      else method.handle(request, this);
    });
  }

  #hasRoom(): boolean {
    if (this.#sender.bufferedBytes >= this.#host.writeBufferBytes) this.#needsDrain = true;
    return !this.#needsDrain;
  }

  #noteSent(): void {
    if (!this.#needsDrain) return;
    if (this.#sender.bufferedBytes * 2 > this.#host.writeBufferBytes) return;
    this.#needsDrain = false;
    this.#host.setTimer(0, () => {
      if (this.#state === "open") this.#guarded(() => this.#drainListener?.());
    });
  }

  #end(status: RpcStatus): void {
    this.#state = "ended";
    this.#deadline?.cancel();
    this.#sendStatus(status);
  }

  /** Ends the call and tells the handler; without a status the caller is gone. */
  #cancel(status: RpcStatus | undefined): void {
    this.#state = "cancelled";
    this.#deadline?.cancel();
    if (status !== undefined) {
      this.#sender.dropWaiting();
      this.#sendStatus(status);
    }
    const listeners = this.#cancelListeners;
    this.#cancelListeners = [];
    for (const listener of listeners) this.#guarded(listener);
  }

  #sendStatus({ code, message }: RpcStatus): void {
    const { call } = this.#head;
    this.#sender.whenEmpty(() => {
      const { path } = this.#method;
      this.#host.sendAnswer(path, { kind: "status", call, code, details: message });
      this.#onGone();
    });
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.#isOpen()) this.#end({ code: 13, message: "internal error" });
      this.#host.onHandlerError(this.#method.path, error);
    }
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
