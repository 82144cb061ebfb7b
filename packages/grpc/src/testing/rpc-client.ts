import {
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";

/** How a call ended, as its client saw it. */
export interface ClientOutcome {
  readonly code: number;
  readonly details: string;
  /** Messages received, in order. */
  readonly messages: readonly Buffer[];
}

/** A unary call under way. */
export interface ClientUnaryCall {
  readonly outcome: Promise<ClientOutcome>;
  cancel(): void;
}

/** What a call may be given. */
export interface ClientCallOptions {
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  readonly timeoutMillis?: number;
}

const passBytes = (bytes: Buffer): Buffer => bytes;

/** A real grpc-js client that sends and receives bytes. */
export class RpcClient {
  readonly #client: Client;

  /** @param target - As grpc-js takes it: `127.0.0.1:1234` or `unix:/path`. */
  constructor(
    target: string,
    options: ChannelOptions = {},
    security: ChannelCredentials = credentials.createInsecure(),
  ) {
    this.#client = new Client(target, security, {
      "grpc.max_receive_message_length": -1,
      "grpc.enable_retries": 0,
      // One connection of its own for each client.
      "grpc.use_local_subchannel_pool": 1,
      ...options,
    });
  }

  /** Calls a unary method; the promise never rejects. */
  unary(path: string, request: Buffer, options: ClientCallOptions = {}): ClientUnaryCall {
    let cancel = (): void => undefined;
    const outcome = new Promise<ClientOutcome>((resolve) => {
      const call = this.#client.makeUnaryRequest(
        path,
        passBytes,
        passBytes,
        request,
        metadataOf(options),
        callOptionsOf(options),
        (error: ServiceError | null, response?: Buffer) => {
          resolve({
            code: error?.code ?? 0,
            details: error?.details ?? "",
            messages: response === undefined ? [] : [response],
          });
        },
      );
      cancel = () => call.cancel();
    });
    return { outcome, cancel };
  }

  /** Calls a method that streams answers. */
  serverStream(
    path: string,
    request: Buffer,
    options: ClientCallOptions = {},
  ): ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest(
      path,
      passBytes,
      passBytes,
      request,
      metadataOf(options),
      callOptionsOf(options),
    );
  }

  /** Opens a bidirectional stream. */
  bidiStream(path: string, options: ClientCallOptions = {}): ClientDuplexStream<Buffer, Buffer> {
    return this.#client.makeBidiStreamRequest(
      path,
      passBytes,
      passBytes,
      metadataOf(options),
      callOptionsOf(options),
    );
  }

  close(): void {
    this.#client.close();
  }
}

/** Reads a stream to its end; never rejects. */
export async function readAll(stream: ClientReadableStream<Buffer>): Promise<ClientOutcome> {
  const messages: Buffer[] = [];
  stream.on("data", (message: Buffer) => messages.push(message));
  stream.on("error", () => undefined); // The status tells the same.
  const status = await new Promise<StatusObject>((resolve) => stream.once("status", resolve));
  return { code: status.code, details: status.details, messages };
}

function metadataOf(options: ClientCallOptions): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.headers ?? {})) metadata.add(name, value);
  return metadata;
}

function callOptionsOf(options: ClientCallOptions): CallOptions {
  if (options.timeoutMillis === undefined) return {};
  return { deadline: Date.now() + options.timeoutMillis };
}
