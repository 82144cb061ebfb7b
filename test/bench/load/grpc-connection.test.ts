import assert from "node:assert/strict";
import { createServer, type ServerHttp2Stream } from "node:http2";
import { after, before, describe, test } from "node:test";

import { GrpcConnection, prefixed } from "./grpc-connection.ts";

/** Another implementation of HTTP/2 that echoes messages and ends with the status of the path. */
const server = createServer();
let endpoint = "";

before(async () => {
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const status = headers[":path"]?.slice(1) ?? "";
    // Streams that this test breaks, or whose connection it closes, fail here, too.
    stream.on("error", () => undefined);
    assert.equal(headers["content-type"], "application/grpc");
    assert.equal(headers["te"], "trailers");
    if (status === "only-headers") {
      stream.respond({ ":status": 200, "grpc-status": "14" }, { endStream: true });
      return;
    }
    if (status === "reset") {
      stream.close(2);
      return;
    }
    stream.respond(
      { ":status": 200, "content-type": "application/grpc" },
      { waitForTrailers: true },
    );
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
    stream.pipe(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address !== null && typeof address === "object") endpoint = `127.0.0.1:${address.port}`;
});

after(() => {
  server.close();
});

/** Makes one call and gathers what comes back. */
function call(
  connection: GrpcConnection,
  path: string,
  message: Buffer,
): Promise<{ readonly status: number; readonly messages: readonly Buffer[] }> {
  return new Promise((resolve) => {
    const messages: Buffer[] = [];
    connection.call(path, prefixed(message), {
      onMessage: (bytes, begin, end) => messages.push(Buffer.from(bytes.subarray(begin, end))),
      onEnd: (status) => resolve({ status, messages }),
    });
  });
}

describe("GrpcConnection", () => {
  test("reads every gRPC status, plain or in Huffman's code", async () => {
    const connection = await GrpcConnection.connect(endpoint);
    for (let status = 0; status <= 16; status += 1) {
      const answer = await call(connection, `/${status}`, Buffer.from("hello"));
      assert.deepEqual(answer, { status, messages: [Buffer.from("hello")] });
    }
    assert.equal((await call(connection, "/only-headers", Buffer.alloc(0))).status, 14);
    connection.close();
  });

  test("sends messages larger than the windows and puts large answers together", async () => {
    const connection = await GrpcConnection.connect(endpoint);
    const large = Buffer.alloc(1_000_000, "0123456789abcdef");
    const both = await Promise.all([
      call(connection, "/0", large),
      call(connection, "/0", large.subarray(0, 200_000)),
    ]);
    assert.deepEqual(
      both.map(({ messages }) => messages.map(({ length }) => length)),
      [[1_000_000], [200_000]],
    );
    assert.ok(both[0].messages[0]?.equals(large));
    connection.close();
  });

  test("keeps many calls apart", async () => {
    const connection = await GrpcConnection.connect(endpoint);
    const texts = Array.from({ length: 500 }, (_, index) => Buffer.from(`message ${index}`));
    const answers = await Promise.all(texts.map((text) => call(connection, "/0", text)));
    assert.deepEqual(
      answers.map(({ messages }) => String(messages[0])),
      texts.map(String),
    );
    connection.close();
  });

  test("streams messages both ways until the request is ended", async () => {
    const connection = await GrpcConnection.connect(endpoint);
    const seen: string[] = [];
    const status = await new Promise<number>((resolve) => {
      const stream = connection.open("/0", {
        onMessage: (bytes, begin, end) => {
          seen.push(bytes.toString("latin1", begin, end));
          if (seen.length === 3) stream.end();
          else stream.send(prefixed(Buffer.from(`message ${seen.length}`)));
        },
        onEnd: resolve,
      });
      stream.send(prefixed(Buffer.from("message 0")));
    });
    assert.deepEqual(seen, ["message 0", "message 1", "message 2"]);
    assert.equal(status, 0);
    connection.close();
  });

  test("a call whose stream or connection breaks ends with -1", async () => {
    const connection = await GrpcConnection.connect(endpoint);
    assert.equal((await call(connection, "/reset", Buffer.alloc(0))).status, -1);
    const open = new Promise<number>((resolve) => {
      connection.open("/0", { onMessage: () => undefined, onEnd: resolve });
    });
    connection.close();
    assert.equal(await open, -1);
    assert.equal((await call(connection, "/0", Buffer.alloc(0))).status, -1);
  });
});
