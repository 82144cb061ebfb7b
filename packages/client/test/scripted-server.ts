import * as grpc from "@grpc/grpc-js";
import type { WireError } from "@quorate/api";

interface UnaryMethodLike<Request, ResponseInit> {
  readonly path: string;
  readonly decodeRequest: (bytes: Uint8Array) => Request;
  readonly encodeResponse: (message: ResponseInit) => Uint8Array;
}

/** The server's side of one open stream, in decoded messages. */
export interface ScriptedStream<Request, ResponseInit> {
  readonly metadata: grpc.Metadata;
  send(response: ResponseInit): void;
  /** The next message of the client; waits for it. Undefined when the stream is over. */
  next(): Promise<Request | undefined>;
  /** Ends the stream with an error. */
  fail(error: WireError): void;
}

/** An error a handler answers with. */
export class Refusal extends Error {
  readonly wire: WireError;

  constructor(wire: WireError) {
    super(wire.message);
    this.wire = wire;
  }
}

/**
 * A gRPC server on loopback that answers as the test says; speaks the real wire format.
 *
 * Handlers are set per method; what has none is UNIMPLEMENTED, as on a server without it.
 */
export class ScriptedServer implements AsyncDisposable {
  readonly #server = new grpc.Server();
  readonly #counts = new Map<string, number>();
  port = 0;

  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** How often a method was called. */
  count(method: { readonly path: string }): number {
    return this.#counts.get(method.path) ?? 0;
  }

  /** Answers a method with one answer; throw {@link Refusal} to fail it. */
  on<Request, ResponseInit>(
    method: UnaryMethodLike<Request, ResponseInit>,
    handler: (request: Request, metadata: grpc.Metadata) => ResponseInit | Promise<ResponseInit>,
  ): this {
    const handle: grpc.handleUnaryCall<Buffer, Buffer> = (call, callback) => {
      this.#countCall(method.path);
      Promise.resolve()
        .then(() => handler(method.decodeRequest(call.request), call.metadata))
        .then(
          (response) => callback(null, Buffer.from(method.encodeResponse(response))),
          (error: unknown) => callback(toStatus(error), null),
        );
    };
    this.#server.register(method.path, handle, identity, identity, "unary");
    return this;
  }

  /** Serves a method with streams on both sides; the handler owns the stream until it returns. */
  onStream<Request, ResponseInit>(
    method: UnaryMethodLike<Request, ResponseInit>,
    handler: (stream: ScriptedStream<Request, ResponseInit>) => Promise<void>,
  ): this {
    const handle: grpc.handleBidiStreamingCall<Buffer, Buffer> = (call) => {
      this.#countCall(method.path);
      const iterator = call[Symbol.asyncIterator]();
      const stream: ScriptedStream<Request, ResponseInit> = {
        metadata: call.metadata,
        send: (response) => call.write(Buffer.from(method.encodeResponse(response))),
        next: async () => {
          try {
            const result = await iterator.next();
            return result.done === true ? undefined : method.decodeRequest(result.value);
          } catch {
            return undefined;
          }
        },
        fail: (error) => call.emit("error", toStatus(new Refusal(error))),
      };
      handler(stream).then(
        () => call.end(),
        (error: unknown) => call.emit("error", toStatus(error)),
      );
    };
    this.#server.register(method.path, handle, identity, identity, "bidi");
    return this;
  }

  /** Serves a method that answers with a stream. */
  onServerStream<Request, ResponseInit>(
    method: UnaryMethodLike<Request, ResponseInit>,
    handler: (request: Request, cancelled: AbortSignal) => AsyncIterable<ResponseInit>,
  ): this {
    const handle: grpc.handleServerStreamingCall<Buffer, Buffer> = (call) => {
      this.#countCall(method.path);
      const cancelled = new AbortController();
      call.on("cancelled", () => cancelled.abort());
      const run = async (): Promise<void> => {
        for await (const each of handler(method.decodeRequest(call.request), cancelled.signal)) {
          call.write(Buffer.from(method.encodeResponse(each)));
        }
      };
      run().then(
        () => call.end(),
        (error: unknown) => call.emit("error", toStatus(error)),
      );
    };
    this.#server.register(method.path, handle, identity, identity, "serverStream");
    return this;
  }

  /** Starts to serve on a free port; without TLS unless credentials are given. */
  async start(credentials = grpc.ServerCredentials.createInsecure()): Promise<this> {
    this.port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync("127.0.0.1:0", credentials, (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return this;
  }

  /** Ends everything at once. */
  stop(): void {
    this.#server.forceShutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await Promise.resolve();
  }

  #countCall(path: string): void {
    this.#counts.set(path, this.count({ path }) + 1);
  }
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}

function toStatus(error: unknown): Partial<grpc.StatusObject> & Error {
  const wire = error instanceof Refusal ? error.wire : { code: 13, message: String(error) };
  return Object.assign(new Error(wire.message), { code: wire.code, details: wire.message });
}
