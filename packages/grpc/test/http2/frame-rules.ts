import { encodeFields } from "./field-block.ts";
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
  priority,
  pushPromise,
  rstStream,
  Setting,
  settings,
  settingsAck,
  uint32,
  windowUpdate,
} from "./frames.ts";
import {
  anyOf,
  answered,
  block,
  call,
  connectionError,
  type Expectation,
  opened,
  type Rule,
  served,
  streamError,
} from "./rule.ts";
import { paths } from "./test-server.ts";

const hello = grpcMessage("hello");
const protocolError = connectionError("PROTOCOL_ERROR");
const sizeError = connectionError("FRAME_SIZE_ERROR");
const windowMax = 0x7fffffff;
const windowInitial = 65_535;

/** Rules of each type of frame: section 6, without what scripts show. */
export const frameRules: readonly Rule[] = [
  ...dataRules(),
  ...headersRules(),
  ...priorityRules(),
  ...rstStreamRules(),
  ...settingsRules(),
  ...pushPromiseRules(),
  ...pingRules(),
  ...goAwayRules(),
  ...windowUpdateRules(),
  ...continuationRules(),
];

function dataRules(): readonly Rule[] {
  const section = "6.1";
  const paddingError = (rule: string, payload: Buffer): Rule => ({
    section,
    rule,
    send: [
      headers(1, block()),
      encodeFrame({ type: FrameType.data, flags: Flag.padded, stream: 1 }, payload),
    ],
    expect: protocolError,
  });
  return [
    {
      section,
      rule: "DATA on stream 0 is PROTOCOL_ERROR",
      send: [data(0, hello)],
      expect: protocolError,
    },
    paddingError("padding as long as the payload is PROTOCOL_ERROR", Buffer.from([4, 0, 0, 0])),
    paddingError("padding longer than the payload is PROTOCOL_ERROR", Buffer.from([255, 0, 0])),
    {
      section,
      rule: "padding may fill the payload behind its length, and be empty",
      send: [
        headers(1, block()),
        data(1, Buffer.alloc(0), { padding: 255 }),
        data(1, hello.subarray(0, 2), { padding: 0 }),
        data(1, hello.subarray(2), { padding: 7, endStream: true }),
      ],
      expect: answered(1),
    },
    {
      section,
      rule: "padding that is not zero is ignored or PROTOCOL_ERROR",
      send: [headers(1, block()), data(1, hello, { padding: 3, paddingByte: 7, endStream: true })],
      expect: anyOf(answered(1), protocolError),
    },
    {
      section,
      rule: "empty DATA changes nothing, and ends a stream as well as any",
      send: [
        headers(1, block()),
        data(1, Buffer.alloc(0)),
        data(1, hello),
        data(1, Buffer.alloc(0), { endStream: true }),
      ],
      expect: answered(1),
    },
  ];
}

function headersRules(): readonly Rule[] {
  const section = "6.2";
  const between: readonly (readonly [string, Buffer])[] = [
    ["DATA", data(1, hello)],
    ["HEADERS of the same stream", headers(1, block())],
    ["HEADERS of another stream", headers(3, block())],
    ["PRIORITY", priority(1, 0)],
    ["RST_STREAM", rstStream(1, 8)],
    ["SETTINGS", settings()],
    ["the acknowledgement of SETTINGS", settingsAck],
    ["PING", ping()],
    ["GOAWAY", goAway(0, 0)],
    ["WINDOW_UPDATE", windowUpdate(0, 1)],
    ["CONTINUATION of another stream", continuation(3, Buffer.alloc(0), true)],
  ];
  return [
    {
      section,
      rule: "HEADERS on stream 0 are PROTOCOL_ERROR",
      send: [headers(0, block())],
      expect: protocolError,
    },
    {
      section,
      rule: "padding as long as the payload is PROTOCOL_ERROR",
      send: [headers(1, Buffer.alloc(9), { padLength: 10 })],
      expect: protocolError,
    },
    {
      section,
      rule: "padding that reaches into the priority fields is PROTOCOL_ERROR",
      send: [headers(1, Buffer.alloc(0), { dependsOn: 0, padLength: 1 })],
      expect: connectionError("PROTOCOL_ERROR", "FRAME_SIZE_ERROR"),
    },
    {
      section,
      rule: "padding and priority together leave the block as it is",
      send: [
        headers(1, block(), { padding: 255, dependsOn: 0x80000000 }),
        data(1, hello, { endStream: true }),
      ],
      expect: answered(1),
    },
    {
      section,
      rule: "padding and priority come before a block that CONTINUATION goes on with",
      send: [
        headers(1, block().subarray(0, 30), { padding: 8, dependsOn: 0, endHeaders: false }),
        continuation(1, block().subarray(30), true),
        data(1, hello, { endStream: true }),
      ],
      expect: answered(1),
    },
    {
      section,
      rule: "END_STREAM holds although CONTINUATION follows",
      send: [
        headers(1, block(paths.chat).subarray(0, 30), { endStream: true, endHeaders: false }),
        continuation(1, block(paths.chat).subarray(30), true),
      ],
      expect: answered(1),
    },
    ...between.map(([name, frame]) => ({
      section,
      rule: `nothing but CONTINUATION may follow HEADERS without END_HEADERS: ${name}`,
      send: [headers(1, block(), { endHeaders: false }), frame],
      expect: protocolError,
    })),
  ];
}

function priorityRules(): readonly Rule[] {
  const section = "6.3";
  const wrongLength = (length: number): Rule => ({
    section,
    rule: `PRIORITY of ${length} bytes is FRAME_SIZE_ERROR`,
    send: [opened(1), encodeFrame({ type: FrameType.priority, stream: 1 }, Buffer.alloc(length))],
    expect: anyOf(streamError(1, "FRAME_SIZE_ERROR"), sizeError),
  });
  return [
    {
      section,
      rule: "PRIORITY on stream 0 is PROTOCOL_ERROR",
      send: [priority(0, 1)],
      expect: protocolError,
    },
    wrongLength(0),
    wrongLength(4),
    wrongLength(6),
    {
      section,
      rule: "PRIORITY on an idle stream opens nothing: lower streams stay good",
      send: [priority(0x7fffffff, 1), priority(2, 1), call(1)],
      expect: answered(1),
    },
  ];
}

function rstStreamRules(): readonly Rule[] {
  const section = "6.4";
  const wrongLength = (length: number): Rule => ({
    section,
    rule: `RST_STREAM of ${length} bytes is FRAME_SIZE_ERROR`,
    send: [opened(1), encodeFrame({ type: FrameType.rstStream, stream: 1 }, Buffer.alloc(length))],
    expect: sizeError,
  });
  return [
    {
      section,
      rule: "RST_STREAM on stream 0 is PROTOCOL_ERROR",
      send: [rstStream(0, 8)],
      expect: protocolError,
    },
    {
      section,
      rule: "RST_STREAM on an idle stream is PROTOCOL_ERROR",
      send: [rstStream(1, 8)],
      expect: protocolError,
    },
    wrongLength(0),
    wrongLength(3),
    wrongLength(5),
  ];
}

function settingsRules(): readonly Rule[] {
  const section = "6.5";
  const settingsFrame = (payload: Buffer, flags = 0, stream = 0): Buffer =>
    encodeFrame({ type: FrameType.settings, flags, stream }, payload);
  const value = (
    rule: string,
    name: keyof typeof Setting,
    number: number,
    expect: Expectation,
  ) => ({
    section: "6.5.2",
    rule,
    send: [settings([Setting[name], number]), call(1)],
    expect,
  });
  return [
    {
      section,
      rule: "an acknowledgement with a payload is FRAME_SIZE_ERROR",
      send: [settingsFrame(Buffer.alloc(6), Flag.ack)],
      expect: sizeError,
    },
    {
      section,
      rule: "SETTINGS of a stream are PROTOCOL_ERROR",
      send: [opened(1), settingsFrame(Buffer.alloc(0), 0, 1)],
      expect: protocolError,
    },
    {
      section,
      rule: "an acknowledgement of a stream is PROTOCOL_ERROR",
      send: [settingsFrame(Buffer.alloc(0), Flag.ack, 1)],
      expect: protocolError,
    },
    ...[1, 5, 7, 11].map((length) => ({
      section,
      rule: `SETTINGS of ${length} bytes are FRAME_SIZE_ERROR`,
      send: [settingsFrame(Buffer.alloc(length))],
      expect: sizeError,
    })),
    {
      section: "6.5.3",
      rule: "the last value of a setting that comes twice counts",
      send: [settings([4, 0], [4, 100], [4, 0], [4, windowInitial]), call(1)],
      expect: answered(1),
    },
    value("ENABLE_PUSH 0 is good", "enablePush", 0, answered(1)),
    value("ENABLE_PUSH 1 is good", "enablePush", 1, answered(1)),
    value("ENABLE_PUSH 2 is PROTOCOL_ERROR", "enablePush", 2, protocolError),
    value("INITIAL_WINDOW_SIZE 2^31-1 is good", "initialWindowSize", windowMax, answered(1)),
    value(
      "INITIAL_WINDOW_SIZE 2^31 is FLOW_CONTROL_ERROR",
      "initialWindowSize",
      windowMax + 1,
      connectionError("FLOW_CONTROL_ERROR"),
    ),
    value("MAX_FRAME_SIZE 16383 is PROTOCOL_ERROR", "maxFrameSize", 16_383, protocolError),
    value("MAX_FRAME_SIZE 16384 is good", "maxFrameSize", 16_384, answered(1)),
    value("MAX_FRAME_SIZE 2^24-1 is good", "maxFrameSize", 0xffffff, answered(1)),
    value("MAX_FRAME_SIZE 2^24 is PROTOCOL_ERROR", "maxFrameSize", 0x1000000, protocolError),
    value("HEADER_TABLE_SIZE 0 is good", "headerTableSize", 0, answered(1)),
    value("HEADER_TABLE_SIZE 2^32-1 is good", "headerTableSize", 0xffffffff, answered(1)),
    value("MAX_CONCURRENT_STREAMS 0 is good", "maxConcurrentStreams", 0, answered(1)),
    value("MAX_HEADER_LIST_SIZE 2^32-1 is good", "maxHeaderListSize", 0xffffffff, answered(1)),
  ];
}

function pushPromiseRules(): readonly Rule[] {
  const sections = [
    ["6.6", "on an open stream", [opened(1), pushPromise(1, 2, block())]],
    ["6.6", "on stream 0", [pushPromise(0, 2, block())]],
    [
      "6.6",
      "too short for a promised stream",
      [
        opened(1),
        encodeFrame({ type: FrameType.pushPromise, flags: 4, stream: 1 }, Buffer.alloc(3)),
      ],
    ],
    ["8.4", "whatever else is right", [opened(1), pushPromise(1, 3, block())]],
  ] as const;
  return sections.map(([section, where, send]) => ({
    section,
    rule: `a client cannot push: PUSH_PROMISE ${where} is PROTOCOL_ERROR`,
    send,
    expect: where.startsWith("too short")
      ? connectionError("PROTOCOL_ERROR", "FRAME_SIZE_ERROR")
      : protocolError,
  }));
}

function pingRules(): readonly Rule[] {
  const section = "6.7";
  return [
    {
      section,
      rule: "PING of a stream is PROTOCOL_ERROR",
      send: [opened(1), encodeFrame({ type: FrameType.ping, stream: 1 }, Buffer.alloc(8))],
      expect: protocolError,
    },
    ...[0, 7, 9].map((length) => ({
      section,
      rule: `PING of ${length} bytes is FRAME_SIZE_ERROR`,
      send: [encodeFrame({ type: FrameType.ping }, Buffer.alloc(length))],
      expect: sizeError,
    })),
    {
      section,
      rule: "an answer of six bytes is FRAME_SIZE_ERROR",
      send: [encodeFrame({ type: FrameType.ping, flags: Flag.ack }, Buffer.alloc(6))],
      expect: sizeError,
    },
    {
      section,
      rule: "an answer to no PING is ignored",
      send: [ping(Buffer.alloc(8, 1), Flag.ack)],
      expect: served,
    },
  ];
}

function goAwayRules(): readonly Rule[] {
  const section = "6.8";
  return [
    {
      section,
      rule: "GOAWAY of a stream is PROTOCOL_ERROR",
      send: [opened(1), encodeFrame({ type: FrameType.goAway, stream: 1 }, Buffer.alloc(8))],
      expect: protocolError,
    },
    ...[0, 7].map((length) => ({
      section,
      rule: `GOAWAY of ${length} bytes is FRAME_SIZE_ERROR`,
      send: [encodeFrame({ type: FrameType.goAway }, Buffer.alloc(length))],
      expect: sizeError,
    })),
  ];
}

function windowUpdateRules(): readonly Rule[] {
  const section = "6.9";
  const wrongLength = (length: number, stream: number): Rule => ({
    section,
    rule: `WINDOW_UPDATE of ${length} bytes on stream ${stream} is FRAME_SIZE_ERROR`,
    send: [opened(1), encodeFrame({ type: FrameType.windowUpdate, stream }, Buffer.alloc(length))],
    expect: sizeError,
  });
  return [
    wrongLength(0, 0),
    wrongLength(3, 1),
    wrongLength(5, 0),
    {
      section,
      rule: "an increment of 0 is PROTOCOL_ERROR of its stream",
      send: [opened(1), windowUpdate(1, 0)],
      expect: anyOf(streamError(1, "PROTOCOL_ERROR"), protocolError),
    },
    {
      section,
      rule: "an increment of 0 of the connection is PROTOCOL_ERROR of the connection",
      send: [windowUpdate(0, 0)],
      expect: protocolError,
    },
    {
      section,
      rule: "the reserved bit of the increment is ignored",
      send: [opened(1), windowUpdate(1, 0x80000001), windowUpdate(0, 0x80000001)],
      expect: served,
    },
    {
      section: "6.9.1",
      rule: "a stream's window may reach 2^31-1",
      send: [opened(1), windowUpdate(1, windowMax - windowInitial)],
      expect: served,
    },
    {
      section: "6.9.1",
      rule: "a stream's window above 2^31-1 is FLOW_CONTROL_ERROR of the stream",
      send: [opened(1), windowUpdate(1, windowMax - windowInitial), windowUpdate(1, 1)],
      expect: streamError(1, "FLOW_CONTROL_ERROR"),
    },
    {
      section: "6.9.1",
      rule: "the connection's window may reach 2^31-1",
      send: [windowUpdate(0, windowMax - windowInitial)],
      expect: served,
    },
    {
      section: "6.9.1",
      rule: "the connection's window above 2^31-1 is FLOW_CONTROL_ERROR of the connection",
      send: [windowUpdate(0, windowMax)],
      expect: connectionError("FLOW_CONTROL_ERROR"),
    },
    {
      section: "6.9.2",
      rule: "SETTINGS that lift an open stream's window above 2^31-1 are FLOW_CONTROL_ERROR",
      send: [
        opened(1),
        windowUpdate(1, windowMax - windowInitial),
        settings([4, windowInitial + 1]),
      ],
      expect: connectionError("FLOW_CONTROL_ERROR"),
    },
  ];
}

function continuationRules(): readonly Rule[] {
  const section = "6.10";
  const half = block().subarray(0, 20);
  const rest = block().subarray(20);
  return [
    {
      section,
      rule: "CONTINUATION on stream 0 is PROTOCOL_ERROR",
      send: [continuation(0, block(), true)],
      expect: protocolError,
    },
    {
      section,
      rule: "CONTINUATION after END_HEADERS is PROTOCOL_ERROR",
      send: [opened(1), continuation(1, encodeFields([["x", "y"]]), true)],
      expect: protocolError,
    },
    {
      section,
      rule: "CONTINUATION after a CONTINUATION with END_HEADERS is PROTOCOL_ERROR",
      send: [
        headers(1, half, { endHeaders: false }),
        continuation(1, rest, true),
        continuation(1, Buffer.alloc(0), true),
      ],
      expect: protocolError,
    },
    {
      section,
      rule: "CONTINUATION after DATA is PROTOCOL_ERROR",
      send: [opened(1), data(1, hello), continuation(1, Buffer.alloc(0), true)],
      expect: protocolError,
    },
    {
      section,
      rule: "nothing but CONTINUATION may follow CONTINUATION without END_HEADERS",
      send: [headers(1, half, { endHeaders: false }), continuation(1, rest, false), ping()],
      expect: protocolError,
    },
    {
      section,
      rule: "HEADERS and CONTINUATION may be empty",
      send: [
        headers(1, Buffer.alloc(0), { endHeaders: false }),
        continuation(1, Buffer.alloc(0), false),
        continuation(1, block(), false),
        continuation(1, Buffer.alloc(0), true),
        data(1, hello, { endStream: true }),
      ],
      expect: answered(1),
    },
    {
      section,
      rule: "undefined flags of CONTINUATION are ignored, END_STREAM among them",
      send: [
        headers(1, half, { endHeaders: false }),
        encodeFrame({ type: FrameType.continuation, flags: 0xff, stream: 1 }, rest),
        data(1, hello, { endStream: true }),
      ],
      expect: answered(1),
    },
    {
      section,
      rule: "trailers may be continued as well",
      send: [
        opened(1),
        headers(1, encodeFields([["a", "b"]]).subarray(0, 2), {
          endStream: true,
          endHeaders: false,
        }),
        continuation(1, encodeFields([["a", "b"]]).subarray(2), true),
      ],
      expect: answered(1),
    },
    {
      section,
      rule: "a stream identifier with the reserved bit is the same stream",
      send: [
        headers(1, half, { endHeaders: false }),
        encodeFrame(
          { type: FrameType.continuation, flags: Flag.endHeaders, stream: 0x80000001 },
          rest,
        ),
        data(1, hello, { endStream: true }),
        encodeFrame({ type: FrameType.windowUpdate, stream: 0x80000000 }, uint32(1)),
      ],
      expect: answered(1),
    },
  ];
}
