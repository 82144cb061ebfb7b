import {
  CallError,
  type BidiCall,
  type BidiListener,
  type CallSettings,
  type Channel,
  type ChannelCall,
  type ResolvedOptions,
  type Runtime,
  type ServerStreamCall,
} from "@quorate/client/sim";
import type { Timer } from "@quorate/platform";
import type { SeededRandom } from "@quorate/platform/sim";

import type { Coverage } from "../coverage.ts";
import { ClientCall, StreamReader, unarySink, type CallSink } from "./client-network-call.ts";
import type { BreakWords, ClientConnection, ConnectionEnd } from "./client-network-connection.ts";
import type { Frame } from "./client-network-frames.ts";
import type { ProcessGate } from "./client-network-gate.ts";
import { Keepalive } from "./client-network-keepalive.ts";

/** What a channel needs of the network and of its machine. */
export interface ChannelHost {
  readonly address: string;
  readonly gate: ProcessGate;
  readonly random: SeededRandom;
  readonly coverage: Coverage;
  /** Begins to connect. */
  dial(client: ConnectionEnd): ClientConnection;
}

type ChannelState = "idle" | "connecting" | "ready" | "failed" | "closed";

/** Waits of grpc-js between attempts to connect. */
const backoffFirstMillis = 100;
const backoffLastMillis = 2_000;

/**
 * The client's end of the seam: one server, one connection at a time, as grpc-js keeps it.
 *
 * States are those of grpc-js: idle, connecting, ready; failed stays failed while it tries again
 * by itself, until a connection is there.
 */
export class SimChannel implements Channel {
  readonly #host: ChannelHost;
  readonly #runtime: Runtime;
  readonly #calls = new Map<number, ClientCall>();
  readonly #waiters = new Set<() => void>();
  readonly #keepalive: Keepalive;
  #state: ChannelState = "idle";
  #connection: ClientConnection | undefined;
  #attempts = 0;
  #nextCall = 1;
  #backoff: Timer | undefined;

  constructor(host: ChannelHost, options: ResolvedOptions, runtime: Runtime) {
    this.#host = host;
    this.#runtime = runtime;
    this.#keepalive = new Keepalive({
      timeMillis: options.keepaliveTimeMillis,
      timeoutMillis: options.keepaliveTimeoutMillis,
      setTimer: (delayMillis, work) => this.#setTimer(delayMillis, work),
      hasCalls: () => this.#calls.size > 0,
      ping: () => this.#connection?.toServer.send({ kind: "ping" }),
      giveUp: () => this.#giveUp(),
    });
  }

  async connect(waitMillis: number, signal: AbortSignal | undefined): Promise<boolean> {
    const { clock } = this.#runtime;
    const untilMillis = clock.monotonicMillis() + waitMillis;
    for (;;) {
      if (this.#state === "idle") this.#dial("connecting");
      if (this.#state !== "connecting") return this.#state === "ready";
      const leftMillis = untilMillis - clock.monotonicMillis();
      if (leftMillis <= 0 || signal?.aborted === true) return false;
      if (!(await this.#hasChanged(leftMillis, signal))) return false;
    }
  }

  unary(
    path: string,
    request: Uint8Array,
    settings: CallSettings,
    onOutcome: (outcome: CallError | Uint8Array) => void,
  ): ChannelCall {
    const call = this.#open(path, settings, unarySink(onOutcome));
    call.write(request);
    call.halfClose();
    return call;
  }

  serverStream(path: string, request: Uint8Array, settings: CallSettings): ServerStreamCall {
    const reader = new StreamReader();
    const call = this.#open(path, settings, reader);
    call.write(request);
    call.halfClose();
    return reader.of(call);
  }

  bidiStream(path: string, settings: CallSettings, listener: BidiListener): BidiCall {
    return this.#open(path, settings, {
      onMessage: (message) => listener.onMessage(message),
      onEnd: (error) => listener.onEnd(error),
      canTake: () => true,
    });
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#enter("closed");
    this.#backoff?.cancel();
    if (this.#calls.size === 0) this.#leaveConnection();
  }

  #open(path: string, settings: CallSettings, sink: CallSink): ClientCall {
    const connection = this.#connection;
    const id = this.#nextCall;
    this.#nextCall += 1;
    const call = new ClientCall(
      id,
      {
        address: this.#host.address,
        send: (frame) => connection?.toServer.send(frame),
        setTimer: (delayMillis, work) => this.#setTimer(delayMillis, work),
        forget: () => this.#forget(id),
      },
      sink,
    );
    if (this.#state !== "ready") {
      this.#host.coverage.sometimes("client: connection lost before the call was sent", true);
      const details = "No connection established. Last error: connection lost";
      call.refuse(new CallError(14, details));
      return call;
    }
    this.#calls.set(id, call);
    this.#keepalive.callBegins();
    call.open(path, settings.headers, settings.deadlineMillis);
    return call;
  }

  #forget(id: number): void {
    this.#calls.delete(id);
    if (this.#state === "closed" && this.#calls.size === 0) this.#leaveConnection();
  }

  #leaveConnection(): void {
    this.#keepalive.stop();
    this.#connection?.leaveClient();
    this.#connection = undefined;
  }

  #dial(state: "connecting" | "failed"): void {
    this.#enter(state);
    const connection = this.#host.dial({
      onFrames: (frames) => {
        this.#host.gate.enter(() => {
          if (this.#connection === connection) for (const frame of frames) this.#take(frame);
        });
      },
      onBroken: (words) => {
        this.#host.gate.enter(() => {
          if (this.#connection === connection) this.#break(words);
        });
      },
      look: (work) => this.#host.gate.enter(() => work(this.#calls.size > 0)),
    });
    this.#connection = connection;
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case "hello":
        if (this.#state === "closed") this.#leaveConnection();
        else this.#enter("ready");
        this.#attempts = 0;
        return;
      case "data":
        this.#calls.get(frame.call)?.onData(frame);
        return;
      case "status":
        this.#calls.get(frame.call)?.onStatus(frame.code, frame.details);
        return;
      case "window":
        this.#calls.get(frame.call)?.grant(frame.bytes);
        return;
      case "pong":
        this.#keepalive.answered();
        return;
      case "bye":
        this.#break({ code: 14, details: "Connection dropped" });
        return;
      default: // Only clients send the others.
    }
  }

  #giveUp(): void {
    this.#host.coverage.sometimes("client: keepalive gave a silent connection up", true);
    this.#break({ code: 14, details: "Connection dropped" });
  }

  #break(words: BreakWords): void {
    const hadConnection = this.#state === "ready";
    const connection = this.#connection;
    this.#connection = undefined;
    this.#keepalive.stop();
    connection?.leaveClient();
    if (this.#state !== "closed") {
      if (hadConnection) this.#enter("idle");
      else this.#failAttempt();
    }
    const calls = [...this.#calls.values()];
    const { coverage } = this.#host;
    coverage.sometimes("client: connection broke under open calls", calls.length > 0);
    for (const call of calls) call.onBroken(new CallError(words.code, words.details));
  }

  #failAttempt(): void {
    this.#enter("failed");
    const base = Math.min(backoffFirstMillis * 1.6 ** this.#attempts, backoffLastMillis);
    this.#attempts += 1;
    const jitter = 0.8 + 0.4 * this.#host.random.nextFloat();
    this.#backoff = this.#setTimer(base * jitter, () => {
      if (this.#state === "failed" && this.#connection === undefined) this.#dial("failed");
    });
  }

  #enter(state: ChannelState): void {
    this.#state = state;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }

  /** Waits for another state; false when that took too long. */
  #hasChanged(waitMillis: number, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (hasChanged: boolean): void => {
        timer.cancel();
        this.#waiters.delete(wake);
        signal?.removeEventListener("abort", wake);
        resolve(hasChanged);
      };
      const wake = (): void => settle(true);
      const timer = this.#setTimer(waitMillis, () => settle(false));
      this.#waiters.add(wake);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  #setTimer(delayMillis: number, work: () => void): Timer {
    return this.#runtime.timers.setTimer(delayMillis, () => this.#host.gate.enter(work));
  }
}
