import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { connect, createServer as createNetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { request as requestTls } from "node:https";
import { credentials } from "@grpc/grpc-js";
import {
  GrpcJsServer,
  ListenError,
  PortServer,
  type PortServerOptions,
  type RefusedReason,
} from "@quorate/grpc";
import { RpcClient } from "@quorate/grpc/testing";

const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, "testdata", name));
const serverTls = { key: pem("server-key.pem"), cert: pem("server.pem"), ca: pem("ca.pem") };

interface Running {
  readonly port: number;
  readonly portServer: PortServer;
  readonly refused: RefusedReason[];
}

/**
 * Runs a port with an RPC method that answers the caller's common name, and HTTP that says hello.
 */
async function withPort(
  options: Partial<PortServerOptions>,
  body: (running: Running) => Promise<void>,
  http: HttpServer = createServer((_request, response) => response.end("hello")),
): Promise<void> {
  const rpc = new GrpcJsServer(
    {},
    { onHandlerError: (_path, error) => assert.fail(String(error)) },
  );
  rpc.addMethod({
    kind: "unary",
    path: "/test.Who/AmI",
    handle: (_request, call) => call.respond([Buffer.from(call.peerCommonName ?? "nobody")]),
  });
  const refused: RefusedReason[] = [];
  const portServer = new PortServer(
    { address: { kind: "tcp", host: "127.0.0.1", port: 0 }, ...options },
    { rpc, http, onRefused: (reason) => refused.push(reason) },
  );
  const address = await portServer.listen();
  try {
    await body({ port: address.kind === "tcp" ? address.port : 0, portServer, refused });
  } finally {
    await rpc.close(0);
    http.closeAllConnections();
    http.close();
    await portServer.close();
  }
}

async function whoAmI(client: RpcClient): Promise<string> {
  const { code, details, messages } = await client.unary("/test.Who/AmI", Buffer.alloc(0)).outcome;
  client.close();
  return code === 0 ? String(messages[0]) : `${code} ${details}`;
}

async function textOf(socket: Socket): Promise<string> {
  let text = "";
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => (text += String(chunk)));
  if (!socket.closed) await once(socket, "close");
  return text;
}

describe("PortServer", () => {
  it("listens on a unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "port-"));
    const path = join(folder, "s");
    await withPort({ address: { kind: "unix", path } }, async () => {
      assert.equal(await whoAmI(new RpcClient(`unix:${path}`)), "nobody");
    });
    rmSync(folder, { recursive: true });
  });

  it("closes connections beyond the cap and serves again when there is room", async () => {
    await withPort({ maxConnections: 2 }, async ({ port, portServer, refused }) => {
      const held = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
      await Promise.all(held.map((socket) => once(socket, "connect")));
      assert.equal(await textOf(connect(port, "127.0.0.1")), "");
      assert.deepEqual(refused, ["connection-cap"]);
      assert.equal(portServer.connectionCount, 2);
      for (const socket of held) {
        socket.end();
        await textOf(socket);
      }
      assert.equal(await whoAmI(new RpcClient(`127.0.0.1:${port}`)), "nobody");
    });
  });

  it("lets the HTTP server's time-out for slow headers work", async () => {
    const http = createServer({ headersTimeout: 50, connectionsCheckingInterval: 20 });
    await withPort(
      {},
      async ({ port }) => {
        const socket = connect(port, "127.0.0.1");
        socket.write("GET / HTTP/1.1\r\nHost: x\r\n");
        assert.match(await textOf(socket), /^HTTP\/1\.1 408 /);
      },
      http,
    );
  });

  it("names who refused what: silence is a first-bytes time-out", async () => {
    await withPort({ firstBytesTimeoutMillis: 30 }, async ({ port, refused }) => {
      await textOf(connect(port, "127.0.0.1"));
      assert.deepEqual(refused, ["first-bytes-timeout"]);
    });
  });

  it("closes at once, with connections that never spoke and twice", async () => {
    await withPort({}, async ({ port, portServer }) => {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      await Promise.all([portServer.close(), portServer.close(), textOf(socket)]);
    });
  });
});

describe("PortServer that cannot listen", () => {
  const listenError = async (address: PortServerOptions["address"]): Promise<ListenError> => {
    const portServer = new PortServer({ address }, {});
    const error: unknown = await portServer.listen().then(
      () => assert.fail("listens"),
      (reason: unknown) => reason,
    );
    await portServer.close();
    assert.ok(error instanceof ListenError);
    return error;
  };

  it("says that the port is taken", async () => {
    const other = createNetServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const bound = other.address();
    assert.ok(bound !== null && typeof bound !== "string");
    const error = await listenError({ kind: "tcp", host: "127.0.0.1", port: bound.port });
    assert.equal(error.errno, "EADDRINUSE");
    assert.equal(
      error.message,
      `Cannot listen on "127.0.0.1:${bound.port}": another process uses this address (EADDRINUSE)`,
    );
    other.close();
  });

  it("says that the address is not this machine's", async () => {
    const error = await listenError({ kind: "tcp", host: "192.0.2.1", port: 0 });
    assert.equal(error.errno, "EADDRNOTAVAIL");
  });

  it("says that the folder of a socket is missing", async () => {
    const error = await listenError({ kind: "unix", path: "/no-such-folder/socket" });
    assert.match(error.message, /^Cannot listen on "\/no-such-folder\/socket": /);
  });
});

describe("PortServer with TLS", () => {
  const root = pem("ca.pem");

  it("takes h2 by ALPN as gRPC and anything else as HTTP", async () => {
    await withPort({ tls: serverTls }, async ({ port }) => {
      const security = credentials.createSsl(root);
      assert.equal(await whoAmI(new RpcClient(`localhost:${port}`, {}, security)), "nobody");
      const call = requestTls({ host: "127.0.0.1", servername: "localhost", port, ca: root });
      call.end();
      const [response] = await once(call, "response");
      let text = "";
      for await (const chunk of response) text += String(chunk);
      assert.equal(text, "hello");
    });
  });

  it("tells the common name of a client certificate only if it was verified", async () => {
    const tls = { ...serverTls, requestCert: true, rejectUnauthorized: false };
    await withPort({ tls }, async ({ port }) => {
      const alice = credentials.createSsl(root, pem("client-key.pem"), pem("client.pem"));
      assert.equal(await whoAmI(new RpcClient(`localhost:${port}`, {}, alice)), "alice");
      const anonymous = credentials.createSsl(root);
      assert.equal(await whoAmI(new RpcClient(`localhost:${port}`, {}, anonymous)), "nobody");
    });
  });

  it("refuses clients without a certificate where one is required", async () => {
    const tls = { ...serverTls, requestCert: true, rejectUnauthorized: true };
    await withPort({ tls }, async ({ port, refused }) => {
      assert.match(
        await whoAmI(new RpcClient(`localhost:${port}`, {}, credentials.createSsl(root))),
        /^14 /,
      );
      assert.ok(refused.includes("tls-error"));
    });
  });

  it("serves plain connections beside TLS only where allowed", async () => {
    await withPort({ tls: serverTls }, async ({ port, refused }) => {
      assert.match(await whoAmI(new RpcClient(`127.0.0.1:${port}`)), /^14 /);
      assert.ok(refused.every((reason) => reason === "protocol") && refused.length > 0);
    });
    await withPort({ tls: serverTls, allowPlain: true }, async ({ port }) => {
      assert.equal(await whoAmI(new RpcClient(`127.0.0.1:${port}`)), "nobody");
      const security = credentials.createSsl(root);
      assert.equal(await whoAmI(new RpcClient(`localhost:${port}`, {}, security)), "nobody");
    });
  });

  it("gives up a handshake that is not finished in time", async () => {
    await withPort({ tls: serverTls, firstBytesTimeoutMillis: 50 }, async ({ port, refused }) => {
      const socket = connect(port, "127.0.0.1");
      socket.write(Buffer.from([0x16, 3, 1, 0, 200]));
      await textOf(socket);
      assert.deepEqual(refused, ["tls-error"]);
    });
  });

  it("uses new certificates from then on, and keeps the old if the new are broken", async () => {
    await withPort({ tls: serverTls }, async ({ port, portServer }) => {
      const nameOf = async (): Promise<string> => {
        const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
        await once(socket, "secureConnect");
        const { subject } = socket.getPeerCertificate();
        socket.destroy();
        return String(subject.CN);
      };
      assert.equal(await nameOf(), "localhost");
      assert.throws(() => portServer.setSecureContext({ cert: "broken", key: "broken" }));
      assert.equal(await nameOf(), "localhost");
      portServer.setSecureContext({ cert: pem("client.pem"), key: pem("client-key.pem") });
      assert.equal(await nameOf(), "alice");
    });
  });
});
