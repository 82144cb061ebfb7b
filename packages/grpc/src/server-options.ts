import { InvalidOptionsError } from "./errors.ts";
import type { RpcObserver } from "./rpc-server.ts";

/** Settings of an RPC server, whichever transport it has. */
export interface GrpcServerOptions {
  /**
   * Largest request message, judged on its length prefix before its bytes are kept, and again while
   * it is decompressed. etcd takes `--max-request-bytes` + 512 KiB here.
   *
   * @default 2097152
   */
  readonly maxRequestBytes: number;
  /** Most calls open at once on one connection, in `[1, 2^32-1]`. @default 4294967295 */
  readonly maxConcurrentStreams: number;
  /** Clients that ping more often are disconnected; 0 lets them. @default 5000 */
  readonly pingIntervalMinMillis: number;
  /**
   * How long a connection is quiet before the server pings its client; 0 never. @default 7200000
   */
  readonly keepaliveTimeMillis: number;
  /**
   * The same for the server's own good, whatever keep-alive is wanted: some connections can be told
   * dead in no other way (DESIGN.md, "Quiet connections"). The smaller of both counts.
   *
   * @default 60000
   */
  readonly quietProbeMillis: number;
  /** How long a client may take to answer a ping before its connection is closed. @default 20000 */
  readonly keepaliveTimeoutMillis: number;
  /**
   * How long a client may take to acknowledge settings, and to finish a header block that it has
   * begun. `GrpcJsServer` does not know this bound.
   *
   * @default 10000
   */
  readonly answerTimeoutMillis: number;
  /** `write` of a stream answers false from this many unsent bytes on. @default 262144 */
  readonly writeBufferBytes: number;
  /** Largest header list of a request as HTTP/2 counts it. @default 16384 */
  readonly maxHeaderBytes: number;
}

/** The defaults of {@link GrpcServerOptions}; those that etcd has too are etcd's. */
export const defaultGrpcServerOptions: GrpcServerOptions = {
  maxRequestBytes: 1_572_864 + 524_288,
  maxConcurrentStreams: 2 ** 32 - 1,
  pingIntervalMinMillis: 5_000,
  keepaliveTimeMillis: 7_200_000,
  quietProbeMillis: 60_000,
  keepaliveTimeoutMillis: 20_000,
  answerTimeoutMillis: 10_000,
  writeBufferBytes: 262_144,
  maxHeaderBytes: 16_384,
};

/** What an RPC server needs from its owner. */
export interface GrpcServerDependencies {
  /** A handler or listener threw; its call has been ended with INTERNAL. */
  onHandlerError(path: string, error: unknown): void;
  readonly observer?: RpcObserver;
}

/**
 * Checks the options of a server.
 *
 * @throws {@link InvalidOptionsError} naming each option that is out of range.
 */
export function checkOptions(options: GrpcServerOptions): void {
  const problems: string[] = [];
  const expect = (name: keyof GrpcServerOptions, least: number, most: number): void => {
    const value = options[name];
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      problems.push(`${name} is ${value}, expected an integer in [${least}, ${most}]`);
    }
  };
  expect("maxRequestBytes", 1, 2 ** 31 - 1);
  expect("maxConcurrentStreams", 1, 2 ** 32 - 1);
  expect("pingIntervalMinMillis", 0, 2 ** 31 - 1);
  expect("keepaliveTimeMillis", 0, Number.MAX_SAFE_INTEGER);
  expect("quietProbeMillis", 1, 2 ** 31 - 1);
  expect("keepaliveTimeoutMillis", 1, 2 ** 31 - 1);
  expect("answerTimeoutMillis", 1, 2 ** 31 - 1);
  expect("writeBufferBytes", 1, 2 ** 31 - 1);
  expect("maxHeaderBytes", 1_024, 2 ** 24);
  if (problems.length > 0) throw new InvalidOptionsError(problems);
}
