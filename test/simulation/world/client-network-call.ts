import { CallError, type BidiCall, type ServerStreamCall } from "@quorate/client/sim";
import type { Timer } from "@quorate/platform";

import { WindowedSender, WindowKeeper, type Frame } from "./client-network-frames.ts";

/** What a call needs of its channel. */
export interface ClientCallHost {
  /** For grpc-js's words. */
  readonly address: string;
  send(frame: Frame): void;
  setTimer(delayMillis: number, work: () => void): Timer;
  /** The call is over. */
  forget(call: ClientCall): void;
}

/** Who hears of a call: a promise, a listener or an iterator. */
export interface CallSink {
  onMessage(message: Uint8Array): void;
  /** Once, and last. */
  onEnd(error: CallError | undefined): void;
  /** Whether it takes more now; what it does not take stays in the window. */
  canTake(): boolean;
}

type Data = Extract<Frame, { kind: "data" }>;

/** The client's side of a call, whichever kind it is. */
export class ClientCall implements BidiCall {
  readonly id: number;
  readonly #host: ClientCallHost;
  readonly #sink: CallSink;
  readonly #sender: WindowedSender;
  readonly #keeper: WindowKeeper;
  readonly #received: Data[] = [];
  #deadline: Timer | undefined;
  #isOver = false;
  #hasEnded = false;

  constructor(id: number, host: ClientCallHost, sink: CallSink) {
    this.id = id;
    this.#host = host;
    this.#sink = sink;
    this.#sender = new WindowedSender((bytes, message) => {
      host.send({ kind: "data", call: id, bytes, message });
    });
    this.#keeper = new WindowKeeper((bytes) => {
      if (!this.#isOver) host.send({ kind: "window", call: id, bytes });
    });
  }

  /** Sends the head of the request. */
  open(
    path: string,
    headers: ReadonlyMap<string, string>,
    deadlineMillis: number | undefined,
  ): void {
    const timeoutMillis = deadlineMillis === undefined ? undefined : Math.ceil(deadlineMillis);
    const copy = new Map([...headers].map(([name, value]) => [name.toLowerCase(), value]));
    this.#host.send({ kind: "open", call: this.id, path, headers: copy, timeoutMillis });
    if (deadlineMillis === undefined) return;
    this.#deadline = this.#host.setTimer(Math.max(0, deadlineMillis), () => {
      const seconds = (deadlineMillis / 1_000).toFixed(3);
      const { address } = this.#host;
      const details = `Deadline exceeded after ${seconds}s,remote_addr=${address}`;
      this.#giveUp(new CallError(4, details));
    });
  }

  write(message: Uint8Array): void {
    if (!this.#isOver) this.#sender.push(message);
  }

  /** Sends no more. */
  halfClose(): void {
    this.#sender.whenEmpty(() => this.#host.send({ kind: "half-close", call: this.id }));
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#leave();
    this.#host.setTimer(0, () => this.#end(new CallError(1, "Cancelled on client")));
  }

  /** Ends the call before it began. */
  refuse(error: CallError): void {
    this.#isOver = true;
    this.#host.setTimer(0, () => this.#end(error));
  }

  onData(frame: Data): void {
    if (this.#isOver) return;
    this.#received.push(frame);
    this.take();
  }

  onStatus(code: number, details: string): void {
    if (this.#isOver) return;
    if (code !== 0) {
      this.#close();
      this.#end(new CallError(code, details));
      return;
    }
    this.#hasEnded = true;
    this.take();
  }

  /** The connection broke. */
  onBroken(error: CallError): void {
    if (this.#isOver) return;
    this.#close();
    this.#end(error);
  }

  /** The server has room for so many bytes more. */
  grant(bytes: number): void {
    if (!this.#isOver) this.#sender.grant(bytes);
  }

  /** Hands over what the sink takes now. */
  take(): void {
    while (!this.#isOver && this.#sink.canTake()) {
      const next = this.#received.shift();
      if (next === undefined) break;
      this.#keeper.read(next.bytes);
      if (next.message !== undefined) this.#sink.onMessage(next.message);
    }
    if (this.#isOver || !this.#hasEnded || this.#received.length > 0) return;
    this.#close();
    this.#end(undefined);
  }

  #giveUp(error: CallError): void {
    if (this.#isOver) return;
    this.#leave();
    this.#end(error);
  }

  #leave(): void {
    this.#host.send({ kind: "cancel", call: this.id });
    this.#close();
  }

  #close(): void {
    this.#isOver = true;
    this.#deadline?.cancel();
    this.#received.length = 0;
    this.#sender.clear();
    this.#host.forget(this);
  }

  #end(error: CallError | undefined): void {
    this.#sink.onEnd(error);
  }
}

/** Collects the answer of a unary call. */
export function unarySink(onOutcome: (outcome: CallError | Uint8Array) => void): CallSink {
  let answer: Uint8Array | undefined;
  return {
    onMessage: (message) => {
      answer = message;
    },
    onEnd: (error) => {
      onOutcome(error ?? answer ?? new CallError(13, "Not enough responses received"));
    },
    canTake: () => true,
  };
}

/** Messages a reader may have before it asks for them; as Node's streams of objects. */
const readAheadMax = 16;

/** The answers of a stream as an iterator that holds the server back. */
export class StreamReader implements CallSink {
  readonly #buffer: Uint8Array[] = [];
  #end: { readonly error: CallError | undefined } | undefined;
  #wake: (() => void) | undefined;

  onMessage(message: Uint8Array): void {
    this.#buffer.push(message);
    this.#wakeUp();
  }

  onEnd(error: CallError | undefined): void {
    this.#end = { error };
    this.#wakeUp();
  }

  canTake(): boolean {
    return this.#buffer.length < readAheadMax;
  }

  /** Joins reader and call. */
  of(call: ClientCall): ServerStreamCall {
    return {
      cancel: () => call.cancel(),
      [Symbol.asyncIterator]: () => this.#messages(call),
    };
  }

  async *#messages(call: ClientCall): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const message = this.#buffer.shift();
      if (message !== undefined) {
        call.take();
        yield message;
      } else if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
