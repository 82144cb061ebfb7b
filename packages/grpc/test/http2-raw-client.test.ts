import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeFields, type Field, FieldDecoder, prefixedInteger } from "./http2/field-block.ts";
import { data, describeFrame, FrameReader, goAway, headers, rstStream } from "./http2/frames.ts";
import { paths, TestServer } from "./http2/test-server.ts";

/** The tests of the wire are worth what their client is worth. */
describe("the raw client of the HTTP/2 tests", () => {
  it("decodes the requests and answers of RFC 7541, appendix C", () => {
    const chains: readonly (readonly (readonly [string, number, string])[])[] = [
      [
        // C.3: requests without Huffman code.
        ["828684410f7777772e6578616d706c652e636f6d", 4_096, ":authority www.example.com"],
        ["828684be58086e6f2d6361636865", 4_096, "cache-control no-cache"],
        [
          "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
          4_096,
          "custom-key custom-value",
        ],
      ],
      [
        // C.4: the same with Huffman code.
        ["828684418cf1e3c2e5f23a6ba0ab90f4ff", 4_096, ":authority www.example.com"],
        ["828684be5886a8eb10649cbf", 4_096, "cache-control no-cache"],
        ["828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", 4_096, "custom-key custom-value"],
      ],
      [
        // C.6: answers with Huffman code and a table of 256 bytes that evicts.
        [
          "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff" +
            "6e919d29ad171863c78f0b97c8e9ae82ae43d3",
          256,
          "location https://www.example.com",
        ],
        ["4883640effc1c0bf", 256, "location https://www.example.com"],
        [
          "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e782" +
            "1dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5" +
            "b1063d5007",
          256,
          "set-cookie foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
        ],
      ],
    ];
    for (const chain of chains) {
      const decoder = new FieldDecoder(chain[0]?.[1]);
      for (const [hex, , last] of chain) {
        const fields = decoder.decode(Buffer.from(hex, "hex"));
        assert.equal(fields.at(-1)?.join(" "), last);
      }
    }
  });

  it("writes literals that its decoder reads, of any length", () => {
    const fields: readonly Field[] = [
      ["", ""],
      ["name", "v".repeat(126)],
      ["n".repeat(127), "v".repeat(128)],
      ["\xff", "x".repeat(70_000)],
    ];
    assert.deepEqual(new FieldDecoder().decode(encodeFields(fields)), fields);
    assert.equal(prefixedInteger(1_337, 5).toString("hex"), "1f9a0a"); // RFC 7541, C.1.2.
  });

  it("finds frames whatever the chunks are", () => {
    const sent = [headers(1, Buffer.from("block")), data(1, Buffer.alloc(300)), rstStream(3, 8)];
    const bytes = Buffer.concat([...sent, goAway(1, 11, "calm")]);
    const expected = ["headers", "data", "rstStream", "goAway"];
    for (const size of [1, 2, 9, 10, bytes.length]) {
      const reader = new FrameReader();
      const names: string[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        const frames = reader.read(bytes.subarray(at, at + size));
        names.push(...frames.map((frame) => describeFrame(frame).split(" ")[0] ?? ""));
      }
      assert.deepEqual(names, expected);
    }
  });

  it("says what it waited for and what came", async () => {
    await TestServer.run(async (server) => {
      const client = await server.open({ deadlineMillis: 20 });
      client.open(paths.hold);
      await assert.rejects(client.expectReset(1, "CANCEL"), (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, /^Expected a frame "rstStream" on stream 1; .* is open/);
        assert.match(error.message, /settings stream 0 flags 0x1 0 bytes/);
        return true;
      });
      client.send(data(0, Buffer.alloc(1)));
      await assert.rejects(client.expectGoAway("CANCEL"), /CANCEL instead of .*PROTOCOL_ERROR/);
      await client.destroy();
    });
  });
});
