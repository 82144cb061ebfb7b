import { encodeFields } from "./field-block.ts";
import {
  continuation,
  data,
  encodeFrame,
  grpcMessage,
  headers,
  priority,
  pushPromise,
  rstStream,
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
  type Step,
  streamError,
  untilAnswered,
  untilReset,
} from "./rule.ts";
import { paths } from "./test-server.ts";

const hello = grpcMessage("hello");
const cancel = 8;

/** What every state is tried with. */
const frameKinds = [
  "DATA",
  "HEADERS",
  "trailers",
  "PRIORITY",
  "RST_STREAM",
  "PUSH_PROMISE",
  "WINDOW_UPDATE",
  "CONTINUATION",
  "unknown",
] as const;

type FrameKind = (typeof frameKinds)[number];

function frameOf(kind: FrameKind, stream: number): Buffer {
  switch (kind) {
    case "DATA":
      return data(stream, hello);
    case "HEADERS":
      return headers(stream, block(paths.chat));
    case "trailers":
      return headers(stream, encodeFields([["trailer", "x"]]), { endStream: true });
    case "PRIORITY":
      return priority(stream, 0);
    case "RST_STREAM":
      return rstStream(stream, cancel);
    case "PUSH_PROMISE":
      return pushPromise(stream, 2, block());
    case "WINDOW_UPDATE":
      return windowUpdate(stream, 1);
    case "CONTINUATION":
      return continuation(stream, block(), true);
    case "unknown":
      return encodeFrame({ type: 0xbe, stream }, hello);
  }
}

const protocolError = connectionError("PROTOCOL_ERROR");
const closedStream = anyOf(streamError(1, "STREAM_CLOSED"), connectionError("STREAM_CLOSED"));
/** A closed stream may be answered by an error, unless the server itself has closed it. */
const closedOrIgnored = anyOf(served, closedStream);
/** A new stream needs a new identifier. */
const reused = anyOf(connectionError("PROTOCOL_ERROR", "STREAM_CLOSED"), closedStream);

interface StreamState {
  readonly name: string;
  readonly reach: readonly Step[];
  readonly expect: Readonly<Record<FrameKind, Expectation>>;
}

/** Frames that every state takes or refuses alike. */
const always = {
  PRIORITY: served,
  PUSH_PROMISE: protocolError,
  CONTINUATION: protocolError,
  unknown: served,
} as const;

/** The states of stream 1 as the server sees them: section 5.1, figure 2. */
const streamStates: readonly StreamState[] = [
  {
    name: "idle",
    reach: [],
    expect: {
      ...always,
      DATA: protocolError,
      HEADERS: served,
      trailers: streamError(1, "PROTOCOL_ERROR"), // No request without pseudo-header fields.
      RST_STREAM: protocolError,
      WINDOW_UPDATE: protocolError,
    },
  },
  {
    name: "open",
    reach: [opened(1)],
    expect: {
      ...always,
      DATA: served,
      HEADERS: streamError(1, "PROTOCOL_ERROR"),
      trailers: answered(1),
      RST_STREAM: served,
      WINDOW_UPDATE: served,
    },
  },
  {
    name: "half-closed (remote)",
    reach: [call(1, paths.hold)],
    expect: {
      ...always,
      DATA: closedStream,
      HEADERS: closedStream,
      trailers: closedStream,
      RST_STREAM: served,
      WINDOW_UPDATE: served,
    },
  },
  {
    name: "half-closed (local)",
    reach: [headers(1, block(paths.early)), untilAnswered(1)],
    expect: {
      ...always,
      DATA: served,
      // Extraneous, but the server may have given the stream up by RST_STREAM with NO_ERROR.
      HEADERS: anyOf(served, streamError(1, "PROTOCOL_ERROR")),
      trailers: served,
      RST_STREAM: served,
      WINDOW_UPDATE: served,
    },
  },
  {
    name: "closed by both ends",
    reach: [call(1), untilAnswered(1)],
    expect: {
      ...always,
      DATA: closedOrIgnored,
      HEADERS: reused,
      trailers: anyOf(reused, served),
      RST_STREAM: served,
      WINDOW_UPDATE: served,
    },
  },
  {
    name: "closed by the client's RST_STREAM",
    reach: [opened(1), rstStream(1, cancel)],
    expect: {
      ...always,
      DATA: closedOrIgnored,
      HEADERS: anyOf(reused, served),
      trailers: anyOf(reused, served),
      RST_STREAM: closedOrIgnored,
      WINDOW_UPDATE: closedOrIgnored,
    },
  },
  {
    name: "closed by the server's RST_STREAM",
    reach: [opened(1), windowUpdate(1, 0), untilReset(1)],
    expect: {
      ...always,
      // Minimally processed and discarded; one RST_STREAM has been sent already.
      DATA: anyOf(streamError(1, "PROTOCOL_ERROR"), streamError(1, "STREAM_CLOSED")),
      HEADERS: anyOf(streamError(1, "PROTOCOL_ERROR"), streamError(1, "STREAM_CLOSED")),
      trailers: anyOf(streamError(1, "PROTOCOL_ERROR"), streamError(1, "STREAM_CLOSED")),
      RST_STREAM: streamError(1, "PROTOCOL_ERROR"),
      WINDOW_UPDATE: streamError(1, "PROTOCOL_ERROR"),
      PRIORITY: streamError(1, "PROTOCOL_ERROR"),
      unknown: streamError(1, "PROTOCOL_ERROR"),
    },
  },
  {
    name: "closed by a higher stream",
    reach: [call(3), untilAnswered(3)],
    expect: {
      ...always,
      DATA: anyOf(closedOrIgnored, protocolError),
      HEADERS: protocolError,
      trailers: protocolError,
      RST_STREAM: anyOf(closedOrIgnored, protocolError),
      WINDOW_UPDATE: anyOf(closedOrIgnored, protocolError),
    },
  },
];

const stateRules: readonly Rule[] = streamStates.flatMap(({ name, reach, expect }) =>
  frameKinds.map((kind) => ({
    section: "5.1",
    rule: `${name}: ${kind}`,
    send: [...reach, frameOf(kind, 1)],
    expect: expect[kind],
  })),
);

const identifierRules: readonly Rule[] = [
  {
    section: "5.1",
    rule: "a stream of the server that it never opened is idle: DATA is PROTOCOL_ERROR",
    send: [data(2, hello)],
    expect: protocolError,
  },
  {
    section: "5.1",
    rule: "a stream of the server that it never opened is idle: WINDOW_UPDATE is PROTOCOL_ERROR",
    send: [windowUpdate(2, 1)],
    expect: protocolError,
  },
  {
    section: "5.1",
    rule: "a stream of the server that it never opened is idle: RST_STREAM is PROTOCOL_ERROR",
    send: [rstStream(2, cancel)],
    expect: protocolError,
  },
  {
    section: "5.1.1",
    rule: "clients open odd streams: HEADERS on an even one are PROTOCOL_ERROR",
    send: [headers(2, block())],
    expect: protocolError,
  },
  {
    section: "5.1.1",
    rule: "streams are opened in ascending order: a lower one is PROTOCOL_ERROR",
    send: [opened(5), headers(3, block())],
    expect: protocolError,
  },
  {
    section: "5.1.1",
    rule: "a stream cannot be opened twice, not even after it was refused",
    send: [headers(3, block("/no.Such/Call"), { endStream: true }), headers(3, block())],
    expect: anyOf(
      connectionError("PROTOCOL_ERROR", "STREAM_CLOSED"),
      streamError(3, "STREAM_CLOSED"),
    ),
  },
  {
    section: "5.1.1",
    rule: "identifiers may be skipped",
    send: [call(1), call(9), call(1_001)],
    expect: answered(1_001),
  },
  {
    section: "5.1.1",
    rule: "the highest identifier is good",
    send: [call(0x7fffffff)],
    expect: answered(0x7fffffff),
    isLast: true,
  },
];

const priorityRules: readonly Rule[] = [
  {
    section: "5.3.2",
    rule: "priority signals are taken and need not be followed, cycles and all",
    send: [
      priority(1, 3),
      priority(3, 1),
      headers(1, block(), { dependsOn: 0x80000003 }),
      data(1, hello, { endStream: true }),
    ],
    expect: answered(1),
  },
  {
    section: "5.3.2",
    rule: "a stream that depends on itself may be an error of this stream, no more",
    send: [opened(1), priority(1, 1)],
    expect: anyOf(served, streamError(1, "PROTOCOL_ERROR")),
  },
];

/** Rules of streams: states (5.1), identifiers (5.1.1), priority (5.3). */
export const streamRules: readonly Rule[] = [...stateRules, ...identifierRules, ...priorityRules];
