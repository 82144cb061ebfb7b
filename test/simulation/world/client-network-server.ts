import type { RpcMethod } from "@quorate/grpc";
import type { Clock, Timers } from "@quorate/platform";
import type { SimScheduler } from "@quorate/platform/sim";

import type { ClientConnection, ConnectionEnd } from "./client-network-connection.ts";
import type { Frame } from "./client-network-frames.ts";
import { ProcessGate } from "./client-network-gate.ts";
import { SimServerCall, type ServerCallHost } from "./client-network-server-call.ts";

/** Options of {@link ClientNetwork.serve}. */
export interface ServeOptions {
  /** Clock of the server's machine; deadlines count on it. @default virtual time */
  readonly clock?: Pick<Clock, "monotonicMillis">;
  /** Timers of the server's process. @default those of the scheduler */
  readonly timers?: Timers;
  /** Runs work as the process's own: now, when it goes on after a pause, or never. @default now */
  readonly deliver?: (work: () => void) => void;
  /** What a handler threw; its call has ended with INTERNAL. @default throws it on */
  readonly onHandlerError?: (path: string, error: unknown) => void;
  /** Largest request message. @default 2097152 */
  readonly maxRequestBytes?: number;
  /** `write` of a stream answers false from this many unsent bytes on. @default 262144 */
  readonly writeBufferBytes?: number;
}

/** One life of a server, in the hands of who started it. */
export interface ServedProcess {
  /** False once killed or closed. */
  readonly isAlive: boolean;
  /**
   * The process dies: nothing that it does later has an effect. Its machine resets the
   * connections; a client whose link is cut then hears of it only when it sends something after
   * the cut, or by its keepalive.
   *
   * @param how - `silently`: the machine lost power, so nobody resets anything until the address
   *   is served again. @default "with-reset"
   */
  kill(how?: "with-reset" | "silently"): void;
  /** Ends in order: open calls end with UNAVAILABLE, then the connections. Idempotent. */
  close(): void;
  /** SIGSTOP: what arrives waits. For processes whose `deliver` does not do that itself. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

/** What a server's life needs of the network. */
export interface ServerLifeHost {
  readonly scheduler: SimScheduler;
  /** Before an answer leaves the server; may kill it. */
  answerLeaves(address: string, path: string, frame: Frame): void;
  /** A client waits for a machine that is gone. */
  orphan(connection: ClientConnection): void;
}

/** See {@link ServedProcess}. */
export class ServerLife implements ServedProcess {
  readonly address: string;
  readonly #host: ServerLifeHost;
  readonly #options: ServeOptions;
  readonly #methods: ReadonlyMap<string, RpcMethod>;
  readonly #gate: ProcessGate;
  readonly #connections = new Set<ServerConnection>();
  #end: "kill" | "silently" | "close" | undefined;

  constructor(
    address: string,
    methods: readonly RpcMethod[],
    options: ServeOptions,
    host: ServerLifeHost,
  ) {
    this.address = address;
    this.#host = host;
    this.#options = options;
    this.#methods = new Map(methods.map((method) => [method.path, method]));
    this.#gate = new ProcessGate(host.scheduler, options.deliver);
  }

  get isAlive(): boolean {
    return this.#end === undefined;
  }

  /** Whether the machine itself is gone, so that nobody answers for the dead process. */
  get isSilent(): boolean {
    return this.#end === "silently";
  }

  /** A connection has reached the listening socket. */
  accept(connection: ClientConnection): void {
    const own = new ServerConnection(this, connection);
    this.#connections.add(own);
    connection.accept(own);
  }

  kill(how: "with-reset" | "silently" = "with-reset"): void {
    if (!this.isAlive) return;
    this.#end = how === "silently" ? how : "kill";
    this.#gate.die();
    for (const connection of this.#connections) connection.die(how === "with-reset");
    this.#connections.clear();
  }

  close(): void {
    if (!this.isAlive) return;
    for (const connection of [...this.#connections]) connection.close();
    this.#connections.clear();
    this.#end = "close";
    this.#gate.die();
  }

  pause(): void {
    this.#gate.pause();
  }

  resume(): void {
    this.#gate.resume();
  }

  /** @internal */
  enter(work: () => void): void {
    this.#gate.enter(work);
  }

  /** @internal */
  orphan(connection: ClientConnection): void {
    this.#host.orphan(connection);
  }

  /** @internal */
  forget(connection: ServerConnection): void {
    this.#connections.delete(connection);
  }

  /** @internal */
  method(path: string): RpcMethod | undefined {
    return this.#methods.get(path);
  }

  /** Why a path has no handler, in the words of grpc-go. @internal */
  unknownMethod(path: string): string {
    const [, service = "", method = ""] = path.split("/");
    for (const known of this.#methods.keys()) {
      if (known.startsWith(`/${service}/`))
        return `unknown method ${method} for service ${service}`;
    }
    return `unknown service ${service}`;
  }

  /** What calls of a connection need. @internal */
  callHost(connection: ClientConnection): ServerCallHost {
    const life = this;
    const { scheduler } = this.#host;
    const { clock, timers, onHandlerError } = this.#options;
    const send = (frame: Frame): void => {
      if (this.isAlive) connection.toClient.send(frame);
    };
    return {
      writeBufferBytes: this.#options.writeBufferBytes ?? 262_144,
      maxRequestBytes: this.#options.maxRequestBytes ?? 2_097_152,
      get isAlive() {
        return life.isAlive;
      },
      nowMillis: () => clock?.monotonicMillis() ?? scheduler.nowMillis,
      setTimer: (delayMillis, work) => {
        const enter = (): void => this.enter(work);
        return timers?.setTimer(delayMillis, enter) ?? scheduler.schedule(delayMillis, enter);
      },
      sendAnswer: (path, frame) => {
        if (!this.isAlive) return;
        this.#host.answerLeaves(this.address, path, frame);
        send(frame);
      },
      send,
      onHandlerError: (path, error) => {
        if (onHandlerError === undefined) throw error;
        onHandlerError(path, error);
      },
    };
  }
}

/** The server's end of a connection. */
class ServerConnection implements ConnectionEnd {
  readonly #life: ServerLife;
  readonly #connection: ClientConnection;
  readonly #calls = new Map<number, SimServerCall>();
  readonly #host: ServerCallHost;

  constructor(life: ServerLife, connection: ClientConnection) {
    this.#life = life;
    this.#connection = connection;
    this.#host = life.callHost(connection);
  }

  onFrames(frames: readonly Frame[]): void {
    this.#life.enter(() => {
      for (const frame of frames) if (this.#life.isAlive) this.#take(frame);
    });
  }

  onBroken(): void {
    this.#life.forget(this);
    this.#life.enter(() => this.#resetCalls());
  }

  /** The process is dead. */
  die(isTold: boolean): void {
    this.#calls.clear();
    if (isTold) this.#connection.refuse();
    else if (!this.#connection.isEstablished) this.#life.orphan(this.#connection);
    this.#connection.leaveServer();
  }

  close(): void {
    for (const call of [...this.#calls.values()]) call.onShutdown();
    this.#connection.toClient.send({ kind: "bye" });
    this.#connection.leaveServer();
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case "hello":
        this.#host.send({ kind: "hello" });
        return;
      case "open":
        this.#open(frame);
        return;
      case "data":
        this.#calls.get(frame.call)?.receive(frame);
        return;
      case "half-close":
        this.#calls.get(frame.call)?.receive("half-close");
        return;
      case "cancel":
        this.#calls.get(frame.call)?.onReset();
        return;
      case "window":
        this.#calls.get(frame.call)?.grant(frame.bytes);
        return;
      case "ping":
        this.#host.send({ kind: "pong" });
        return;
      case "bye":
        this.#connection.leaveServer();
        this.#life.forget(this);
        this.#resetCalls();
        return;
      default: // Only servers send the others.
    }
  }

  #open(frame: Extract<Frame, { kind: "open" }>): void {
    const { call, path, headers, timeoutMillis } = frame;
    const method = this.#life.method(path);
    if (method === undefined) {
      const details = this.#life.unknownMethod(path);
      this.#host.send({ kind: "status", call, code: 12, details });
      return;
    }
    const peer = `client:${this.#connection.id}`;
    const head = { call, peer, headers, timeoutMillis };
    const own: SimServerCall = new SimServerCall(this.#host, method, head, () => {
      if (this.#calls.get(call) === own) this.#calls.delete(call);
    });
    this.#calls.set(call, own);
    own.start();
  }

  #resetCalls(): void {
    for (const call of [...this.#calls.values()]) call.onReset();
    this.#calls.clear();
  }
}
