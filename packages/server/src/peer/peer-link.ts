/**
 * The outgoing connection to one peer: dials, shakes hands, sends frames, measures the round trip,
 * and dials again with growing pauses when it breaks.
 */
import { connect, type Socket } from "node:net";
import type { Clock, Logger, Random, Timer, Timers } from "@quorate/platform";
import type { MemberId } from "@quorate/raft";
import { encodeFrame, FrameError, FrameKind, FrameReader } from "./frame.ts";
import { decodeRefusal, encodeHello, type Hello, type Refusal } from "./handshake.ts";
import { parsePeerUrl, type SocketAddress } from "./peer-url.ts";

/** Settings of a link; all in milliseconds or bytes. */
export interface PeerLinkOptions {
  /**
   * Time for TCP connect plus handshake. Short, as the kernel asks a host that did not answer less
   * and less often; the next attempt asks at once. @default 2000
   */
  readonly connectTimeoutMillis: number;
  /** Pause before the second attempt; doubles up to the maximum. @default 50 */
  readonly retryMinMillis: number;
  /** A peer that comes back must be heard before elections go wrong. @default 200 */
  readonly retryMaxMillis: number;
  /** How often a link is probed. @default 500 */
  readonly pingIntervalMillis: number;
  /**
   * A link on which no pong came for this long is dead (B10). TCP would try again after pauses that
   * double: once a broken network is whole, a new connection carries sooner than an old one.
   * @default 2000
   */
  readonly silenceMaxMillis: number;
  /** The same while frames wait to be sent, and pings behind them. @default 5000 */
  readonly busySilenceMaxMillis: number;
  /** Frames beyond this many queued bytes are dropped. @default 64 MiB */
  readonly queueBytesMax: number;
}

/** See {@link PeerLinkOptions}. */
export const defaultPeerLinkOptions: PeerLinkOptions = {
  connectTimeoutMillis: 2_000,
  retryMinMillis: 50,
  retryMaxMillis: 200,
  pingIntervalMillis: 500,
  silenceMaxMillis: 2_000,
  busySilenceMaxMillis: 5_000,
  queueBytesMax: 64 * 1024 * 1024,
};

/** What a link reports. */
export interface PeerLinkEvents {
  onConnected(): void;
  onDisconnected(): void;
  onRefused(refusal: Refusal): void;
  onRoundTrip(seconds: number): void;
  onSent(bytes: number): void;
}

/** What a link needs from its surroundings. */
export interface PeerLinkDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}

/** One peer's outgoing connection. Created running; `close` ends it for good. */
export class PeerLink {
  readonly memberId: MemberId;
  readonly #hello: Hello;
  readonly #urls: readonly string[];
  readonly #options: PeerLinkOptions;
  readonly #dependencies: PeerLinkDependencies;
  readonly #events: PeerLinkEvents;
  #socket: Socket | undefined;
  #connectedSince: number | undefined;
  #url: string | undefined;
  /** Pings since something was last heard. */
  #unanswered = 0;
  #attempts = 0;
  #timer: Timer | undefined;
  #isCorked = false;
  #isClosed = false;

  constructor(
    hello: Hello,
    urls: readonly string[],
    options: PeerLinkOptions,
    dependencies: PeerLinkDependencies,
    events: PeerLinkEvents,
  ) {
    this.memberId = hello.to;
    this.#hello = hello;
    this.#urls = urls;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#events = events;
    this.#dial();
  }

  /** Monotonic milliseconds of the last successful handshake while connected. */
  get connectedSince(): number | undefined {
    return this.#connectedSince;
  }

  /** Where the peer was dialled last. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Queues a frame; false when it was dropped. */
  send(kind: FrameKind, chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (socket === undefined || this.#connectedSince === undefined) return false;
    if (socket.writableLength > this.#options.queueBytesMax) return false;
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    let bytes = 0;
    for (const chunk of encodeFrame(kind, chunks)) {
      bytes += chunk.length;
      socket.write(chunk);
    }
    this.#events.onSent(bytes);
    return true;
  }

  /** Ends the connection and the attempts to make one. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#socket?.destroy();
  }

  #dial(): void {
    const url = this.#urls[this.#attempts % this.#urls.length];
    if (url === undefined || this.#isClosed) return;
    this.#attempts += 1;
    const address = this.#addressOf(url);
    if (address === undefined) {
      this.#dialLater();
      return;
    }
    this.#url = url;
    const socket = connect(address);
    this.#socket = socket;
    socket.setNoDelay(true);
    const reader = new FrameReader((kind, payload) => {
      this.#handle(socket, kind, payload);
    });
    socket.on("connect", () => {
      for (const chunk of encodeFrame(FrameKind.hello, [encodeHello(this.#hello)])) {
        socket.write(chunk);
      }
    });
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        socket.destroy(error);
      }
    });
    socket.on("error", (error) => {
      this.#dependencies.logger.debug("peer connection failed", {
        peer: this.memberId.toString(16),
        url,
        error: error.message,
      });
    });
    socket.on("close", () => {
      this.#handleClose(socket);
    });
    this.#setTimer(this.#options.connectTimeoutMillis, () => socket.destroy());
  }

  /** A URL that cannot be dialled is another member's mistake: it must not end this one. */
  #addressOf(url: string): SocketAddress | undefined {
    try {
      return parsePeerUrl(url);
    } catch (error) {
      const peer = this.memberId.toString(16);
      this.#dependencies.logger.warn("cannot dial peer", { peer, error: String(error) });
      return undefined;
    }
  }

  #handle(socket: Socket, kind: number, payload: Uint8Array): void {
    const now = this.#dependencies.clock.monotonicMillis();
    this.#unanswered = 0;
    if (kind === FrameKind.welcome && this.#connectedSince === undefined) {
      this.#connectedSince = now;
      this.#attempts = 0;
      this.#events.onConnected();
      this.#probe(socket);
    } else if (kind === FrameKind.refusal) {
      this.#events.onRefused(decodeRefusal(payload));
      socket.destroy();
    } else if (kind === FrameKind.pong && payload.length === 8) {
      const sentAt = Buffer.from(payload).readDoubleLE(0);
      this.#events.onRoundTrip((now - sentAt) / 1000);
    }
  }

  /**
   * Half-open connections look alive to TCP for many minutes; missing pongs do not (B10). Pings are
   * counted, not time: the time of a process that was stopped says nothing about its peer (B12).
   */
  #probe(socket: Socket): void {
    const { pingIntervalMillis, silenceMaxMillis, busySilenceMaxMillis } = this.#options;
    const silenceMax = socket.writableLength > 0 ? busySilenceMaxMillis : silenceMaxMillis;
    if (this.#unanswered * pingIntervalMillis >= silenceMax) {
      socket.destroy();
      return;
    }
    this.#unanswered += 1;
    const now = this.#dependencies.clock.monotonicMillis();
    const stamp = Buffer.allocUnsafe(8);
    stamp.writeDoubleLE(now, 0);
    this.send(FrameKind.ping, [stamp]);
    this.#setTimer(pingIntervalMillis, () => {
      this.#probe(socket);
    });
  }

  #handleClose(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#timer?.cancel();
    this.#socket = undefined;
    const wasConnected = this.#connectedSince !== undefined;
    this.#connectedSince = undefined;
    if (wasConnected) this.#events.onDisconnected();
    this.#dialLater();
  }

  #dialLater(): void {
    if (this.#isClosed) return;
    const { retryMinMillis, retryMaxMillis } = this.#options;
    const pause = Math.min(retryMaxMillis, retryMinMillis * 2 ** Math.min(this.#attempts, 10));
    const jitter = this.#dependencies.random.nextInt(Math.ceil(pause / 2));
    this.#setTimer(pause / 2 + jitter, () => {
      this.#dial();
    });
  }

  #setTimer(delayMillis: number, callback: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#dependencies.timers.setTimer(delayMillis, callback);
  }
}
