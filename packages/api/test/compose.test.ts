import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytesSize,
  DecodeError,
  decodeKeyValue,
  decodeRangeResponse,
  encodeKeyValue,
  encodeRangeResponse,
  encodeResponseHeader,
  Reader,
  readUtf8,
  uint32Size,
  utf8Size,
  Writer,
  writeUtf8,
} from "../src/index.ts";

const stored = ["a", "b", "c"].map((key, index) =>
  encodeKeyValue({ key: Buffer.from(key), modRevision: index + 2, value: new Uint8Array(300) }),
);

test("Writer composes an answer from stored bytes that equals the encoded one", () => {
  const header = encodeResponseHeader({ clusterId: 2n ** 63n, memberId: 7n, revision: 9 });
  let size = 1 + bytesSize(header.length);
  for (const bytes of stored) size += 1 + bytesSize(bytes.length);
  const writer = new Writer(size);
  writer.byte(10);
  writer.view(header);
  for (const bytes of stored) {
    writer.byte(18);
    writer.view(bytes);
  }
  const composed = writer.finish();
  const response = { kvs: stored.map(decodeKeyValue) };
  const expected = encodeRangeResponse({
    header: { clusterId: 2n ** 63n, memberId: 7n, revision: 9 },
    ...response,
  });
  assert.deepEqual(composed, expected);
  assert.deepEqual(decodeRangeResponse(composed).kvs, response.kvs);
});

test("Writer.finish refuses an array that is not full", () => {
  const writer = new Writer(2);
  writer.byte(1);
  assert.throws(() => writer.finish(), /wrote 1 bytes, expected 2/);
});

test("Reader finds one field without decoding the others", () => {
  const reader = new Reader(stored[1] ?? new Uint8Array(0));
  let modRevision = 0;
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    if (tag === 24) modRevision = reader.int64();
    else reader.skip(tag);
  }
  assert.equal(modRevision, 3);
});

test("Reader reads a part of an array and nothing behind it", () => {
  const reader = new Reader(Uint8Array.of(0xff, 0x85, 0x01, 0x01), 1, 2);
  assert.throws(() => reader.uint32(), DecodeError);
  assert.equal(new Reader(Uint8Array.of(0xff, 0x85, 0x01, 0x01), 1, 3).uint32(), 133);
});

test("uint32Size is the number of bytes that Writer.uint32 writes", () => {
  for (let bits = 0; bits <= 32; bits++) {
    for (const value of [2 ** bits - 1, Math.min(2 ** bits, 2 ** 32 - 1)]) {
      const writer = new Writer(uint32Size(value));
      writer.uint32(value);
      assert.equal(new Reader(writer.finish()).uint32(), value);
    }
  }
});

test("writeUtf8 gives what TextEncoder gives, also for lone surrogates", () => {
  const texts = ["", "plain", "é€😀", "\ud800", "\udc00\ud800", "a\ud83dz", "\ud83d\ud83d\ude00"];
  for (const text of texts) {
    const bytes = new Uint8Array(utf8Size(text));
    assert.equal(writeUtf8(text, bytes, 0), bytes.length);
    assert.deepEqual(bytes, new TextEncoder().encode(text));
  }
});

test("readUtf8 accepts and refuses what TextDecoder does, and reads long text", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const compare = (...values: number[]): void => {
    const bytes = Uint8Array.from(values);
    const expected = attempt(() => decoder.decode(bytes));
    assert.equal(
      attempt(() => readUtf8(bytes, 0, bytes.length)),
      expected,
      `bytes ${values}`,
    );
  };
  const lasts = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
  const prefixes = [[], [0xe0], [0xed], [0xef], [0xf0], [0xf4], [0xf0, 0x90], [0xf4, 0x8f]];
  for (const prefix of prefixes) {
    for (let first = 0; first < 0x100; first++) {
      compare(...prefix, first);
      for (const last of lasts) compare(...prefix, first, last);
    }
  }
  const long = "é€😀plain".repeat(5_000);
  const bytes = new TextEncoder().encode(long);
  assert.equal(readUtf8(bytes, 0, bytes.length), long);
});

function attempt(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
