import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { data, FrameType, grpcMessage, headers, windowUpdate } from "./http2/frames.ts";
import { pour, untilQuiet } from "./http2/hostile-client.ts";
import { RawClient, type RawClientOptions } from "./http2/raw-client.ts";
import { block, call } from "./http2/rule.ts";
import { paths, TestServer, type TestServerOptions, until } from "./http2/test-server.ts";
import { WindowSender } from "./http2/window-sender.ts";

const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, "testdata", name));
const ca = pem("ca.pem");
const alice = { key: pem("client-key.pem"), cert: pem("client.pem") };
const serverTls = { key: pem("server-key.pem"), cert: pem("server.pem"), ca };
const asking: TestServerOptions = {
  port: { tls: { ...serverTls, requestCert: true, rejectUnauthorized: false } },
};

async function secure(
  server: TestServer,
  options: Partial<ConnectionOptions> = {},
): Promise<TLSSocket> {
  const socket = connect({
    host: "127.0.0.1",
    port: server.port,
    servername: "localhost",
    ca,
    ALPNProtocols: ["h2"],
    ...options,
  });
  await once(socket, "secureConnect");
  return socket;
}

async function openSecure(
  server: TestServer,
  options: Partial<ConnectionOptions> = {},
  clientOptions: RawClientOptions = {},
): Promise<RawClient> {
  const socket = await secure(server, options);
  assert.equal(socket.alpnProtocol, "h2");
  return RawClient.open(server.port, { ...clientOptions, socket });
}

/** A canary for ports that serve TLS alone. */
async function secureCanary(server: TestServer): Promise<void> {
  const client = await openSecure(server);
  assert.equal((await client.call(paths.echo, "canary")).grpcStatus, "0");
  await client.destroy();
}

describe("Http2RpcServer over TLS", () => {
  it("is chosen by ALPN; HTTP/1.1 has the same port", async () => {
    await TestServer.run(async (server) => {
      await secureCanary(server);
      const get = request({ host: "127.0.0.1", servername: "localhost", port: server.port, ca });
      get.end();
      const [response] = await once(get, "response");
      let text = "";
      for await (const chunk of response) text += String(chunk);
      assert.equal(text, "http /");
      const socket = await secure(server, { ALPNProtocols: ["http/1.1", "h2"] });
      assert.equal(socket.alpnProtocol, "h2", "the server prefers h2");
      socket.destroy();
    }, asking);
  });

  it("knows the common name of a client certificate that was verified, on every call", async () => {
    await TestServer.run(async (server) => {
      const known = await openSecure(server, alice);
      const unknown = await openSecure(server);
      for (let round = 0; round < 3; round += 1) {
        assert.equal((await known.call(paths.who, "")).body.toString("latin1", 5), "alice");
        assert.equal((await unknown.call(paths.who, "")).body.toString("latin1", 5), "nobody");
      }
      await known.destroy();
      await unknown.destroy();
    }, asking);
  });

  it("carries megabytes both ways, byte for byte", async () => {
    await TestServer.run(async (server) => {
      const client = await openSecure(server, {}, { settings: [[4, 0x7fffffff]] });
      client.send(windowUpdate(0, 1_000_000_000));
      const message = Buffer.alloc(2_000_000);
      for (let at = 0; at < message.length; at += 4) message.writeUInt32BE(at, at);
      const stream = client.open(paths.echo);
      await new WindowSender(client).send(stream, grpcMessage(message), { endStream: true });
      const { grpcStatus, body } = await client.answer(stream);
      assert.equal(grpcStatus, "0");
      assert.ok(body.subarray(5).equals(message));
      await client.destroy();
    }, asking);
  });

  it("answers many calls of one turn, each its own", async () => {
    await TestServer.run(async (server) => {
      const client = await openSecure(server);
      const streams = Array.from({ length: 300 }, () => client.newStream());
      client.send(
        ...streams.map((stream) => {
          const message = data(stream, grpcMessage(`call ${stream}`), { endStream: true });
          return Buffer.concat([headers(stream, block(paths.echo)), message]);
        }),
      );
      for (const stream of streams) {
        assert.deepEqual((await client.answer(stream)).body, grpcMessage(`call ${stream}`));
      }
      await client.destroy();
    }, asking);
  });

  it("stops reading from clients that do not read, and goes on when they do", async () => {
    await TestServer.run(async (server) => {
      const client = await openSecure(server, {}, { settings: [[4, 1_000_000_000]] });
      client.send(windowUpdate(0, 1_000_000_000));
      await client.barrier();
      client.socket.pause();
      const body = grpcMessage(Buffer.alloc(10_000));
      const sending = pour(client, 3_000, (index) => {
        const stream = 2 * index + 1;
        return Buffer.concat([headers(stream, block()), data(stream, body, { endStream: true })]);
      });
      const answered = (): number => server.harness.observed.length / 4;
      await untilQuiet(answered);
      assert.ok(answered() < 2_500, `${answered()} calls were answered`);
      await secureCanary(server);
      client.socket.resume();
      await sending;
      for (let index = 0; index < 3_000; index += 1) {
        assert.equal((await client.answer(2 * index + 1)).grpcStatus, "0");
      }
      await client.destroy();
    }, asking);
  });

  it("hears of connections that vanish, in the middle of calls and of answers", async () => {
    await TestServer.run(async (server) => {
      for (let round = 0; round < 10; round += 1) {
        const client = await openSecure(server, {}, { settings: [[4, 0x7fffffff]] });
        client.send(windowUpdate(0, 1_000_000_000), call(1, paths.hold));
        const ask = data(3, grpcMessage("1000 10000"), { endStream: true });
        client.send(headers(3, block(paths.flood)), ask);
        await client.expectType(FrameType.data, 3);
        if (round % 2 === 0) client.socket.end();
        else await client.destroy();
        await server.untilIdle();
        await client.destroy();
      }
      await server.untilDeserted();
    }, asking);
  });

  it("says why it ends a connection before it does", async () => {
    await TestServer.run(async (server) => {
      const client = await openSecure(server);
      client.send(data(0, Buffer.from("x")));
      await client.expectGoAway("PROTOCOL_ERROR");
      await client.destroy();
    }, asking);
  });

  it("is not reached without a whole handshake: others are cut", async () => {
    const quick = { port: { tls: serverTls, firstBytesTimeoutMillis: 50 } };
    await TestServer.run(async (server) => {
      const begun = connectPlain(server.port, "127.0.0.1");
      begun.on("error", () => undefined);
      begun.write(Buffer.from([0x16, 3, 1, 0, 200]));
      const plain = new RawClient(server.port);
      plain.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
      begun.resume();
      await Promise.all([plain.expectClose(), once(begun, "close")]);
      await until("both are gone", () => server.harness.portServer.connectionCount === 0);
      await secureCanary(server);
    }, quick);
  });
});
