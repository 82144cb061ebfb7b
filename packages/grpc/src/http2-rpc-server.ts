import type { Duplex } from "node:stream";
import { NodeClock, NodeTimers } from "@quorate/platform";
import { FlushTurns } from "./http2/flush-turns.ts";
import { TurnBudget } from "./http2/turn-budget.ts";
import { WriteBuffer } from "./http2/write-buffer.ts";
import { DeadlineQueue } from "./message/deadline-queue.ts";
import { MessageInflater } from "./message/message-inflater.ts";
import { RpcConnection, type RpcConnectionContext } from "./rpc-connection.ts";
import type { RpcMethod, RpcServer } from "./rpc-server.ts";
import {
  checkOptions,
  defaultGrpcServerOptions,
  type GrpcServerDependencies,
  type GrpcServerOptions,
} from "./server-options.ts";

/** How long final statuses may take to reach clients when the deadline of `close` has passed. */
const farewellMillis = 250;
const timerMillisMax = 2 ** 31 - 1;

/**
 * An {@link RpcServer} whose HTTP/2 is this package's own: it reads frames from the chunks of a
 * socket and writes all answers of a turn at once.
 *
 * @example
 * ```ts
 * const rpc = new Http2RpcServer({}, { onHandlerError: (path, error) => console.error(path, error)
 * }); rpc.addMethod({ kind: "unary", path: "/a.B/Echo", handle: (bytes, call) =>
 * call.respond([bytes]) }); net.createServer((socket) => rpc.accept(socket)).listen(0);
 * ```
 */
export class Http2RpcServer implements RpcServer {
  readonly #methods = new Map<string, RpcMethod>();
  readonly #services = new Set<string>();
  readonly #connections = new Set<RpcConnection>();
  readonly #deadlines = new DeadlineQueue({ clock: new NodeClock(), timers: new NodeTimers() });
  readonly #context: RpcConnectionContext;
  #closing: Promise<void> | undefined;
  #onAllClosed: (() => void) | undefined;

  /** @throws {@link InvalidOptionsError} naming each option that is out of range. */
  constructor(options: Partial<GrpcServerOptions>, dependencies: GrpcServerDependencies) {
    const all = { ...defaultGrpcServerOptions, ...options };
    checkOptions(all);
    const { keepaliveTimeMillis, quietProbeMillis } = all;
    this.#context = {
      calls: {
        maxRequestBytes: all.maxRequestBytes,
        writeBufferBytes: all.writeBufferBytes,
        observer: dependencies.observer,
        deadlines: this.#deadlines,
        inflater: new MessageInflater(all.maxRequestBytes),
        onHandlerError: (path, error) => dependencies.onHandlerError(path, error),
      },
      methods: { methods: this.#methods, services: this.#services },
      shared: { buffer: new WriteBuffer(), flushes: new FlushTurns(), turns: new TurnBudget() },
      options: {
        maxConcurrentStreams: all.maxConcurrentStreams,
        maxHeaderBytes: all.maxHeaderBytes,
        pingIntervalMinMillis: all.pingIntervalMinMillis,
        quietMillis: Math.min(keepaliveTimeMillis || quietProbeMillis, quietProbeMillis),
        keepaliveTimeoutMillis: all.keepaliveTimeoutMillis,
        answerTimeoutMillis: all.answerTimeoutMillis,
      },
      onClosed: (connection) => {
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#onAllClosed?.();
      },
    };
  }

  /** Connections open now. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  addMethod(method: RpcMethod): void {
    this.#methods.set(method.path, method);
    this.#services.add(method.path.slice(1, method.path.lastIndexOf("/")));
  }

  accept(socket: Duplex): void {
    const { turns } = this.#context.shared;
    if (!turns.isSpent(performance.now())) {
      this.#serve(socket);
      return;
    }
    socket.on("error", () => undefined); // It may come before the turn.
    turns.hold({ takeTurn: () => this.#serve(socket) }, 0);
  }

  close(deadlineMillis: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMillis);
    return this.#closing;
  }

  #serve(socket: Duplex): void {
    if (this.#closing !== undefined || socket.destroyed) {
      socket.destroy();
      return;
    }
    const connection = new RpcConnection(socket, this.#context);
    this.#connections.add(connection);
    connection.http2.start();
  }

  async #close(deadlineMillis: number): Promise<void> {
    for (const { http2 } of this.#connections) http2.drain();
    if (!(await this.#areClosedWithin(deadlineMillis))) {
      for (const { http2 } of this.#connections) http2.shutDown();
      if (!(await this.#areClosedWithin(farewellMillis))) {
        for (const { http2 } of this.#connections) http2.destroy();
        await this.#areClosedWithin(farewellMillis);
      }
    }
    this.#deadlines.close();
  }

  #areClosedWithin(millis: number): Promise<boolean> {
    if (this.#connections.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.min(millis, timerMillisMax));
      this.#onAllClosed = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
