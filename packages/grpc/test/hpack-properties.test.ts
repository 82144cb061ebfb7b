import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HeaderField } from "../src/hpack/header-field.ts";
import { HpackEncoder } from "../src/hpack/hpack-encoder.ts";
import { HpackError } from "../src/hpack/hpack-error.ts";
import { codeBits, codes, endOfString } from "../src/hpack/huffman-code.ts";
import { decodeHuffman } from "../src/hpack/huffman-decoder.ts";
import { encodeHuffman, huffmanBytes } from "../src/hpack/huffman-encoder.ts";
import {
  decoderWith,
  integerBytes,
  literalBytes,
  pairsOf,
  type Pair,
  sizeBytes,
  stringBytes,
} from "./hpack-support.ts";

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
);
const latin1 = text.map((value) => Buffer.from(value, "utf8").toString("latin1"));
const pair: fc.Arbitrary<Pair> = fc.oneof(
  fc.tuple(latin1, latin1),
  fc.constantFrom<Pair>(
    [":status", "200"],
    [":status", "404"],
    ["content-type", "application/grpc"],
    ["grpc-status", "0"],
    ["grpc-status", "3"],
    ["grpc-encoding", "gzip"],
    ["date", "today"],
  ),
);

/** The slow and plain model of 5.2: the code of each symbol as a text of bits. */
function huffmanBits(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) {
    bits += (codes[byte] ?? 0).toString(2).padStart(codeBits[byte] ?? 0, "0");
  }
  return bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
}

describe("Huffman code", () => {
  it("is the one of appendix B at its corners", () => {
    const samples = [
      ["0", 0x0, 5],
      ["t", 0x9, 5],
      [" ", 0x14, 6],
      ["z", 0x7b, 7],
      ["X", 0xfc, 8],
      ["!", 0x3f8, 10],
      ["|", 0x7fc, 11],
      ["#", 0xffa, 12],
      ["~", 0x1ffd, 13],
      ["}", 0x3ffd, 14],
      ["{", 0x7ffe, 15],
      ["\\", 0x7fff0, 19],
      ["\x80", 0xfffe6, 20],
      ["\x99", 0x1fffdc, 21],
      ["\x01", 0x7fffd8, 23],
      ["\t", 0xffffea, 24],
      ["\xc7", 0x1ffffec, 25],
      ["\xff", 0x3ffffee, 26],
      ["\xfe", 0x7fffff0, 27],
      ["\x7f", 0xffffffc, 28],
      ["\n", 0x3ffffffc, 30],
      ["\x16", 0x3ffffffe, 30],
    ] as const;
    for (const [character, code, bits] of samples) {
      const symbol = character.charCodeAt(0);
      assert.deepEqual([codes[symbol], codeBits[symbol]], [code, bits], JSON.stringify(character));
    }
    assert.equal(codes[endOfString], 2 ** 30 - 1);
  });

  it("is complete: every sequence of bits begins with one code", () => {
    const sum = codeBits.reduce((total, bits) => total + 2 ** (30 - bits), 0);
    assert.equal(sum, 2 ** 30);
  });

  it("encodes as the plain model does and decodes what it encoded", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const value = Buffer.from(bytes).toString("latin1");
        const target = new Uint8Array(huffmanBytes(value));
        assert.equal(encodeHuffman(value, target, 0), target.length);
        const bits = Array.from(target, (byte) => byte.toString(2).padStart(8, "0")).join("");
        assert.equal(bits, huffmanBits(bytes));
        const decoded = new Uint8Array(bytes.length);
        assert.equal(decodeHuffman(target, 0, target.length, decoded), bytes.length);
        assert.deepEqual(decoded, bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("takes any bytes as the one string that they encode, or refuses them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), fc.nat(8), (bytes, ones) => {
        const coded = Uint8Array.from([...bytes, ...new Array<number>(ones % 3).fill(0xff)]);
        const target = new Uint8Array(coded.length * 2);
        let length: number;
        try {
          length = decodeHuffman(coded, 0, coded.length, target);
        } catch (error) {
          assert.ok(error instanceof HpackError);
          return;
        }
        const value = Buffer.from(target.subarray(0, length)).toString("latin1");
        const again = new Uint8Array(huffmanBytes(value));
        encodeHuffman(value, again, 0);
        assert.deepEqual(again, coded, "the code is unique, so it has to come back");
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("HPACK round trips", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.array(pair, { maxLength: 12 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 31, 44, 60, 100, 500, 4_096, 10_000) },
  );

  it("decodes what was encoded, with sizes of the table that change", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const encoder = new HpackEncoder();
        const decoder = decoderWith({ listBytesMax: 10 ** 6, fieldsMax: 1_000 });
        const lists: (readonly HeaderField[])[] = [];
        for (const now of steps) {
          if (typeof now === "number") {
            decoder.setTableBytesMax(now);
            encoder.setTableBytesMax(now);
            continue;
          }
          lists.push(Object.freeze(now.map(([name, value]) => new HeaderField(name, value))));
          for (const fields of lists.slice(-3)) {
            const list = decoder.decode(encoder.encode(fields));
            assert.deepEqual(pairsOf(list.fields), pairsOf(fields));
            assert.ok(!list.isTooLarge);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** A block made of parts that mean something, so that random ones reach the tables. */
const part = fc.oneof(
  fc.integer({ min: 0, max: 90 }).map((index) => integerBytes(0x80, 0x7f, index)),
  fc
    .tuple(fc.constantFrom("indexed", "plain", "never indexed"), pair)
    .map(([kind, field]) => literalBytes(kind, field)),
  fc
    .tuple(fc.constantFrom(0x40, 0x00), fc.integer({ min: 1, max: 80 }), latin1)
    .map(([bits, index, value]) => [
      ...integerBytes(bits, bits === 0 ? 0x0f : 0x3f, index),
      ...stringBytes(value),
    ]),
);
const block = fc
  .tuple(
    fc.array(
      fc.integer({ min: 0, max: 300 }).map((bytes) => sizeBytes(bytes)),
      { maxLength: 1 },
    ),
    fc.array(part, { maxLength: 10 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }),
  )
  .map(([updates, parts, faults]) => {
    const bytes = Uint8Array.from([...updates, ...parts].flat());
    for (const [place, value] of faults) bytes[place % Math.max(1, bytes.length)] = value;
    return bytes;
  });

describe("HpackDecoder under random blocks", () => {
  it("gives a list or an HpackError, keeps its bounds, and caching changes nothing", () => {
    let lists = 0;
    let errors = 0;
    fc.assert(
      fc.property(
        fc.array(block, { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        (blocks, twice) => {
          const options = { tableBytesMax: 300, listBytesMax: 400, fieldsMax: 6 };
          const decoder = decoderWith(options);
          // Told of another limit each time, it forgets what it kept: it never takes the short way.
          const uncached = decoderWith(options);
          for (const bytes of twice ? blocks.flatMap((one) => [one, one, one]) : blocks) {
            const kept = attempt(() => decoder.decode(bytes));
            uncached.setTableBytesMax(0);
            uncached.setTableBytesMax(options.tableBytesMax);
            const plain = attempt(() => uncached.decode(bytes));
            assert.deepEqual(kept, plain);
            assert.deepEqual(decoder.tableFields, uncached.tableFields);
            assert.ok(decoder.tableBytes <= options.tableBytesMax);
            if (kept instanceof HpackError) {
              errors += 1;
              return;
            }
            lists += 1;
            assert.ok(kept.fields.length <= options.fieldsMax);
            const size = kept.fields.reduce(
              (total, { name, value }) => total + name.length + value.length + 32,
              0,
            );
            assert.ok(size <= options.listBytesMax);
          }
        },
      ),
      { numRuns: 1_500 },
    );
    assert.ok(lists > 1_000 && errors > 200, `${lists} lists and ${errors} errors`);
  });

  it("takes time and memory in proportion to the block, whatever it says", () => {
    const decoder = decoderWith({});
    const whole = 1_000_000;
    const hostile = [
      new Uint8Array(whole).fill(0x82),
      new Uint8Array(whole).fill(0xbe),
      Uint8Array.from([
        0x40,
        ...integerBytes(0x80, 0x7f, whole),
        ...new Array<number>(whole).fill(0),
      ]),
      Uint8Array.from([
        0x40,
        ...integerBytes(0, 0x7f, whole),
        ...new Array<number>(whole + 1).fill(0),
      ]),
      new Uint8Array(whole).fill(0x40),
      new Uint8Array(whole).fill(0x20),
    ];
    decoder.decode(Uint8Array.from(literalBytes("indexed", ["a", "x".repeat(4_000)])));
    for (const bytes of hostile) {
      const begin = process.cpuUsage();
      const result = attempt(() => decoder.decode(bytes));
      const { user } = process.cpuUsage(begin);
      assert.ok(user < 2_000_000, `${user} us for ${bytes[0]}`);
      if (!(result instanceof HpackError)) assert.ok(result.fields.length <= 128);
    }
  });
});

function attempt<T>(work: () => T): T | HpackError {
  try {
    return work();
  } catch (error) {
    if (error instanceof HpackError) return error;
    throw error;
  }
}
