import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import type { Server as HttpServer } from "node:http";
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type TlsOptions,
} from "node:tls";
import { ListenError } from "./errors.ts";
import { firstSpeaker } from "./first-bytes.ts";
import type { RpcServer } from "./rpc-server.ts";

/** Where a {@link PortServer} listens. */
export type ListenAddress =
  | {
      readonly kind: "tcp";
      /** Name or address of an interface; empty means all. */
      readonly host: string;
      /** 0 takes a free one. */
      readonly port: number;
    }
  | { readonly kind: "unix"; readonly path: string };

/** Settings of a {@link PortServer}. */
export interface PortServerOptions {
  readonly address: ListenAddress;
  /**
   * How long a connection may take to say what it speaks, TLS handshake included. @default 10000
   */
  readonly firstBytesTimeoutMillis?: number;
  /** Most connections at once; more are closed at once. @default 16384 */
  readonly maxConnections?: number;
  /** Idle time after which TCP probes whether the peer is still there. @default 30000 */
  readonly tcpKeepaliveMillis?: number;
  /**
   * Certificates and client checks as `node:tls` takes them; undefined serves no TLS. Client
   * certificates are asked for by `requestCert` and `rejectUnauthorized` here.
   */
  readonly tls?: TlsOptions;
  /** Whether connections without TLS are served. @default true without `tls`, false with it */
  readonly allowPlain?: boolean;
}

/** What a {@link PortServer} hands connections to. */
export interface PortServerDependencies {
  /** Takes HTTP/2 connections; without it they are closed. */
  readonly rpc?: Pick<RpcServer, "accept">;
  /**
   * Takes HTTP/1 connections; without it they are closed. The server must not listen itself; its
   * own time-outs for headers and requests work.
   */
  readonly http?: HttpServer;
  /** A connection was refused or died before it was handed over; for logs and metrics. */
  onRefused?(reason: RefusedReason, peer: string): void;
}

/** See {@link PortServerDependencies.onRefused}. */
export type RefusedReason =
  "connection-cap" | "first-bytes-timeout" | "tls-error" | "protocol" | "socket-error";

const defaultFirstBytesTimeoutMillis = 10_000;
const defaultMaxConnections = 16_384;
const defaultTcpKeepaliveMillis = 30_000;

/**
 * One listening port for everything: the first bytes of a connection decide who serves it.
 *
 * HTTP/2 with prior knowledge, or TLS that agrees on `h2` by ALPN, goes to the RPC server; anything
 * else is HTTP/1, whose server answers garbage by 400.
 */
export class PortServer {
  readonly #options: PortServerOptions;
  readonly #dependencies: PortServerDependencies;
  readonly #allowPlain: boolean;
  readonly #server: Server;
  readonly #tlsServer: TlsServer | undefined;
  readonly #sockets = new Set<Socket>();
  /** Taken at the start: an event that was waited for too late would never come. */
  readonly #serverClosed: Promise<void>;
  #hasListened = false;
  #closing: Promise<void> | undefined;

  constructor(options: PortServerOptions, dependencies: PortServerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#allowPlain = options.allowPlain ?? options.tls === undefined;
    this.#server = createPlainServer(
      {
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: options.tcpKeepaliveMillis ?? defaultTcpKeepaliveMillis,
      },
      (socket) => this.#onConnection(socket),
    );
    this.#serverClosed = new Promise((resolve) => this.#server.once("close", resolve));
    this.#server.maxConnections = options.maxConnections ?? defaultMaxConnections;
    this.#server.on("drop", (dropped) => {
      const peer =
        dropped === undefined ? "unknown" : `${dropped.remoteAddress}:${dropped.remotePort}`;
      this.#refuse("connection-cap", peer);
    });
    if (options.tls !== undefined) this.#tlsServer = this.#createTlsServer(options.tls);
    // A node:http server looks after slow headers only once it listens, or believes so.
    dependencies.http?.emit("listening");
  }

  /**
   * Starts to listen.
   *
   * @returns Where: the port that was chosen for 0, or the socket's path.
   * @throws {@link ListenError} with one sentence that says why it cannot.
   */
  listen(): Promise<ListenAddress> {
    const { address } = this.#options;
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => {
        reject(new ListenError(describe(address), error.code ?? error.message, error));
      };
      this.#server.once("error", onError);
      const onListening = (): void => {
        this.#hasListened = true;
        this.#server.off("error", onError);
        // Accept errors (EMFILE and the like) concern connections that were not there yet.
        this.#server.on("error", () => this.#refuse("socket-error", "unknown"));
        resolve(this.#boundAddress());
      };
      if (address.kind === "unix") this.#server.listen({ path: address.path }, onListening);
      else {
        const host = address.host === "" ? {} : { host: address.host };
        this.#server.listen({ port: address.port, ...host }, onListening);
      }
    });
  }

  /** Connections open now, handed over or not. */
  get connectionCount(): number {
    return this.#sockets.size;
  }

  /**
   * Uses other certificates for handshakes from now on.
   *
   * @throws Error of `node:tls` if they are not usable; those before stay in use.
   */
  setSecureContext(tls: TlsOptions): void {
    this.#tlsServer?.setSecureContext(tls);
  }

  /** Stops listening; connections stay with the servers they were handed to. */
  stopListening(): void {
    if (this.#server.listening) this.#server.close();
  }

  /** Stops listening and closes all connections. Close the RPC and HTTP servers first. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      if (this.#server.listening) this.#server.close();
      if (this.#hasListened) void this.#serverClosed.then(resolve);
      else resolve();
      for (const socket of this.#sockets) socket.destroy();
    });
    return this.#closing;
  }

  #boundAddress(): ListenAddress {
    const bound = this.#server.address();
    if (bound === null || typeof bound === "string") return this.#options.address;
    const { address } = this.#options;
    return { kind: "tcp", host: address.kind === "tcp" ? address.host : "", port: bound.port };
  }

  #onConnection(socket: Socket): void {
    const peer = `${socket.remoteAddress ?? "unknown"}:${socket.remotePort ?? 0}`;
    this.#sockets.add(socket);
    let isHandedOver = false;
    const timer = setTimeout(() => {
      this.#refuse("first-bytes-timeout", peer);
      socket.destroy();
    }, this.#options.firstBytesTimeoutMillis ?? defaultFirstBytesTimeoutMillis);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      clearTimeout(timer);
    });
    const onError = (): void => {
      if (!isHandedOver) this.#refuse("socket-error", peer);
    };
    socket.on("error", onError);
    let seen: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const speaker = firstSpeaker(seen);
      if (speaker === "undecided") return;
      socket.off("data", onData);
      socket.pause();
      socket.unshift(seen);
      isHandedOver = true;
      clearTimeout(timer);
      if (speaker === "tls" && this.#tlsServer !== undefined) {
        this.#tlsServer.emit("connection", socket); // Has a time-out of its own for the handshake.
      } else if (this.#allowPlain) this.#handOver(socket, speaker === "http2", peer);
      else this.#refuseProtocol(socket, peer);
    };
    socket.on("data", onData);
  }

  #createTlsServer(tls: TlsOptions): TlsServer {
    const server = createTlsServer({
      ...tls,
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: this.#options.firstBytesTimeoutMillis ?? defaultFirstBytesTimeoutMillis,
    });
    server.on("secureConnection", (socket) => {
      const peer = `${socket.remoteAddress ?? "unknown"}:${socket.remotePort ?? 0}`;
      socket.on("error", () => undefined); // The close that follows is what counts.
      this.#handOver(socket, socket.alpnProtocol === "h2", peer);
    });
    server.on("tlsClientError", (_error, socket) => {
      this.#refuse("tls-error", `${socket.remoteAddress ?? "unknown"}:${socket.remotePort ?? 0}`);
      socket.destroy();
    });
    return server;
  }

  #handOver(socket: Socket, isHttp2: boolean, peer: string): void {
    const { rpc, http } = this.#dependencies;
    if (isHttp2 && rpc !== undefined) {
      rpc.accept(socket);
    } else if (!isHttp2 && http !== undefined) {
      http.emit("connection", socket);
      // Node's parser reads the handle from here on, but first what was put back must flow.
      process.nextTick(() => socket.resume());
    } else {
      this.#refuseProtocol(socket, peer);
    }
  }

  #refuseProtocol(socket: Socket, peer: string): void {
    this.#refuse("protocol", peer);
    socket.destroy();
  }

  #refuse(reason: RefusedReason, peer: string): void {
    this.#dependencies.onRefused?.(reason, peer);
  }
}

function describe(address: ListenAddress): string {
  if (address.kind === "unix") return address.path;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}
