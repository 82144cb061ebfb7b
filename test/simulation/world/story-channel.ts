import type { CallError, Channel, ChannelCall, CallSettings } from "@quorate/client/sim";
import type { BidiCall, BidiListener, ServerStreamCall } from "@quorate/client/sim";
import { nameOf, wordsOfRequest, wordsOfResponse } from "./story-words.ts";

const cancelledCode = 1;

/** A channel whose calls are told: what was asked for, and what came of it. */
export class StoryChannel implements Channel {
  readonly #channel: Channel;
  readonly #server: string;
  readonly #tell: (what: string) => void;
  #calls = 0;

  /** @param server - The name of who is called. */
  constructor(channel: Channel, server: string, tell: (what: string) => void) {
    this.#channel = channel;
    this.#server = server;
    this.#tell = tell;
  }

  connect(waitMillis: number, signal: AbortSignal | undefined): Promise<boolean> {
    return this.#channel.connect(waitMillis, signal);
  }

  unary(
    path: string,
    request: Uint8Array,
    settings: CallSettings,
    onOutcome: (outcome: CallError | Uint8Array) => void,
  ): ChannelCall {
    const call = this.#begin(wordsOfRequest(path, request));
    return this.#channel.unary(path, request, settings, (outcome) => {
      if (outcome instanceof Error) this.#fails(call, path, outcome);
      else this.#hears(call, path, outcome);
      onOutcome(outcome);
    });
  }

  serverStream(path: string, request: Uint8Array, settings: CallSettings): ServerStreamCall {
    this.#begin(wordsOfRequest(path, request));
    return this.#channel.serverStream(path, request, settings);
  }

  bidiStream(path: string, settings: CallSettings, listener: BidiListener): BidiCall {
    const call = this.#begin(`${nameOf(path)} opens`);
    const stream = this.#channel.bidiStream(path, settings, {
      onMessage: (message) => {
        this.#hears(call, path, message);
        listener.onMessage(message);
      },
      onEnd: (error) => {
        if (error === undefined) this.#tell(`<- ${this.#server} #${call} ${nameOf(path)} ends`);
        else this.#fails(call, path, error);
        listener.onEnd(error);
      },
    });
    return {
      cancel: () => stream.cancel(),
      write: (message) => {
        this.#tell(`-> ${this.#server} #${call} ${wordsOfRequest(path, message)}`);
        stream.write(message);
      },
    };
  }

  close(): void {
    this.#channel.close();
  }

  #begin(what: string): number {
    this.#calls += 1;
    this.#tell(`-> ${this.#server} #${this.#calls} ${what}`);
    return this.#calls;
  }

  #hears(call: number, path: string, message: Uint8Array): void {
    this.#tell(`<- ${this.#server} #${call} ${wordsOfResponse(path, message)}`);
  }

  #fails(call: number, path: string, error: CallError): void {
    const { grpcCode, details } = error;
    const how = grpcCode === cancelledCode ? "cancelled" : `fails (${grpcCode}): ${details}`;
    this.#tell(`<- ${this.#server} #${call} ${nameOf(path)} ${how}`);
  }
}
