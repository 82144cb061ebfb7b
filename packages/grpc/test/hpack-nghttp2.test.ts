import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { HeaderField } from "../src/hpack/header-field.ts";
import { type HpackDecoder } from "../src/hpack/hpack-decoder.ts";
import { HpackEncoder } from "../src/hpack/hpack-encoder.ts";
import { decoderWith, pairsOf, type Pair } from "./hpack-support.ts";

const prefaceBytes = 24;
const frameHeadBytes = 9;
const type = { headers: 1, settings: 4, continuation: 9 } as const;
const flag = { ack: 1, endStream: 1, endHeaders: 4, priority: 0x20 } as const;
const headerTableSize = 1;

function frame(kind: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = kind;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function tableSetting(bytes: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(headerTableSize, 0);
  payload.writeUInt32BE(bytes, 2);
  return frame(type.settings, 0, 0, payload);
}

/**
 * The least of HTTP/2 that a client of node:http2 (nghttp2) talks to: each of its header blocks is
 * decoded, and answered with the fields that the test asks for.
 */
class Peer {
  readonly decoder: HpackDecoder;
  readonly encoder = new HpackEncoder();
  readonly requests: (readonly Pair[])[] = [];
  answer: readonly HeaderField[] = [new HeaderField(":status", "200")];
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isGreeted = false;
  #tableBytesMax: number;
  #block: Uint8Array[] = [];

  constructor(socket: Socket, tableBytesMax: number) {
    this.#socket = socket;
    this.#tableBytesMax = tableBytesMax;
    this.decoder = decoderWith({ listBytesMax: 10 ** 6, fieldsMax: 10 ** 4 });
    socket.write(tableSetting(tableBytesMax));
    socket.on("data", (bytes) => this.#onBytes(bytes));
    socket.on("error", () => undefined);
  }

  changeTable(bytes: number): void {
    this.#tableBytesMax = bytes;
    this.#socket.write(tableSetting(bytes));
  }

  #onBytes(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    if (!this.#isGreeted) {
      if (this.#received.length < prefaceBytes) return;
      this.#received = this.#received.subarray(prefaceBytes);
      this.#isGreeted = true;
    }
    while (this.#received.length >= frameHeadBytes) {
      const end = frameHeadBytes + this.#received.readUIntBE(0, 3);
      if (this.#received.length < end) return;
      const whole = this.#received.subarray(0, end);
      this.#received = this.#received.subarray(end);
      const payload = whole.subarray(frameHeadBytes);
      this.#onFrame(whole[3] ?? 0, whole[4] ?? 0, whole.readUInt32BE(5), payload);
    }
  }

  #onFrame(kind: number, flags: number, stream: number, payload: Buffer): void {
    if (kind === type.settings) {
      if ((flags & flag.ack) !== 0) this.decoder.setTableBytesMax(this.#tableBytesMax);
      else this.#onSettings(payload);
      return;
    }
    if (kind !== type.headers && kind !== type.continuation) return;
    this.#block.push(
      kind === type.headers && (flags & flag.priority) !== 0 ? payload.subarray(5) : payload,
    );
    if ((flags & flag.endHeaders) === 0) return;
    const block = Buffer.concat(this.#block);
    this.#block = [];
    this.requests.push(pairsOf(this.decoder.decode(block).fields));
    const flags2 = flag.endHeaders | flag.endStream;
    this.#socket.write(frame(type.headers, flags2, stream, this.encoder.encode(this.answer)));
  }

  #onSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) === headerTableSize) {
        this.encoder.setTableBytesMax(payload.readUInt32BE(at + 2));
      }
    }
    this.#socket.write(frame(type.settings, flag.ack, 0, Buffer.alloc(0)));
  }
}

async function request(
  session: ClientHttp2Session,
  headers: Record<string, string | string[]>,
): Promise<IncomingHttpHeaders> {
  const stream = session.request({ ":path": "/", ...headers });
  const answered = once(stream, "response");
  stream.resume();
  const ended = once(stream, "close");
  const [fields]: IncomingHttpHeaders[] = await answered;
  await ended;
  return fields ?? {};
}

describe("HPACK against nghttp2", () => {
  let server: Server;
  let accept: (peer: Peer) => void = () => undefined;
  let tableBytesMax = 4_096;

  before(async () => {
    server = createServer((socket) => accept(new Peer(socket, tableBytesMax)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  async function withClient(
    sizes: { readonly ofServer: number; readonly ofClient: number },
    use: (session: ClientHttp2Session, peer: Peer) => Promise<void>,
  ): Promise<void> {
    tableBytesMax = sizes.ofServer;
    const accepted = new Promise<Peer>((resolve) => (accept = resolve));
    const { port }: AddressInfo = toAddress(server);
    const session = connect(`http://127.0.0.1:${port}`, {
      settings: { headerTableSize: sizes.ofClient },
    });
    try {
      await once(session, "remoteSettings");
      await use(session, await accepted);
    } finally {
      session.destroy();
    }
  }

  const sizes = [
    { ofServer: 4_096, ofClient: 4_096 },
    { ofServer: 0, ofClient: 0 },
    { ofServer: 100, ofClient: 64 },
    { ofServer: 65_536, ofClient: 65_536 },
  ];
  for (const size of sizes) {
    it(`agrees with tables of ${size.ofServer} and ${size.ofClient} bytes`, async () => {
      await withClient(size, async (session, peer) => {
        for (let round = 0; round < 60; round += 1) {
          const headers = {
            ":path": `/service/Method${round % 3}`,
            "content-type": "application/grpc",
            te: "trailers",
            "grpc-timeout": `${1_000_000 + round}u`,
            [`x-${round % 7}`]: "v".repeat(round),
            authorization: "secret",
          };
          peer.answer = [
            new HeaderField(":status", round % 4 === 0 ? "418" : "200"),
            new HeaderField("content-type", "application/grpc"),
            new HeaderField("grpc-status", String(round % 2)),
            new HeaderField("grpc-message", `round ${round} {%}`),
          ];
          const fields = await request(session, headers);
          const got = Object.fromEntries(peer.requests.at(-1) ?? []);
          for (const [name, value] of Object.entries(headers)) assert.equal(got[name], value, name);
          assert.equal(got[":method"], "GET");
          assert.equal(fields[":status"], round % 4 === 0 ? 418 : 200);
          assert.equal(fields["content-type"], "application/grpc");
          assert.equal(fields["grpc-status"], String(round % 2));
          assert.equal(fields["grpc-message"], `round ${round} {%}`);
        }
        assert.ok(peer.decoder.tableBytes <= Math.min(size.ofServer, 4_096));
        assert.equal(peer.decoder.tableBytes > 0, size.ofServer > 0);
      });
    });
  }

  it("follows a table size that changes on the way, in both directions", async () => {
    await withClient(sizes[0] ?? { ofServer: 0, ofClient: 0 }, async (session, peer) => {
      peer.answer = [
        new HeaderField(":status", "200"),
        new HeaderField("content-type", "application/grpc"),
      ];
      for (const bytes of [100, 4_096, 0, 0, 1_000, 70, 4_096]) {
        peer.changeTable(bytes);
        await once(session, "remoteSettings");
        const acknowledged = once(session, "localSettings");
        session.settings({ headerTableSize: bytes });
        await acknowledged;
        for (const value of ["one", "one", "two"]) {
          const fields = await request(session, { "x-value": value });
          assert.equal(Object.fromEntries(peer.requests.at(-1) ?? [])["x-value"], value);
          assert.equal(fields["content-type"], "application/grpc");
          assert.ok(peer.decoder.tableBytes <= bytes);
        }
      }
    });
  });

  it("agrees on the Huffman code of every character of a header value", async () => {
    await withClient(sizes[0] ?? { ofServer: 0, ofClient: 0 }, async (session, peer) => {
      for (let byte = 0x20; byte <= 0xff; byte += 1) {
        if (byte === 0x7f) continue; // No header value has it.
        // Between many short codes, so that Huffman code pays on both sides.
        const value = `a${"a".repeat(40)}${String.fromCharCode(byte).repeat(3)}a`;
        peer.answer = [new HeaderField(":status", "200"), new HeaderField("x-value", value)];
        const fields = await request(session, { "x-value": value });
        const got = Object.fromEntries(peer.requests.at(-1) ?? [])["x-value"];
        assert.equal(got, value, `decoded 0x${byte.toString(16)}`);
        assert.equal(fields["x-value"], value, `encoded 0x${byte.toString(16)}`);
      }
    });
  });
});

function toAddress(server: Server): AddressInfo {
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return address;
}
