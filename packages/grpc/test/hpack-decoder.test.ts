import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GrpcServerError } from "../src/errors.ts";
import { HpackError } from "../src/hpack/hpack-error.ts";
import {
  bytesOf,
  decoderWith,
  integerBytes,
  literalBytes,
  pairsOf,
  sizeBytes,
  stringBytes,
} from "./hpack-support.ts";

function fails(
  block: readonly number[] | string,
  message: RegExp,
  decoder = decoderWith({}),
): void {
  const bytes = typeof block === "string" ? bytesOf(block) : Uint8Array.from(block);
  assert.throws(
    () => decoder.decode(bytes),
    (error) => {
      assert.ok(error instanceof HpackError && error instanceof GrpcServerError);
      assert.equal(error.code, "header-compression");
      assert.ok(error.message.startsWith(`Cannot decode header block at byte ${error.offset}: `));
      assert.match(error.message, message);
      return true;
    },
  );
}

describe("HpackDecoder, RFC 7541: tables", () => {
  it("2.3.2 the newest entry has the lowest index, equal entries may occur twice", () => {
    const decoder = decoderWith({});
    for (const value of ["1", "2", "2"]) {
      decoder.decode(Uint8Array.from(literalBytes("indexed", ["a", value])));
    }
    const list = decoder.decode(Uint8Array.of(0xbe, 0xbf, 0xc0));
    assert.deepEqual(pairsOf(list.fields), [
      ["a", "2"],
      ["a", "2"],
      ["a", "1"],
    ]);
  });

  it("2.3.3 index 61 is the last of the static table, 62 the first of the dynamic one", () => {
    const decoder = decoderWith({});
    assert.deepEqual(pairsOf(decoder.decode(Uint8Array.of(0xbd)).fields), [
      ["www-authenticate", ""],
    ]);
    fails([0xbe], /at byte 0: index 62 is outside of the tables, expected 1 to 61/, decoder);
  });

  it("2.3.3 indices beyond both tables are errors, as names too", () => {
    fails([0xff, 0x00], /index 127 is outside/);
    fails([...integerBytes(0x40, 0x3f, 62), ...stringBytes("v")], /index 62 is outside/);
    fails([...integerBytes(0x00, 0x0f, 62), ...stringBytes("v")], /index 62 is outside/);
    fails([...integerBytes(0x10, 0x0f, 1_000_000), ...stringBytes("v")], /index 1000000 is/);
    fails(integerBytes(0x80, 0x7f, 2 ** 31 - 1), /index 2147483647 is outside/);
  });

  it("4.1 an entry counts its name, its value and 32", () => {
    const decoder = decoderWith({});
    decoder.decode(Uint8Array.from(literalBytes("indexed", ["name", "value"])));
    assert.equal(decoder.tableBytes, 4 + 5 + 32);
  });

  it("4.4 an entry evicts the oldest ones before it is added", () => {
    const decoder = decoderWith({ tableBytesMax: 3 * 34 });
    for (const value of ["1", "2", "3", "4"]) {
      decoder.decode(Uint8Array.from(literalBytes("indexed", ["a", value])));
    }
    assert.deepEqual(pairsOf(decoder.tableFields), [
      ["a", "4"],
      ["a", "3"],
      ["a", "2"],
    ]);
    assert.equal(decoder.tableBytes, 3 * 34);
  });

  it("4.4 an entry as large as the table stays alone, a larger one empties the table", () => {
    const decoder = decoderWith({ tableBytesMax: 100 });
    const add = (value: string): void => {
      decoder.decode(Uint8Array.from(literalBytes("indexed", ["a", value])));
    };
    add("1");
    add("x".repeat(67));
    assert.equal(decoder.tableFields.length, 1);
    assert.equal(decoder.tableBytes, 100);
    add("x".repeat(68));
    assert.equal(decoder.tableFields.length, 0);
    assert.equal(decoder.tableBytes, 0);
  });

  it("4.4 a new entry may take its name from the entry that it evicts", () => {
    const decoder = decoderWith({ tableBytesMax: 64 });
    decoder.decode(Uint8Array.from(literalBytes("indexed", ["name", "x".repeat(20)])));
    const list = decoder.decode(Uint8Array.from([0x7e, ...stringBytes("y".repeat(20))]));
    assert.deepEqual(pairsOf(list.fields), [["name", "y".repeat(20)]]);
    assert.deepEqual(pairsOf(decoder.tableFields), [["name", "y".repeat(20)]]);
  });

  it("holds as many entries as fit, also after many evictions", () => {
    const decoder = decoderWith({});
    for (let count = 1; count <= 1_000; count += 1) {
      decoder.decode(Uint8Array.from(literalBytes("indexed", ["a", String(count)])));
      assert.ok(decoder.tableBytes <= 4_096);
    }
    const values = decoder.tableFields.map((field) => field.value);
    assert.equal(values.length, Math.floor((4_096 - 37) / 36) + 1);
    assert.deepEqual(
      values,
      Array.from(values, (_value, index) => String(1_000 - index)),
    );
  });

  it("shares the objects of table entries", () => {
    const decoder = decoderWith({});
    const [added] = decoder.decode(Uint8Array.from(literalBytes("indexed", ["a", "1"]))).fields;
    assert.equal(decoder.decode(Uint8Array.of(0x82, 0xbe)).fields[1], added);
    assert.equal(
      decoder.decode(Uint8Array.of(0x82)).fields[0],
      decoderWith({}).decode(Uint8Array.of(0x82)).fields[0],
    );
  });
});

describe("HpackDecoder, RFC 7541: table size", () => {
  const add = literalBytes("indexed", ["a", "1"]);

  it("4.3 a smaller size evicts, size 0 empties the table", () => {
    const decoder = decoderWith({});
    decoder.decode(Uint8Array.from([...add, ...add]));
    decoder.decode(Uint8Array.from(sizeBytes(34)));
    assert.equal(decoder.tableFields.length, 1);
    decoder.decode(Uint8Array.from([...sizeBytes(0), ...sizeBytes(4_096), ...add]));
    assert.equal(decoder.tableFields.length, 1);
    decoder.decode(Uint8Array.from(sizeBytes(0)));
    assert.equal(decoder.tableBytes, 0);
  });

  it("6.3 a size up to the limit is taken, above it is an error", () => {
    decoderWith({}).decode(Uint8Array.from(sizeBytes(4_096)));
    fails(sizeBytes(4_097), /at byte 0: a table size of 4097 is above the limit of 4096/);
    decoderWith({ tableBytesMax: 65_536 }).decode(Uint8Array.from(sizeBytes(65_536)));
    fails(sizeBytes(2 ** 31 - 1), /is above the limit/);
  });

  it("6.3 a table may grow to a limit above 4,096 once it is told to", () => {
    const decoder = decoderWith({ tableBytesMax: 65_536, fieldsMax: 1_000 });
    const many = Array.from({ length: 200 }, (_value, index) =>
      literalBytes("indexed", ["a", String(1_000 + index)]),
    ).flat();
    decoder.decode(Uint8Array.from(many));
    assert.equal(decoder.tableFields.length, Math.floor(4_096 / 37));
    decoder.decode(Uint8Array.from([...sizeBytes(65_536), ...many]));
    assert.equal(decoder.tableFields.length, Math.floor(4_096 / 37) + 200);
  });

  it("4.2 a size update after a field is an error", () => {
    fails([0x82, ...sizeBytes(10)], /at byte 1: a table size update comes after a field/);
    fails([...sizeBytes(10), ...add, ...sizeBytes(10)], /comes after a field/);
  });

  it("4.2 after a lowered setting is acknowledged the next block has to begin with it", () => {
    for (const block of [[0x82], [], sizeBytes(101), [...add]]) {
      const decoder = decoderWith({});
      decoder.decode(Uint8Array.of(0x82));
      decoder.setTableBytesMax(100);
      const reason = /does not begin by lowering the table size to 100|above the limit of 100/;
      fails(block, reason, decoder);
    }
    const decoder = decoderWith({});
    decoder.decode(Uint8Array.from([...add, ...add, ...add]));
    decoder.setTableBytesMax(100);
    decoder.decode(Uint8Array.from([...sizeBytes(100), 0x82]));
    assert.equal(decoder.tableFields.length, 2);
    decoder.decode(Uint8Array.of(0x82));
  });

  it("4.2 a lowered setting asks nothing of a table that is small enough", () => {
    const decoder = decoderWith({});
    decoder.decode(Uint8Array.from(sizeBytes(50)));
    decoder.setTableBytesMax(100);
    assert.equal(decoder.decode(Uint8Array.of(0x82)).fields.length, 1);
  });

  it("4.2 the smallest and the last size may both be told", () => {
    const decoder = decoderWith({});
    decoder.decode(Uint8Array.from(add));
    decoder.setTableBytesMax(0);
    decoder.setTableBytesMax(1_000);
    decoder.decode(Uint8Array.from([...sizeBytes(0), ...sizeBytes(1_000), ...add]));
    assert.equal(decoder.tableFields.length, 1);
  });
});

describe("HpackDecoder, RFC 7541: integers and strings", () => {
  it("5.1 the largest number of a prefix needs one more byte (C.1: 10, 1337, 42)", () => {
    // Read back through size updates, whose prefix has 5 bits, and indexed fields, which have 7.
    const tooLarge = (value: number): RegExp => new RegExp(`a table size of ${value} is above`);
    const none = (): ReturnType<typeof decoderWith> => decoderWith({ tableBytesMax: 0 });
    fails("2a", tooLarge(10), none());
    fails("3f9a0a", tooLarge(1_337), none());
  });

  it("5.1 an integer at the bound is read, one above it is an error", () => {
    fails(integerBytes(0x80, 0x7f, 2 ** 31 - 1), /index 2147483647 is outside/);
    fails(integerBytes(0x80, 0x7f, 2 ** 31), /an integer is larger than 2\^31-1/);
    fails(integerBytes(0x80, 0x7f, 2 ** 53 - 1), /an integer is larger than 2\^31-1/);
    fails([0xff, ...Array<number>(20).fill(0xff), 0x7f], /an integer is larger than 2\^31-1/);
  });

  it("5.1 zeros may pad an integer, but not for ever", () => {
    assert.deepEqual(pairsOf(decoderWith({}).decode(bytesOf("0f8000 0176")).fields), [
      ["accept-charset", "v"],
    ]);
    fails("0f8080808080 00 0176", /at byte 5: an integer is larger/);
  });

  it("5.1 a block may not end within an integer", () => {
    fails([0xff], /at byte 1: the block ends within an integer/);
    fails([0xff, 0x80], /at byte 2: the block ends within an integer/);
    fails([0x3f], /the block ends within an integer/);
    fails([0x0f, 0xff], /the block ends within an integer/);
  });

  it("5.2 a block may not end before or within a string", () => {
    fails([0x40], /at byte 1: the block ends before a string/);
    fails([0x04], /at byte 1: the block ends before a string/);
    fails([0x00, 0x01, 0x61], /at byte 3: the block ends before a string/);
    fails([0x00, 0x05, 0x61], /at byte 2: a string of 5 bytes has only 1 left in the block/);
    fails([0x04, 0x85, 0x61], /a string of 5 bytes has only 1 left/);
    fails([0x00, 0x7f], /the block ends within an integer/);
  });

  it("5.2 strings may be empty, plain or in Huffman code", () => {
    for (const hex of ["000000", "008080", "400080"]) {
      assert.deepEqual(pairsOf(decoderWith({}).decode(bytesOf(hex)).fields), [["", ""]], hex);
    }
  });

  it("5.2 strings hold any bytes", () => {
    const every = String.fromCharCode(...Array.from({ length: 256 }, (_value, byte) => byte));
    const block = Uint8Array.from(literalBytes("plain", [every, every]));
    assert.deepEqual(pairsOf(decoderWith({}).decode(block).fields), [[every, every]]);
  });

  it("5.2 padding of 8 bits or more is an error", () => {
    // "a" is 00011: with 3 ones it is a byte, and one more byte of ones is too much.
    assert.deepEqual(pairsOf(decoderWith({}).decode(bytesOf("04811f")).fields), [[":path", "a"]]);
    fails("04821fff", /at byte 3: the padding of a Huffman string is longer than 7 bits/);
    fails("0482ffff", /the padding of a Huffman string is longer than 7 bits/);
    fails("0481ff", /the padding of a Huffman string is longer than 7 bits/);
  });

  it("5.2 padding that is not all ones is an error", () => {
    for (const hex of ["048118", "04811b", "04811e", "04811c"]) fails(hex, /at byte 2: .*all ones/);
    fails("048100", /not all ones/); // "0" is 00000, then 000.
  });

  it("5.2 the end-of-string symbol is an error wherever it stands", () => {
    fails("0484ffffffff", /a Huffman string contains its end-of-string symbol/);
    fails("0484fffffffc", /a Huffman string contains its end-of-string symbol/);
    fails("04851fffffffff", /a Huffman string contains its end-of-string symbol/);
  });

  it("5.2 a string may not end within a code", () => {
    // "{" is 15 bits: 7ffe. Without its last bits it is a broken code, not padding.
    assert.deepEqual(pairsOf(decoderWith({}).decode(bytesOf("0482fffd")).fields), [[":path", "{"]]);
    fails("0481fe", /at byte 2: a Huffman string ends within a code/);
    fails("0482fffe", /at byte 3: a Huffman string ends within a code/);
  });
});

describe("HpackDecoder, RFC 7541: fields", () => {
  it("6.1 index 0 is an error", () => fails([0x80], /at byte 0: index 0 is outside of the tables/));

  it("6.2 only literals with indexing enter the table, and lists keep what they are", () => {
    for (const kind of ["indexed", "plain", "never indexed"] as const) {
      const decoder = decoderWith({});
      const list = decoder.decode(Uint8Array.from(literalBytes(kind, ["a", "1"])));
      assert.deepEqual(pairsOf(list.fields), [["a", "1"]], kind);
      assert.equal(decoder.tableFields.length, kind === "indexed" ? 1 : 0, kind);
    }
  });

  it("6.2 names come from both tables", () => {
    const decoder = decoderWith({});
    decoder.decode(Uint8Array.from(literalBytes("indexed", ["a", "1"])));
    const block = [0x7e, ...stringBytes("2"), ...integerBytes(0, 0x0f, 62), ...stringBytes("3")];
    const list = decoder.decode(Uint8Array.from([...block, 0x04, ...stringBytes("/p")]));
    assert.deepEqual(pairsOf(list.fields), [
      ["a", "2"],
      ["a", "3"],
      [":path", "/p"],
    ]);
  });

  it("takes an empty block as an empty list", () => {
    assert.deepEqual(decoderWith({}).decode(new Uint8Array()).fields, []);
  });

  it("does not keep or change the bytes of a block", () => {
    const decoder = decoderWith({});
    const block = Uint8Array.from(literalBytes("plain", ["name", "value".repeat(9)]));
    const copy = block.slice();
    const { fields } = decoder.decode(block);
    assert.deepEqual(block, copy);
    block.fill(0x21);
    assert.deepEqual(pairsOf(fields), [["name", "value".repeat(9)]]);
    assert.deepEqual(pairsOf(decoder.decode(copy).fields), [["name", "value".repeat(9)]]);
  });
});

describe("HpackDecoder: limits", () => {
  const oneField = ["a", "1"] as const; // 34 bytes

  it("keeps the list at its limits and calls the next field too large", () => {
    const three = [...literalBytes("plain", oneField), 0x82, 0x82]; // 34, 42, 42 bytes
    for (const [options, kept] of [
      [{ listBytesMax: 118 }, 3],
      [{ listBytesMax: 117 }, 2],
      [{ listBytesMax: 33 }, 0],
      [{ fieldsMax: 3 }, 3],
      [{ fieldsMax: 2 }, 2],
    ] as const) {
      const list = decoderWith(options).decode(Uint8Array.from(three));
      assert.equal(list.fields.length, kept, JSON.stringify(options));
      assert.equal(list.isTooLarge, kept < 3, JSON.stringify(options));
    }
  });

  it("goes on after a list that was too large with equal tables", () => {
    const fits = literalBytes("indexed", ["b", "2"]);
    const tooLong = literalBytes("indexed", ["c", "x".repeat(5_000)]);
    const plain = literalBytes("plain", ["d", "x".repeat(50_000)]);
    const named = [...integerBytes(0x40, 0x3f, 62), ...stringBytes("3")];
    const blocks = [
      [...fits, 0x82, 0xbe, ...literalBytes("indexed", ["e", "4"]), ...named],
      [...fits, ...plain, ...named],
      [...fits, ...tooLong, ...literalBytes("indexed", ["e", "4"])],
      [...plain, ...integerBytes(0x40, 0x3f, 1), 0x81, 0x1f],
    ];
    const narrow = decoderWith({ listBytesMax: 40 });
    const wide = decoderWith({ listBytesMax: 10 ** 6 });
    for (const block of blocks) {
      assert.ok(narrow.decode(Uint8Array.from(block)).isTooLarge);
      assert.ok(!wide.decode(Uint8Array.from(block)).isTooLarge);
      assert.deepEqual(narrow.tableFields, wide.tableFields);
    }
    const after = Uint8Array.of(0x82);
    assert.deepEqual(narrow.decode(after).isTooLarge, true, "42 bytes");
    assert.deepEqual(pairsOf(wide.decode(after).fields), [[":method", "GET"]]);
  });

  it("still finds the faults of a block that is too large", () => {
    const decoder = (): ReturnType<typeof decoderWith> => decoderWith({ fieldsMax: 1 });
    fails([0x82, 0x82, 0xbe], /index 62 is outside/, decoder());
    fails([0x82, 0x82, ...integerBytes(0, 0x0f, 62), 0x00], /index 62 is outside/, decoder());
    fails([0x82, 0x82, ...bytesOf("04821fff")], /longer than 7 bits/, decoder());
    fails([0x82, 0x82, ...bytesOf("448118")], /not all ones/, decoder());
    fails([0x82, 0x82, 0x04, 0x05], /a string of 5 bytes has only 0 left/, decoder());
    fails([0x82, 0x82, 0x20], /a table size update comes after a field/, decoder());
  });
});

describe("HpackDecoder: blocks that repeat", () => {
  const request = Uint8Array.from([0x83, 0x86, ...literalBytes("plain", [":path", "/a.B/C"])]);

  it("gives the same list for the same bytes", () => {
    const decoder = decoderWith({});
    const list = decoder.decode(request);
    assert.equal(decoder.decode(request), list);
    assert.equal(decoder.decode(request.slice()), list);
    const other = request.slice();
    other[other.length - 1] = 0x44;
    assert.deepEqual(pairsOf(decoder.decode(other).fields).at(-1), [":path", "/a.B/D"]);
    assert.equal(decoder.decode(request), list);
  });

  it("keeps its own copy of the bytes", () => {
    const decoder = decoderWith({});
    const bytes = request.slice();
    const list = decoder.decode(bytes);
    bytes[bytes.length - 1] = 0x44;
    assert.notEqual(decoder.decode(bytes), list);
    assert.equal(decoder.decode(request), list);
  });

  it("forgets lists when the table changes", () => {
    const decoder = decoderWith({});
    decoder.decode(Uint8Array.from(literalBytes("indexed", ["a", "1"])));
    const before = decoder.decode(Uint8Array.of(0xbe));
    decoder.decode(Uint8Array.from(literalBytes("indexed", ["a", "2"])));
    assert.deepEqual(pairsOf(before.fields), [["a", "1"]]);
    assert.deepEqual(pairsOf(decoder.decode(Uint8Array.of(0xbe)).fields), [["a", "2"]]);
    decoder.decode(Uint8Array.from(sizeBytes(0)));
    fails([0xbe], /index 62 is outside/, decoder);
  });

  it("never repeats a block that changes the table", () => {
    const decoder = decoderWith({});
    const block = Uint8Array.from(literalBytes("indexed", ["a", "1"]));
    assert.notEqual(decoder.decode(block), decoder.decode(block));
    assert.equal(decoder.tableFields.length, 2);
    const update = Uint8Array.from([...sizeBytes(4_096), 0x82]);
    assert.notEqual(decoder.decode(update), decoder.decode(update));
  });

  it("forgets lists when the table has to be made smaller", () => {
    const decoder = decoderWith({});
    decoder.decode(Uint8Array.of(0x82));
    decoder.setTableBytesMax(0);
    fails([0x82], /does not begin by lowering/, decoder);
  });

  it("holds a few blocks, and not the long ones", () => {
    const decoder = decoderWith({});
    const blocks = Array.from({ length: 9 }, (_value, index) =>
      Uint8Array.from(literalBytes("plain", ["a", String(index)])),
    );
    const [oldest, ...others] = blocks.map((block) => decoder.decode(block));
    for (const [index, list] of others.entries()) {
      assert.equal(decoder.decode(blocks[index + 1] ?? new Uint8Array()), list);
    }
    assert.notEqual(decoder.decode(blocks[0] ?? new Uint8Array()), oldest);
    const long = Uint8Array.from(literalBytes("plain", ["a", "x".repeat(600)]));
    assert.notEqual(decoder.decode(long), decoder.decode(long));
  });
});
