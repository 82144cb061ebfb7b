import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import { Http2RpcServer, PortServer } from "@quorate/grpc";
import { describeRpcServer, RpcClient } from "@quorate/grpc/testing";

describeRpcServer("Http2RpcServer", (options, dependencies) => {
  return new Http2RpcServer(options, dependencies);
});

describe("Http2RpcServer over TLS", () => {
  const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, "testdata", name));
  const tls = {
    key: pem("server-key.pem"),
    cert: pem("server.pem"),
    ca: pem("ca.pem"),
    requestCert: true,
    rejectUnauthorized: false,
  };

  it("answers as over TCP, large messages too, and knows who calls", async () => {
    const rpc = new Http2RpcServer({}, { onHandlerError: (_path, error) => assert.ifError(error) });
    rpc.addMethod({
      kind: "unary",
      path: "/test.Tls/Echo",
      handle: (request, call) => call.respond([request, Buffer.from(call.peerCommonName ?? "-")]),
    });
    const address = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
    const portServer = new PortServer({ address, tls }, { rpc });
    const bound = await portServer.listen();
    const target = `localhost:${bound.kind === "tcp" ? bound.port : 0}`;
    const security = [
      credentials.createSsl(pem("ca.pem"), pem("client-key.pem"), pem("client.pem")),
      credentials.createSsl(pem("ca.pem")),
    ];
    const names: string[] = [];
    for (const each of security) {
      const client = new RpcClient(target, {}, each);
      const big = Buffer.alloc(1_000_000, "abc");
      const calls = [big, Buffer.from("x"), big].map((message) => {
        return client.unary("/test.Tls/Echo", message).outcome;
      });
      for (const { code, messages } of await Promise.all(calls)) {
        assert.equal(code, 0);
        const text = String(messages[0]);
        names.push(`${text.length > 999_999 ? "big" : "small"} ${text.replace(/^(abc)*[xa]/, "")}`);
      }
      client.close();
    }
    assert.deepEqual(names, [
      ...["big alice", "small alice", "big alice"],
      ...["big -", "small -", "big -"],
    ]);
    await rpc.close(0);
    await portServer.close();
  });
});

describe("Http2RpcServer.accept", () => {
  it("sets up connections of a busy turn in the next one, unless they are gone", async () => {
    const rpc = new Http2RpcServer({}, { onHandlerError: (_path, error) => assert.ifError(error) });
    const sockets = [silentSocket(), silentSocket(), silentSocket()] as const;
    rpc.accept(sockets[0]);
    const busyMillis = performance.now() + 20; // Longer than a turn's budget.
    while (performance.now() < busyMillis);
    rpc.accept(sockets[1]);
    rpc.accept(sockets[2]);
    assert.equal(rpc.connectionCount, 1);
    sockets[2].destroy(new Error("gone before its turn"));
    await nextTurn();
    assert.equal(rpc.connectionCount, 2);
    await rpc.close(0);
    assert.equal(rpc.connectionCount, 0);
  });
});

function silentSocket(): Duplex {
  return new Duplex({
    read: () => undefined,
    write: (_bytes, _encoding, done) => done(),
  });
}
