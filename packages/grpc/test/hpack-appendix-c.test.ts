import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HpackDecoder } from "../src/hpack/hpack-decoder.ts";
import { bytesOf, decoderWith, pairsOf, type Pair } from "./hpack-support.ts";

/** One block of an example: what it holds and the dynamic table after it, newest entry first. */
interface Block {
  readonly hex: string;
  readonly fields: readonly Pair[];
  readonly table: readonly Pair[];
  readonly tableBytes: number;
}

function check(decoder: HpackDecoder, blocks: readonly Block[]): void {
  for (const [place, { hex, fields, table, tableBytes }] of blocks.entries()) {
    const which = `block ${place + 1}`;
    assert.deepEqual(pairsOf(decoder.decode(bytesOf(hex)).fields), fields, which);
    assert.deepEqual(pairsOf(decoder.tableFields), table, `table after ${which}`);
    assert.equal(decoder.tableBytes, tableBytes, `size of the table after ${which}`);
  }
}

const authority: Pair = [":authority", "www.example.com"];
const noCache: Pair = ["cache-control", "no-cache"];
const custom: Pair = ["custom-key", "custom-value"];
const plain: readonly Pair[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
];

/** C.3 and C.4 differ in the blocks only. */
function requests(hexes: readonly [string, string, string]): readonly Block[] {
  return [
    { hex: hexes[0], fields: [...plain, authority], table: [authority], tableBytes: 57 },
    {
      hex: hexes[1],
      fields: [...plain, authority, noCache],
      table: [noCache, authority],
      tableBytes: 110,
    },
    {
      hex: hexes[2],
      fields: [
        [":method", "GET"],
        [":scheme", "https"],
        [":path", "/index.html"],
        authority,
        custom,
      ],
      table: [custom, noCache, authority],
      tableBytes: 164,
    },
  ];
}

const cacheControl: Pair = ["cache-control", "private"];
const firstDate: Pair = ["date", "Mon, 21 Oct 2013 20:13:21 GMT"];
const laterDate: Pair = ["date", "Mon, 21 Oct 2013 20:13:22 GMT"];
const location: Pair = ["location", "https://www.example.com"];
const gzip: Pair = ["content-encoding", "gzip"];
const cookie: Pair = ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"];

/** C.5 and C.6 differ in the blocks only. */
function responses(hexes: readonly [string, string, string]): readonly Block[] {
  return [
    {
      hex: hexes[0],
      fields: [[":status", "302"], cacheControl, firstDate, location],
      table: [location, firstDate, cacheControl, [":status", "302"]],
      tableBytes: 222,
    },
    {
      hex: hexes[1],
      fields: [[":status", "307"], cacheControl, firstDate, location],
      table: [[":status", "307"], location, firstDate, cacheControl],
      tableBytes: 222,
    },
    {
      hex: hexes[2],
      fields: [[":status", "200"], cacheControl, laterDate, location, gzip, cookie],
      table: [cookie, gzip, laterDate],
      tableBytes: 215,
    },
  ];
}

describe("RFC 7541, appendix C", () => {
  it("C.2.1 literal field with indexing", () => {
    const fields: Pair[] = [["custom-key", "custom-header"]];
    const hex = "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572";
    check(decoderWith({}), [{ hex, fields, table: fields, tableBytes: 55 }]);
  });

  it("C.2.2 literal field without indexing", () => {
    const fields: Pair[] = [[":path", "/sample/path"]];
    const hex = "040c 2f73 616d 706c 652f 7061 7468";
    check(decoderWith({}), [{ hex, fields, table: [], tableBytes: 0 }]);
  });

  it("C.2.3 literal field never indexed", () => {
    const fields: Pair[] = [["password", "secret"]];
    const hex = "1008 7061 7373 776f 7264 0673 6563 7265 74";
    check(decoderWith({}), [{ hex, fields, table: [], tableBytes: 0 }]);
  });

  it("C.2.4 indexed field", () => {
    check(decoderWith({}), [{ hex: "82", fields: [[":method", "GET"]], table: [], tableBytes: 0 }]);
  });

  it("C.3 requests without Huffman code", () => {
    const blocks = requests([
      "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "8286 84be 5808 6e6f 2d63 6163 6865",
      "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ]);
    check(decoderWith({}), blocks);
  });

  it("C.4 requests with Huffman code", () => {
    const blocks = requests([
      "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
      "8286 84be 5886 a8eb 1064 9cbf",
      "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ]);
    check(decoderWith({}), blocks);
  });

  it("C.5 responses without Huffman code, with eviction", () => {
    const blocks = responses([
      `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
       2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70
       6c65 2e63 6f6d`,
      "4803 3330 37c1 c0bf",
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
       54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
       5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e
       3d31`,
    ]);
    check(decoderWith({ tableBytesMax: 256 }), blocks);
  });

  it("C.6 responses with Huffman code, with eviction", () => {
    const blocks = responses([
      `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
       2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
      "4883 640e ffc1 c0bf",
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
       77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
       9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    ]);
    check(decoderWith({ tableBytesMax: 256 }), blocks);
  });
});
