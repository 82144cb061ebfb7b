import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { HeaderField } from "../src/hpack/header-field.ts";
import { HpackEncoder } from "../src/hpack/hpack-encoder.ts";
import { decoderWith, pairsOf, type Pair } from "./hpack-support.ts";

function frozen(...pairs: readonly Pair[]): readonly HeaderField[] {
  return Object.freeze(pairs.map(([name, value]) => new HeaderField(name, value)));
}

function hexOf(block: Uint8Array): string {
  return Buffer.from(block).toString("hex");
}

const head = frozen([":status", "200"], ["content-type", "application/grpc"]);
const ok = frozen(["grpc-status", "0"]);
const failed = frozen(["grpc-status", "5"], ["grpc-message", "no such thing"]);

describe("HpackEncoder", () => {
  it("refers to the static table for a whole field, or for its name", () => {
    const encoder = new HpackEncoder();
    assert.equal(hexOf(encoder.encode(frozen([":status", "200"]))), "88");
    assert.equal(hexOf(encoder.encode(frozen([":status", "415"]))), "0803343135");
    assert.equal(hexOf(encoder.encode(frozen(["www-authenticate", ""]))), "bd");
    // C.2.2, but in Huffman code, which is shorter.
    assert.equal(
      hexOf(encoder.encode(frozen([":path", "/sample/path"]))),
      "04896103a6ba0ac5634cff",
    );
  });

  it("makes a hot answer two bytes and one byte after its first time", () => {
    const encoder = new HpackEncoder();
    assert.equal(hexOf(encoder.encode(head)), "885f8b1d75d0620d263d4c4d6564");
    assert.equal(hexOf(encoder.encode(ok)), "40889acac8b21234da8f0130");
    assert.equal(hexOf(encoder.encode(head)), "88bf");
    assert.equal(hexOf(encoder.encode(ok)), "be");
  });

  it("gives the same bytes for the same frozen list once they are stable", () => {
    const encoder = new HpackEncoder();
    encoder.encode(head);
    const stable = encoder.encode(head);
    assert.equal(encoder.encode(head), stable);
    encoder.encode(ok); // Enters the table, so the index of the content type changes.
    assert.notEqual(encoder.encode(head), stable);
    const stableAgain = encoder.encode(head);
    encoder.encode(failed);
    encoder.encode(ok);
    assert.equal(encoder.encode(head), stableAgain);
    encoder.setTableBytesMax(4_096);
    assert.equal(encoder.encode(head), stableAgain, "nothing changed");
  });

  it("encodes lists that may change each time", () => {
    const encoder = new HpackEncoder();
    const fields = [new HeaderField("a", "1")];
    const first = encoder.encode(fields);
    fields[0] = new HeaderField("a", "2");
    assert.notDeepEqual(encoder.encode(fields), first);
  });

  it("never puts messages, metadata or other statuses into the table", () => {
    const encoder = new HpackEncoder();
    const decoder = decoderWith({});
    const lists = [failed, frozen(["x-token", "secret"]), frozen(["content-type", "text/plain"])];
    for (let round = 0; round < 3; round += 1) {
      for (const list of lists) decoder.decode(encoder.encode(list));
    }
    assert.deepEqual(decoder.tableFields, []);
  });

  it("takes names from its table", () => {
    const encoder = new HpackEncoder();
    const decoder = decoderWith({});
    decoder.decode(encoder.encode(ok));
    const block = encoder.encode(frozen(["grpc-status", "7"]));
    assert.equal(hexOf(block), "0f2f0137");
    assert.deepEqual(pairsOf(decoder.decode(block).fields), [["grpc-status", "7"]]);
  });

  it("writes texts as they are where Huffman code is not shorter", () => {
    const encoder = new HpackEncoder();
    assert.equal(hexOf(encoder.encode(frozen(["~~", "\xff"]))), "00027e7e01ff");
  });

  it("refuses a character that is no byte, and nothing of that list counts", () => {
    const encoder = new HpackEncoder();
    const list = [new HeaderField("grpc-status", "0"), new HeaderField("a", "b\u20ac")];
    assert.throws(() => encoder.encode(list), /^RangeError: .*character U\+20ac is no byte$/);
    const decoder = decoderWith({});
    assert.deepEqual(pairsOf(decoder.decode(encoder.encode(ok)).fields), [["grpc-status", "0"]]);
  });

  it("grows for long lists", () => {
    const encoder = new HpackEncoder();
    const list = frozen(["x", "\x7f".repeat(10_000)], ["y", "a".repeat(10_000)]);
    assert.deepEqual(
      decoderWith({ listBytesMax: 10 ** 6 }).decode(encoder.encode(list)).fields,
      list,
    );
  });
});

describe("HpackEncoder.setTableBytesMax", () => {
  it("tells of a smaller table at the beginning of the next block (6.3) and evicts", () => {
    const encoder = new HpackEncoder();
    encoder.encode(head);
    encoder.encode(ok);
    encoder.setTableBytesMax(50);
    // 3f13 is size 50; the status, 44 bytes, has to enter again.
    assert.equal(hexOf(encoder.encode(head)), "3f13880f108b1d75d0620d263d4c4d6564");
    assert.equal(hexOf(encoder.encode(ok)), "be");
  });

  it("works without a table", () => {
    const encoder = new HpackEncoder();
    encoder.setTableBytesMax(0);
    const decoder = decoderWith({});
    const first = encoder.encode(ok);
    assert.equal(hexOf(first), "2000889acac8b21234da8f0130");
    decoder.decode(first);
    const second = encoder.encode(ok);
    assert.equal(encoder.encode(ok), second);
    assert.deepEqual(decoder.decode(second).fields, ok);
    assert.deepEqual(decoder.tableFields, []);
  });

  it("tells the smallest size and the last one when both changed in between (4.2)", () => {
    const encoder = new HpackEncoder();
    encoder.encode(ok);
    encoder.setTableBytesMax(0);
    encoder.setTableBytesMax(100);
    assert.equal(hexOf(encoder.encode([])), "203f45");
    assert.equal(hexOf(encoder.encode([])), "");
    encoder.setTableBytesMax(0);
    encoder.setTableBytesMax(4_096);
    assert.equal(hexOf(encoder.encode([])), "203fe11f");
  });

  it("uses no more than 4,096 bytes and then says nothing", () => {
    const encoder = new HpackEncoder();
    encoder.setTableBytesMax(2 ** 32 - 1);
    assert.equal(hexOf(encoder.encode([])), "");
  });

  it("grows again when it may, and says so", () => {
    const encoder = new HpackEncoder();
    encoder.setTableBytesMax(0);
    encoder.encode(ok);
    encoder.setTableBytesMax(200);
    assert.equal(hexOf(encoder.encode(ok)), "3fa90140889acac8b21234da8f0130");
    assert.equal(hexOf(encoder.encode(ok)), "be");
  });
});
