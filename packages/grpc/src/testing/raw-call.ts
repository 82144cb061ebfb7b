import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";

/** How a raw call ended: what HTTP/2 carried. */
export interface RawOutcome {
  readonly httpStatus: number;
  readonly grpcStatus: string | undefined;
  /** Percent-decoded. */
  readonly grpcMessage: string | undefined;
  readonly body: Buffer;
}

/** An HTTP/2 client without gRPC manners, for requests that no library would send. */
export async function connectRaw(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined); // Tests look at the close.
  await once(session, "remoteSettings");
  return session;
}

/**
 * Opens a request with gRPC's usual headers, which `headers` replaces or, by undefined, removes.
 */
export function openRaw(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): ClientHttp2Stream {
  const all: OutgoingHttpHeaders = {};
  const usual = {
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  };
  for (const [name, value] of Object.entries<string | readonly string[] | undefined>({
    ...usual,
    ...headers,
  })) {
    if (typeof value === "string") all[name] = value;
    else if (value !== undefined) all[name] = [...value];
  }
  const stream = session.request(all, { endStream: false });
  stream.on("error", () => undefined);
  return stream;
}

/** Waits for the end of a request. */
export async function rawOutcome(stream: ClientHttp2Stream): Promise<RawOutcome> {
  let head: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on("response", (headers) => (head = headers));
  stream.on("trailers", (headers) => (trailers = headers));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve) => {
    stream.once("end", resolve);
    stream.once("close", resolve);
  });
  const message = trailers["grpc-message"] ?? head["grpc-message"];
  const status = trailers["grpc-status"] ?? head["grpc-status"];
  return {
    httpStatus: Number(head[":status"] ?? 0),
    grpcStatus: typeof status === "string" ? status : undefined,
    grpcMessage: typeof message === "string" ? decodeURIComponent(message) : undefined,
    body: Buffer.concat(chunks),
  };
}

/** One message in gRPC's framing. */
export function frame(message: Buffer, isCompressed = false): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(isCompressed ? 1 : 0, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
