import { createServer, type Server as HttpServer } from "node:http";
import { connect, type Socket } from "node:net";
import { PortServer, type PortServerOptions } from "../port-server.ts";
import type { RpcMethod, RpcObserver, RpcServer } from "../rpc-server.ts";
import { RpcClient } from "./rpc-client.ts";

/** Settings that the suite changes; each implementation maps them to its own. */
export interface ComplianceOptions {
  readonly maxRequestBytes?: number;
  readonly maxConcurrentStreams?: number;
  readonly pingIntervalMinMillis?: number;
  readonly keepaliveTimeMillis?: number;
  readonly keepaliveTimeoutMillis?: number;
  readonly writeBufferBytes?: number;
  readonly maxHeaderBytes?: number;
  readonly answerTimeoutMillis?: number;
}

/** Makes the server under test. */
export type RpcServerFactory = (
  options: ComplianceOptions,
  dependencies: {
    onHandlerError(path: string, error: unknown): void;
    readonly observer?: RpcObserver;
  },
) => RpcServer;

/** A server on a free port of the loopback interface, and what it noticed. */
export interface Harness {
  readonly rpc: RpcServer;
  readonly port: number;
  readonly portServer: PortServer;
  readonly handlerErrors: { readonly path: string; readonly error: unknown }[];
  /** `started /path`, `received /path 3`, `sent /path 3`, `ended /path 0`. */
  readonly observed: string[];
  /** Calls that began and have not ended. */
  readonly openCalls: number;
  client(): RpcClient;
  /** A raw connection. */
  socket(): Socket;
  close(): Promise<void>;
}

/** Starts a server with the methods; HTTP/1 on its port is answered by 200 `http ` and the path. */
export async function startHarness(
  factory: RpcServerFactory,
  methods: readonly RpcMethod[],
  options: ComplianceOptions & { readonly port?: Partial<PortServerOptions> } = {},
): Promise<Harness> {
  const handlerErrors: { path: string; error: unknown }[] = [];
  const observed: string[] = [];
  let openCalls = 0;
  const rpc = factory(options, {
    onHandlerError: (path, error) => handlerErrors.push({ path, error }),
    observer: {
      callStarted: ({ path }) => {
        openCalls += 1;
        observed.push(`started ${path}`);
      },
      messageReceived: ({ path }, bytes) => observed.push(`received ${path} ${bytes}`),
      messageSent: ({ path }, bytes) => observed.push(`sent ${path} ${bytes}`),
      callEnded: ({ path }, code) => {
        openCalls -= 1;
        observed.push(`ended ${path} ${code}`);
      },
    },
  });
  for (const method of methods) rpc.addMethod(method);
  const http: HttpServer = createServer((request, response) => {
    response.end(`http ${request.url ?? ""}`);
  });
  const portServer = new PortServer(
    { address: { kind: "tcp", host: "127.0.0.1", port: 0 }, ...options.port },
    { rpc, http },
  );
  const address = await portServer.listen();
  const port = address.kind === "tcp" ? address.port : 0;
  const clients: RpcClient[] = [];
  const sockets: Socket[] = [];
  return {
    rpc,
    port,
    portServer,
    handlerErrors,
    observed,
    get openCalls() {
      return openCalls;
    },
    client: () => {
      const client = new RpcClient(`127.0.0.1:${port}`);
      clients.push(client);
      return client;
    },
    socket: () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined); // Tests look at the close.
      sockets.push(socket);
      return socket;
    },
    close: async () => {
      for (const client of clients) client.close();
      for (const socket of sockets) socket.destroy();
      await rpc.close(0);
      http.close();
      http.closeAllConnections();
      await portServer.close();
    },
  };
}
