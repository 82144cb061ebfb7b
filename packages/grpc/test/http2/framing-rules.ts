import { encodeFields, requestFields } from "./field-block.ts";
import {
  continuation,
  data,
  encodeFrame,
  Flag,
  FrameType,
  goAway,
  grpcMessage,
  headers,
  ping,
  preface,
  rstStream,
  settings,
} from "./frames.ts";
import type { RawClient } from "./raw-client.ts";
import {
  anyOf,
  answered,
  block,
  call,
  connectionError,
  opened,
  type Rule,
  served,
  type Step,
  streamError,
} from "./rule.ts";
import { paths } from "./test-server.ts";

const hello = grpcMessage("hello");
const unknownType = 0xbe;

/** Rules of how a connection begins (3.4), of frames (4), extensions (5.5) and codes (7). */
export const framingRules: readonly Rule[] = [
  ...prefaceRules(),
  ...frameFormatRules(),
  ...frameSizeRules(),
  ...compressionRules(),
  ...extensionRules(),
];

function prefaceRules(): readonly Rule[] {
  const bare = { section: "3.4", isBare: true } as const;
  return [
    {
      ...bare,
      rule: "requests may follow the preface without waiting for the server's",
      send: [Buffer.concat([preface, settings(), call(1)])],
      expect: answered(1),
    },
    {
      ...bare,
      rule: "the first SETTINGS may have settings in it",
      send: [Buffer.concat([preface, settings([2, 0], [4, 1_000_000]), call(1)])],
      expect: answered(1),
    },
    {
      ...bare,
      rule: "a preface that is wrong behind its sixteenth byte is none",
      send: [Buffer.concat([preface.subarray(0, 18), Buffer.from("XX\r\n\r\n"), settings()])],
      expect: { kind: "closed" },
    },
    {
      ...bare,
      rule: "a first frame that is not SETTINGS is PROTOCOL_ERROR, with GOAWAY or without",
      send: [Buffer.concat([preface, ping()])],
      expect: { kind: "closed" },
    },
    {
      ...bare,
      rule: "a request before SETTINGS is PROTOCOL_ERROR, with GOAWAY or without",
      send: [Buffer.concat([preface, call(1)])],
      expect: { kind: "closed" },
    },
    {
      ...bare,
      rule: "a first SETTINGS that acknowledges something is PROTOCOL_ERROR",
      send: [Buffer.concat([preface, encodeFrame({ type: FrameType.settings, flags: Flag.ack })])],
      expect: { kind: "closed" },
    },
  ];
}

function frameFormatRules(): readonly Rule[] {
  const section = "4.1";
  const reserved = 0x80000000;
  return [
    {
      section,
      rule: "the reserved bit before the stream identifier is ignored",
      send: [headers(reserved + 1, block()), data(reserved + 1, hello, { endStream: true })],
      expect: answered(1),
    },
    {
      section,
      rule: "flags that a HEADERS or DATA frame does not define are ignored",
      send: [
        encodeFrame({ type: FrameType.headers, flags: Flag.endHeaders | 0xd2, stream: 1 }, block()),
        encodeFrame({ type: FrameType.data, flags: Flag.endStream | 0xf6, stream: 1 }, hello),
      ],
      expect: answered(1),
    },
    {
      section,
      rule: "flags that SETTINGS, PING and RST_STREAM do not define are ignored",
      send: [
        encodeFrame({ type: FrameType.settings, flags: 0xfe }),
        encodeFrame({ type: FrameType.ping, flags: 0xfe }, Buffer.alloc(8)),
        opened(1),
        encodeFrame({ type: FrameType.rstStream, flags: 0xff, stream: 1 }, Buffer.alloc(4)),
      ],
      expect: served,
    },
  ];
}

/** Sends a frame that is one byte longer than the server takes. */
function oversized(type: number, stream: number, flags = 0): Step {
  return (client: RawClient) => {
    const bytes = (client.serverSettings().get(5) ?? 16_384) + 1;
    client.send(encodeFrame({ type, flags, stream }, Buffer.alloc(bytes)));
    return Promise.resolve();
  };
}

function frameSizeRules(): readonly Rule[] {
  const section = "4.2";
  const tooLarge = connectionError("FRAME_SIZE_ERROR");
  const either = anyOf(streamError(1, "FRAME_SIZE_ERROR"), tooLarge);
  return [
    {
      section,
      rule: "every frame of up to 16384 bytes is taken",
      send: [
        headers(1, block()),
        data(1, grpcMessage(Buffer.alloc(16_379)), { endStream: true }),
        headers(3, block(), { padding: 255, endHeaders: false }),
        continuation(3, encodeFields([["long", "x".repeat(15_000)]]), true),
        data(3, hello, { endStream: true }),
      ],
      expect: answered(1),
    },
    {
      section,
      rule: "DATA above the maximum is FRAME_SIZE_ERROR of its stream or of the connection",
      send: [opened(1), oversized(FrameType.data, 1)],
      expect: either,
    },
    {
      section,
      rule: "HEADERS above the maximum are FRAME_SIZE_ERROR of the connection",
      send: [oversized(FrameType.headers, 1, Flag.endHeaders)],
      expect: tooLarge,
    },
    {
      section,
      rule: "CONTINUATION above the maximum is FRAME_SIZE_ERROR of the connection",
      send: [headers(1, block(), { endHeaders: false }), oversized(FrameType.continuation, 1)],
      expect: tooLarge,
    },
    {
      section,
      rule: "any frame of stream 0 above the maximum is FRAME_SIZE_ERROR of the connection",
      send: [oversized(FrameType.goAway, 0)],
      expect: tooLarge,
    },
    {
      section,
      rule: "a frame of unknown type above the maximum is FRAME_SIZE_ERROR",
      send: [opened(1), oversized(unknownType, 1)],
      expect: either,
    },
    {
      section,
      rule: "the length decides, not the bytes that come: 2^24-1 is judged on the head",
      send: [opened(1), encodeFrame({ type: FrameType.data, stream: 1, length: 0xffffff })],
      expect: either,
    },
    ...[1, 3, 8].map((cut) => ({
      section,
      rule: `the head is judged as well if it comes in two pieces, cut at ${cut}`,
      send: [
        opened(1),
        async (client: RawClient) => {
          const head = encodeFrame({ type: FrameType.data, stream: 1, length: 0x100000 });
          client.send(head.subarray(0, cut));
          for (let turn = 0; turn < 5; turn += 1) {
            await new Promise((resolve) => setImmediate(resolve));
          }
          client.send(head.subarray(cut));
        },
      ],
      expect: either,
    })),
    {
      section,
      rule: "padded HEADERS without a byte for the length of the padding are too small",
      send: [encodeFrame({ type: FrameType.headers, flags: Flag.padded | 4, stream: 1 })],
      expect: connectionError("FRAME_SIZE_ERROR", "PROTOCOL_ERROR"),
    },
    {
      section,
      rule: "padded DATA without a byte for the length of the padding is too small",
      send: [opened(1), encodeFrame({ type: FrameType.data, flags: Flag.padded, stream: 1 })],
      expect: connectionError("FRAME_SIZE_ERROR", "PROTOCOL_ERROR"),
    },
    {
      section,
      rule: "HEADERS with priority but without its five bytes are too small",
      send: [
        encodeFrame(
          { type: FrameType.headers, flags: Flag.priority | Flag.endHeaders, stream: 1 },
          Buffer.alloc(4),
        ),
      ],
      expect: connectionError("FRAME_SIZE_ERROR", "PROTOCOL_ERROR"),
    },
  ];
}

function compressionRules(): readonly Rule[] {
  const section = "4.3";
  const broken = (rule: string, hex: string): Rule => ({
    section,
    rule: `a block that cannot be decoded is COMPRESSION_ERROR: ${rule}`,
    send: [headers(1, Buffer.concat([block(), Buffer.from(hex, "hex")]))],
    expect: connectionError("COMPRESSION_ERROR"),
  });
  const post = Buffer.from("838604", "hex"); // :method POST, :scheme http, name :path
  const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)]);
  const rest = encodeFields(requestFields(paths.echo).slice(3));
  const huffmanAuthority = Buffer.from("418cf1e3c2e5f23a6ba0ab90f4ff", "hex"); // www.example.com
  return [
    broken("index 0", "80"),
    broken("an index behind the end of both tables", "ff00"),
    broken("a name at an index behind the end of both tables", "7f000161"),
    broken("a string that ends behind its block", "000a6162"),
    broken("a value that is missing", "000161"),
    broken("an integer that never ends", "ff"),
    broken("an integer beyond 32 bits", "ffffffffffffffffffff7f"),
    broken("a string length beyond 32 bits", "007fffffffffffffffff7f"),
    broken("Huffman code that contains EOS", "000184ffffffff0161"),
    broken("Huffman padding of more than seven bits", "00016182ffff"),
    broken("Huffman padding that is not all ones", "0001618118"),
    broken("a table size behind a field", "3f01"),
    {
      section,
      rule: "a table size above SETTINGS_HEADER_TABLE_SIZE is COMPRESSION_ERROR",
      send: [headers(1, Buffer.concat([Buffer.from("3fffffff7f", "hex"), block()]))],
      expect: connectionError("COMPRESSION_ERROR"),
    },
    {
      section,
      rule: "table sizes at the start of a block are taken, two of them too",
      send: [headers(1, Buffer.concat([Buffer.from("203f01", "hex"), block()])), call(3)],
      expect: answered(3),
    },
    {
      section,
      rule: "static indexes, Huffman code, indexed and never-indexed literals are understood",
      send: [
        headers(
          1,
          Buffer.concat([
            post,
            text(paths.echo),
            huffmanAuthority,
            Buffer.from("10", "hex"),
            encodeFields(requestFields(paths.echo).slice(4)).subarray(1),
          ]),
        ),
        data(1, hello, { endStream: true }),
      ],
      expect: answered(1),
    },
    {
      section,
      rule: "the dynamic table goes on over the blocks of a connection",
      send: [
        headers(
          1,
          Buffer.concat([post.subarray(0, 2), Buffer.from([0x44]), text(paths.echo), rest]),
        ),
        data(1, hello, { endStream: true }),
        headers(3, Buffer.concat([post.subarray(0, 2), Buffer.from([0x80 | 62]), rest])),
        data(3, hello, { endStream: true }),
      ],
      expect: answered(3),
    },
    {
      section,
      rule: "blocks of refused requests change the dynamic table too",
      send: [
        headers(
          1,
          Buffer.concat([
            post.subarray(0, 2),
            Buffer.from([0x44]),
            text(paths.echo),
            encodeFields([["Upper", "case"]]),
            rest,
          ]),
        ),
        headers(3, Buffer.concat([post.subarray(0, 2), Buffer.from([0x80 | 62]), rest])),
        data(3, hello, { endStream: true }),
      ],
      expect: answered(3),
    },
  ];
}

function extensionRules(): readonly Rule[] {
  const unknown = (stream: number): Buffer =>
    encodeFrame({ type: unknownType, flags: 0xff, stream }, Buffer.from("anything"));
  return [
    {
      section: "5.5",
      rule: "frames of unknown type are ignored: on stream 0, idle, open and closed streams",
      send: [unknown(0), unknown(7), headers(1, block()), unknown(1), unknown(2)],
      expect: served,
    },
    {
      section: "5.5",
      rule: "an unknown frame between the frames of a call changes nothing",
      send: [
        headers(1, block()),
        unknown(1),
        data(1, hello.subarray(0, 3)),
        unknown(1),
        data(1, hello.subarray(3), { endStream: true }),
        unknown(1),
      ],
      expect: answered(1),
    },
    {
      section: "5.5",
      rule: "an unknown frame inside a field block is PROTOCOL_ERROR",
      send: [headers(1, block(), { endHeaders: false }), unknown(1)],
      expect: connectionError("PROTOCOL_ERROR"),
    },
    {
      section: "5.5",
      rule: "unknown settings are ignored",
      send: [settings([0, 1], [7, 1], [8, 1], [9, 1], [0xffff, 0xffffffff]), call(1)],
      expect: answered(1),
    },
    {
      section: "7",
      rule: "an unknown code in RST_STREAM means nothing special",
      send: [opened(1), rstStream(1, 0xdeadbeef)],
      expect: served,
    },
    {
      section: "7",
      rule: "an unknown code in GOAWAY means nothing special",
      send: [headers(1, block()), goAway(0, 0xdeadbeef), data(1, hello, { endStream: true })],
      expect: anyOf(answered(1), { kind: "closed" }),
    },
  ];
}
