import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Server, ServerInterceptor } from "@grpc/grpc-js";
import { UnsupportedLibraryError } from "./errors.ts";

/** What {@link hookServer} tells. */
export interface ServerHooks {
  /** A connection is about to serve calls. */
  onSession(session: ServerHttp2Session): void;
  /**
   * A request began. Calling `serve` lets grpc-js go on with it, under the given interceptor;
   * without it the hook has answered.
   */
  onStream(request: StreamRequest, serve: (interceptor: ServerInterceptor) => void): void;
}

/** The head of an HTTP/2 request. */
export interface StreamRequest {
  readonly stream: ServerHttp2Stream;
  /** Owned by the hook: grpc-js reads it after `serve`. */
  readonly headers: IncomingHttpHeaders;
  /** Names and values by turns, as they came. */
  readonly rawHeaders: readonly string[];
}

/**
 * Puts hooks into a grpc-js server, before its first injector is made.
 *
 * grpc-js has no public way to see a connection, a header before it is parsed or a call to an
 * unknown method. The two methods replaced here are private, so this file is bound to version
 * 1.14.7, and it refuses a server that lacks them. They are the ones of a server without channelz.
 *
 * @throws {@link UnsupportedLibraryError} if grpc-js has no such methods.
 */
export function hookServer(server: Server, hooks: ServerHooks): void {
  const handleStream = privateMethod(server, "_streamHandler");
  const handleSession = privateMethod(server, "_sessionHandler");
  Object.defineProperty(server, "_streamHandler", {
    value: (
      interceptors: readonly ServerInterceptor[],
      stream: ServerHttp2Stream,
      headers: IncomingHttpHeaders,
      _flags: number,
      rawHeaders: readonly string[],
    ): void => {
      hooks.onStream({ stream, headers, rawHeaders }, (interceptor) => {
        Reflect.apply(handleStream, server, [[...interceptors, interceptor], stream, headers]);
      });
    },
  });
  Object.defineProperty(server, "_sessionHandler", {
    value: (http2Server: unknown): ((session: ServerHttp2Session) => void) => {
      const next: unknown = Reflect.apply(handleSession, server, [http2Server]);
      if (typeof next !== "function") throw new UnsupportedLibraryError("_sessionHandler");
      return (session) => {
        hooks.onSession(session);
        Reflect.apply(next, server, [session]);
      };
    },
  });
}

function privateMethod(server: Server, name: string): (...args: never[]) => unknown {
  const method: unknown = Reflect.get(server, name);
  if (!isFunction(method)) throw new UnsupportedLibraryError(name);
  return method;
}

function isFunction(value: unknown): value is (...args: never[]) => unknown {
  return typeof value === "function";
}
