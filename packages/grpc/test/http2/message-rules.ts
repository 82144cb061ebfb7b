import { encodeFields, type Field, requestFields } from "./field-block.ts";
import { data, grpcMessage, headers } from "./frames.ts";
import {
  anyOf,
  answered,
  block,
  call,
  connectionError,
  type Expectation,
  opened,
  type Rule,
  streamError,
} from "./rule.ts";
import { paths } from "./test-server.ts";

const hello = grpcMessage("hello");
const malformed = streamError(1, "PROTOCOL_ERROR");

/** Rules of requests: section 8. */
export const messageRules: readonly Rule[] = [
  ...sequenceRules(),
  ...contentLengthRules(),
  ...fieldRules(),
  ...connectionFieldRules(),
  ...pseudoHeaderRules(),
  ...targetRules(),
  ...connectRules(),
];

/** A call whose fields are changed, and what comes of it. */
function changed(
  section: string,
  rule: string,
  changes: Readonly<Record<string, string | undefined>>,
  expect: Expectation,
): Rule {
  return { section, rule, send: [call(1, paths.echo, changes)], expect };
}

/** A call with the fields as they are listed. */
function listed(
  section: string,
  rule: string,
  fields: readonly Field[],
  expect: Expectation,
): Rule {
  const send = [headers(1, encodeFields(fields)), data(1, hello, { endStream: true })];
  return { section, rule, send, expect };
}

function trailers(...fields: readonly Field[]): Buffer {
  return headers(1, encodeFields(fields), { endStream: true });
}

function sequenceRules(): readonly Rule[] {
  const section = "8.1";
  return [
    {
      section,
      rule: "trailers may end a request",
      send: [opened(1), data(1, hello), trailers(["checksum", "1"])],
      expect: answered(1),
    },
    {
      section,
      rule: "trailers may be an empty section",
      send: [opened(1), data(1, hello), trailers()],
      expect: answered(1),
    },
    {
      section,
      rule: "trailers without END_STREAM make a request malformed",
      send: [opened(1), data(1, hello), headers(1, encodeFields([["checksum", "1"]]))],
      expect: malformed,
    },
    {
      section,
      rule: "DATA behind trailers is STREAM_CLOSED",
      send: [call(1, paths.hold), trailers(["a", "b"]), data(1, hello)],
      expect: anyOf(streamError(1, "STREAM_CLOSED"), connectionError("STREAM_CLOSED")),
    },
    {
      section,
      rule: "pseudo-header fields in trailers make a request malformed",
      send: [opened(1), trailers([":path", "/"])],
      expect: malformed,
    },
    {
      section,
      rule: "trailers are fields as well: upper case makes a request malformed",
      send: [opened(1), trailers(["Checksum", "1"])],
      expect: malformed,
    },
    {
      section,
      rule: "trailers are fields as well: connection-specific ones make a request malformed",
      send: [opened(1), trailers(["connection", "close"])],
      expect: malformed,
    },
  ];
}

function contentLengthRules(): readonly Rule[] {
  const section = "8.1.1";
  const length = String(hello.length);
  const ofLength = (value: string): Buffer =>
    headers(1, block(paths.chat, { "content-length": value }));
  return [
    changed(section, "content-length may be told", { "content-length": length }, answered(1)),
    {
      section,
      rule: "content-length counts neither padding nor frames",
      send: [
        ofLength(length),
        data(1, hello.subarray(0, 4), { padding: 100 }),
        data(1, hello.subarray(4), { padding: 0, endStream: true }),
      ],
      expect: answered(1),
    },
    {
      section,
      rule: "more content than content-length is malformed, before the end too",
      send: [ofLength(String(hello.length - 1)), data(1, hello)],
      expect: malformed,
    },
    {
      section,
      rule: "less content than content-length is malformed at the end",
      send: [ofLength(String(hello.length + 1)), data(1, hello, { endStream: true })],
      expect: malformed,
    },
    {
      section,
      rule: "less content than content-length is malformed at trailers",
      send: [ofLength(String(hello.length + 1)), data(1, hello), trailers(["a", "b"])],
      expect: malformed,
    },
    {
      section,
      rule: "content-length without content is malformed",
      send: [headers(1, block(paths.chat, { "content-length": "5" }), { endStream: true })],
      expect: malformed,
    },
    ...["ten", "-1", "0x0a", "1e1", "", "10 10"].map((value) =>
      changed(
        section,
        `content-length "${value}" is malformed`,
        { "content-length": value },
        malformed,
      ),
    ),
    listed(
      section,
      "two content-length fields that differ are malformed",
      [...requestFields(paths.echo), ["content-length", length], ["content-length", "11"]],
      malformed,
    ),
  ];
}

function fieldRules(): readonly Rule[] {
  const section = "8.2.1";
  const names: readonly (readonly [string, string])[] = [
    ["upper case", "X-upper"],
    ["upper case at the end", "x-uppeR"],
    ["a space", "a b"],
    ["a tab", "a\tb"],
    ["NUL", "a\0b"],
    ["CR", "a\rb"],
    ["LF", "a\nb"],
    ["DEL", "a\x7fb"],
    ["a byte above ASCII", "a\xe4b"],
    ["0xff", "a\xff"],
    ["a colon inside", "a:b"],
    ["a colon at the end", "ab:"],
    ["no character at all", ""],
  ];
  const values: readonly (readonly [string, string])[] = [
    ["NUL", "a\0b"],
    ["CR", "a\rb"],
    ["LF", "a\nb"],
    ["CR LF and a field", "a\r\nhost: x"],
    ["a space at the start", " a"],
    ["a space at the end", "a "],
    ["a tab at the start", "\ta"],
    ["a tab at the end", "a\t"],
    ["only a space", " "],
  ];
  const good: readonly (readonly [string, string, string])[] = [
    ["every character of a token is good in a name", "!#$%&'*+-.^_`|~09az", "x"],
    ["spaces and tabs inside a value are good", "a", "b c\td"],
    ["bytes above ASCII are good in a value", "a", "gr\xfc\xdfe \xff"],
    ["an empty value is good", "a", ""],
  ];
  return [
    ...names.map(([what, name]) =>
      changed(section, `a name with ${what} is malformed`, { [name]: "x" }, malformed),
    ),
    ...values.map(([what, value]) =>
      changed(section, `a value with ${what} is malformed`, { name: value }, malformed),
    ),
    changed(
      section,
      "a value of a pseudo-header field with LF is malformed",
      { ":authority": "a\nb" },
      malformed,
    ),
    changed(section, "a path with NUL is malformed", { ":path": `${paths.echo}\0` }, malformed),
    ...good.map(([rule, name, value]) => changed(section, rule, { [name]: value }, answered(1))),
    listed(
      "8.2.3",
      "cookies may come in several fields",
      [...requestFields(paths.echo), ["cookie", "a=b"], ["cookie", "c=d"]],
      answered(1),
    ),
  ];
}

function connectionFieldRules(): readonly Rule[] {
  const section = "8.2.2";
  const fields: readonly Field[] = [
    ["connection", "keep-alive"],
    ["connection", "x"],
    ["proxy-connection", "keep-alive"],
    ["keep-alive", "timeout=5"],
    ["transfer-encoding", "chunked"],
    ["upgrade", "h2c"],
  ];
  return [
    ...fields.map(([name, value]) =>
      changed(section, `${name}: ${value} is malformed`, { [name]: value }, malformed),
    ),
    changed(section, "te: gzip is malformed", { te: "gzip" }, malformed),
    changed(section, "te: trailers, gzip is malformed", { te: "trailers, gzip" }, malformed),
    changed(section, "te: trailers is good", { te: "trailers" }, answered(1)),
    changed(section, "te may be missing", { te: undefined }, answered(1)),
  ];
}

function pseudoHeaderRules(): readonly Rule[] {
  const section = "8.3";
  const usual = requestFields(paths.echo);
  const [method, scheme, path, authority] = usual;
  const regular = usual.slice(4);
  if (method === undefined || scheme === undefined || path === undefined) return [];
  if (authority === undefined) return [];
  const all = [method, scheme, path, authority];
  return [
    ...all.map((field) =>
      listed(section, `two ${field[0]} are malformed`, [field, ...usual], malformed),
    ),
    ...all.map((field) =>
      listed(
        section,
        `${field[0]} behind a regular field is malformed`,
        [...all.filter((each) => each !== field), ...regular, field],
        malformed,
      ),
    ),
    ...[method, scheme, path].map((field) =>
      listed(
        "8.3.1",
        `a request without ${field[0]} is malformed`,
        usual.filter((each) => each !== field),
        malformed,
      ),
    ),
    listed(section, ":status in a request is malformed", [...all, [":status", "200"]], malformed),
    listed(
      section,
      "an unknown pseudo-header field is malformed",
      [...all, [":x", "y"]],
      malformed,
    ),
    listed(
      section,
      ":protocol that nobody agreed on is malformed",
      [...all, [":protocol", "websocket"]],
      malformed,
    ),
    listed(section, "a lone colon is malformed", [...all, [":", "y"]], malformed),
    listed(section, "a request without any field is malformed", [], malformed),
    listed(
      section,
      "pseudo-header fields come in any order",
      [authority, path, method, scheme, ...regular],
      answered(1),
    ),
  ];
}

function targetRules(): readonly Rule[] {
  const section = "8.3.1";
  return [
    changed(section, "an empty :path is malformed", { ":path": "" }, malformed),
    changed(
      section,
      "a :path that does not begin with a slash is malformed or unknown",
      { ":path": "test.Http2/Echo" },
      anyOf(malformed, answered(1, "12")),
    ),
    changed(
      section,
      "an asterisk is no path of a POST",
      { ":path": "*" },
      anyOf(malformed, answered(1, "12")),
    ),
    changed(section, "any :scheme is good", { ":scheme": "https" }, answered(1)),
    changed(
      section,
      ":authority may be missing if host is there",
      { ":authority": undefined, host: "localhost" },
      answered(1),
    ),
    changed(
      section,
      "a host that differs from :authority may be malformed",
      { host: "elsewhere" },
      anyOf(answered(1), malformed),
    ),
    changed(
      section,
      ":authority may be a URL, which etcd 3.4's library sends",
      { ":authority": "http://127.0.0.1:2379" },
      answered(1),
    ),
  ];
}

function connectRules(): readonly Rule[] {
  const section = "8.5";
  const connect: readonly Field[] = [
    [":method", "CONNECT"],
    [":authority", "example.org:443"],
  ];
  const refused: readonly Expectation[] = [
    { kind: "http", stream: 1, statuses: ["400", "405", "501"] },
    streamError(1, "PROTOCOL_ERROR", "CONNECT_ERROR", "REFUSED_STREAM", "INTERNAL_ERROR"),
  ];
  const connectTo = (rule: string, fields: readonly Field[], expect: Expectation): Rule => ({
    section,
    rule,
    send: [headers(1, encodeFields(fields))],
    expect,
  });
  return [
    connectTo("there is no proxy here: CONNECT is refused", connect, anyOf(...refused)),
    connectTo(
      "CONNECT with :path is malformed",
      [...connect, [":path", "/"]],
      anyOf(malformed, ...refused),
    ),
    connectTo(
      "CONNECT with :scheme is malformed",
      [...connect, [":scheme", "http"]],
      anyOf(malformed, ...refused),
    ),
    connectTo(
      "CONNECT without :authority is malformed",
      connect.slice(0, 1),
      anyOf(malformed, ...refused),
    ),
  ];
}
