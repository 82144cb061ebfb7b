import { constants, type Http2Session } from "node:http2";
import type { Duplex } from "node:stream";
import {
  type ConnectionInjector,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
} from "@grpc/grpc-js";
import { NodeClock, NodeTimers } from "@quorate/platform";
import {
  type CallConnection,
  type CallContext,
  GrpcJsCall,
  passBytes,
  resetLater,
} from "./grpc-js-call.ts";
import { hookServer, type StreamRequest } from "./grpc-js-hooks.ts";
import { DeadlineQueue } from "./message/deadline-queue.ts";
import { parseGrpcTimeout } from "./message/grpc-timeout.ts";
import { encodeStatusMessage } from "./message/status-message.ts";
import { PingPolicy } from "./ping-policy.ts";
import type { RpcMethod, RpcServer } from "./rpc-server.ts";
import {
  checkOptions,
  defaultGrpcServerOptions,
  type GrpcServerDependencies,
  type GrpcServerOptions,
} from "./server-options.ts";
import { commonNameOf, peerOf } from "./socket-peer.ts";
import { StatusCode } from "./status-code.ts";
import { unknownMethodMessage } from "./wire-text.ts";

interface Connection extends CallConnection {
  openCalls: number;
}

/** What remaining calls end with when the server closes; clients go on elsewhere. */
const closingStatus = { code: StatusCode.UNAVAILABLE, message: "server is shutting down" } as const;
/** How long final statuses may take to reach clients when the deadline of `close` has passed. */
const farewellMillis = 250;

/**
 * An {@link RpcServer} on `@grpc/grpc-js`: HTTP/2 and framing are the library's, calls are driven
 * on its low-level call object, and sockets are injected.
 *
 * @example
 * ```ts
 * const rpc = new GrpcJsServer({}, { onHandlerError: (path, error) => console.error(path, error)
 * }); rpc.addMethod({ kind: "unary", path: "/a.B/Echo", handle: (bytes, call) =>
 * call.respond([bytes]) }); net.createServer((socket) => rpc.accept(socket)).listen(0);
 * ```
 */
export class GrpcJsServer implements RpcServer {
  readonly #options: GrpcServerOptions;
  readonly #deadlines = new DeadlineQueue({ clock: new NodeClock(), timers: new NodeTimers() });
  readonly #context: CallContext;
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  readonly #methods = new Map<string, RpcMethod>();
  readonly #services = new Set<string>();
  readonly #connections = new Map<Http2Session, Connection>();
  readonly #calls = new Set<GrpcJsCall>();
  #closing: Promise<void> | undefined;

  /** @throws {@link InvalidOptionsError} naming each option that is out of range. */
  constructor(options: Partial<GrpcServerOptions>, dependencies: GrpcServerDependencies) {
    this.#options = { ...defaultGrpcServerOptions, ...options };
    checkOptions(this.#options);
    this.#context = {
      maxRequestBytes: this.#options.maxRequestBytes,
      writeBufferBytes: this.#options.writeBufferBytes,
      deadlines: this.#deadlines,
      observer: dependencies.observer,
      onHandlerError: (path, error) => dependencies.onHandlerError(path, error),
    };
    this.#server = new Server({
      "grpc.enable_channelz": 0,
      "grpc.max_receive_message_length": this.#options.maxRequestBytes,
      "grpc.max_concurrent_streams": this.#options.maxConcurrentStreams,
    });
    hookServer(this.#server, {
      onSession: (session) => this.#onSession(session),
      onStream: (request, serve) => {
        const begun = this.#admit(request);
        if (begun === undefined) return;
        serve((_definition, transport) => {
          const call = new GrpcJsCall(
            begun.method,
            request,
            begun.timeoutMillis,
            { context: this.#context, connection: begun.connection },
            transport,
          );
          this.#calls.add(call);
          begun.connection.openCalls += 1;
          // grpc-js would now wire its own Node streams to the call: never calling `next` keeps the
          // call for ourselves.
          return new ServerInterceptingCall(transport, { start: () => call.start() });
        });
      },
    });
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  /** Connections open now. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  addMethod(method: RpcMethod): void {
    this.#methods.set(method.path, method);
    this.#services.add(method.path.slice(1, method.path.lastIndexOf("/")));
    this.#server.register(method.path, () => undefined, passBytes, passBytes, "bidi");
  }

  accept(socket: Duplex): void {
    if (this.#closing !== undefined) socket.destroy();
    else this.#injector.injectConnection(socket);
  }

  close(deadlineMillis: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMillis);
    return this.#closing;
  }

  async #close(deadlineMillis: number): Promise<void> {
    const ended = Promise.all([...this.#connections.keys()].map(untilClosed));
    // A closed session takes no new streams (GOAWAY) and ends with its last one.
    for (const session of this.#connections.keys()) session.close();
    if (!(await isSettledWithin(ended, deadlineMillis))) {
      for (const call of [...this.#calls]) call.abandon(closingStatus);
      if (!(await isSettledWithin(ended, farewellMillis))) {
        for (const session of this.#connections.keys()) session.destroy();
      }
    }
    // A session that does not even end by force must not keep the process from ending.
    await isSettledWithin(ended, farewellMillis);
    this.#deadlines.close();
    this.#injector.destroy();
  }

  #onSession(session: Http2Session): void {
    const { socket } = session;
    const pings = new PingPolicy(this.#options.pingIntervalMinMillis);
    const connection: Connection = {
      peer: peerOf(socket),
      peerCommonName: commonNameOf(socket),
      openCalls: 0,
      onSend: () => pings.forgive(),
      onEnd: (call) => {
        connection.openCalls -= 1;
        this.#calls.delete(call);
      },
    };
    this.#connections.set(session, connection);
    session.once("close", () => this.#connections.delete(session));
    session.on("ping", () => {
      if (pings.isAbuse(performance.now(), connection.openCalls)) disconnect(session);
    });
    const { keepaliveTimeMillis, quietProbeMillis, keepaliveTimeoutMillis } = this.#options;
    const quietMillis = Math.min(keepaliveTimeMillis || quietProbeMillis, quietProbeMillis);
    watchQuiet(session, quietMillis, keepaliveTimeoutMillis);
    session.settings({ maxHeaderListSize: this.#options.maxHeaderBytes });
  }

  /** Answers what is no call of a known method; what it returns may begin. */
  #admit({ stream, headers }: StreamRequest):
    | {
        readonly method: RpcMethod;
        readonly connection: Connection;
        readonly timeoutMillis: number | undefined;
      }
    | undefined {
    stream.on("error", () => undefined); // The close that follows is what counts.
    const connection =
      stream.session === undefined ? undefined : this.#connections.get(stream.session);
    if (connection === undefined || this.#closing !== undefined) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return undefined;
    }
    const answer = (status: number, code: StatusCode, message: string): undefined => {
      connection.onSend();
      stream.respond(
        {
          ":status": status,
          "content-type": "application/grpc",
          "grpc-status": code,
          "grpc-message": encodeStatusMessage(message),
        },
        { endStream: true },
      );
      stream.resume();
      if (!stream.readableEnded) resetLater(stream, () => false);
      return undefined;
    };
    const verb = headers[":method"];
    if (verb !== "POST") {
      return answer(405, StatusCode.INTERNAL, `received a ${verb} request; only POST is allowed`);
    }
    const type = headers["content-type"] ?? "";
    if (!/^application\/grpc($|[+;])/i.test(type)) {
      const text = `invalid gRPC request content-type ${JSON.stringify(type)}`;
      return answer(415, StatusCode.INVALID_ARGUMENT, text);
    }
    const path = headers[":path"] ?? "";
    const method = this.#methods.get(path);
    if (method === undefined) {
      return answer(200, StatusCode.UNIMPLEMENTED, unknownMethodMessage(path, this.#services));
    }
    const timeout = headers["grpc-timeout"];
    if (timeout === undefined) return { method, connection, timeoutMillis: undefined };
    const timeoutMillis = typeof timeout === "string" ? parseGrpcTimeout(timeout) : undefined;
    if (timeoutMillis === undefined) {
      return answer(400, StatusCode.INTERNAL, "malformed grpc-timeout");
    }
    // Deadlines are kept here: grpc-js computes them in 32 bits and fails calls with long ones.
    delete headers["grpc-timeout"];
    return { method, connection, timeoutMillis };
  }
}

function disconnect(session: Http2Session): void {
  if (session.destroyed) return;
  session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_many_pings"));
  setImmediate(() => session.destroy());
}

/**
 * Pings the client of a connection that has been quiet; without an answer in time it is closed.
 */
function watchQuiet(session: Http2Session, quietMillis: number, timeoutMillis: number): void {
  let timer: NodeJS.Timeout | undefined;
  session.once("close", () => clearTimeout(timer));
  session.setTimeout(quietMillis, () => {
    if (session.destroyed || timer !== undefined) return;
    timer = setTimeout(() => session.destroy(), timeoutMillis);
    timer.unref();
    const isSent = session.ping((error) => {
      clearTimeout(timer);
      timer = undefined;
      if (error !== null) session.destroy();
    });
    if (!isSent) session.destroy();
  });
}

function untilClosed(session: Http2Session): Promise<void> {
  return new Promise((resolve) => session.once("close", () => resolve()));
}

async function isSettledWithin(work: Promise<unknown>, millis: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(millis, 2 ** 31 - 1));
  });
  const isSettled = await Promise.race([work.then(() => true), expired]);
  clearTimeout(timer);
  return isSettled;
}
