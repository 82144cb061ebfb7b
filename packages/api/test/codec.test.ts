import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { testDataDirectory, type DataDrivenCommand } from "@quorate/platform/testing";
import {
  DecodeError,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  encodeHashResponse,
  encodeLeaseGrantRequest,
  encodeMemberRemoveRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeResponseHeader,
  encodeTxnRequest,
  emptyBytes,
  type TxnRequestInit,
} from "../src/index.ts";
import { messageTypes, printMessage } from "./generic-message.ts";

testDataDirectory(join(import.meta.dirname, "testdata"), () => runDecode);

/** `decode T`: prints the message of type T in the hex input, and its encoding if that differs. */
function runDecode({ name, positional, input }: DataDrivenCommand): string {
  assert.equal(name, "decode");
  const type = messageTypes.find(({ schema }) => schema.typeName === positional[0]);
  assert.ok(type !== undefined, `no type "${positional[0]}"`);
  const hex = input.replaceAll(/\(.*?\)|\s/g, "");
  assert.match(hex, /^([0-9a-f]{2})*$/);
  const bytes = Buffer.from(hex, "hex");
  try {
    const message = type.decode(bytes);
    const encoded = Buffer.from(type.encode(message)).toString("hex");
    const canonical = encoded === hex ? "" : `encodes as ${encoded || "nothing"}\n`;
    return `${printMessage(message)}\n${canonical}`.trim() || "(defaults)";
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return error.message;
  }
}

describe("encoding", () => {
  test("leaves defaults out", () => {
    const empty = { key: emptyBytes, limit: 0, keysOnly: false, rangeEnd: undefined };
    assert.deepEqual(encodeRangeRequest(empty), new Uint8Array(0));
    assert.deepEqual(encodeLeaseGrantRequest({ id: 0n }), new Uint8Array(0));
  });

  test("writes a member of a oneof even if it is a default", () => {
    const request: TxnRequestInit = {
      compare: [{ targetUnion: { case: "version", value: 0 } }],
      success: [{ request: { case: "requestRange", value: {} } }],
    };
    assert.deepEqual([...encodeTxnRequest(request)], [0x0a, 2, 0x20, 0, 0x12, 2, 0x0a, 0]);
  });

  test("refuses numbers outside of the range of their type", () => {
    const notSafe = { name: "RangeError", message: /Cannot encode .*: expected/ };
    assert.throws(() => encodeRangeRequest({ limit: 2 ** 53 }), notSafe);
    assert.throws(() => encodeRangeRequest({ limit: 1.5 }), notSafe);
    assert.throws(() => encodeRangeRequest({ limit: Number.NaN }), notSafe);
    assert.throws(() => encodeRangeRequest({ sortOrder: 2 ** 31 }), notSafe);
    assert.throws(() => encodeHashResponse({ hash: 2 ** 32 }), notSafe);
    assert.throws(() => encodeHashResponse({ hash: -1 }), notSafe);
    assert.throws(() => encodeResponseHeader({ raftTerm: -1 }), notSafe);
    assert.throws(() => encodeLeaseGrantRequest({ id: 2n ** 63n }), notSafe);
    assert.throws(() => encodeMemberRemoveRequest({ id: -1n }), notSafe);
    assert.throws(() => encodeMemberRemoveRequest({ id: 2n ** 64n }), notSafe);
  });

  test("notices a message that changes while it is encoded", () => {
    let reads = 0;
    const request = {
      get key(): Uint8Array {
        return new Uint8Array(++reads > 1 ? 1 : 2);
      },
    };
    assert.throws(() => encodePutRequest(request), /wrote 3 bytes, expected 4/);
  });
});

describe("decoding", () => {
  test("gives views into the input, which may be a part of a larger buffer", () => {
    const buffer = Buffer.from("....\n\u0003abc\u0012\u0001v....", "latin1");
    const request = decodePutRequest(buffer.subarray(4, 12));
    assert.deepEqual(request.key, Uint8Array.of(0x61, 0x62, 0x63));
    assert.equal(request.key.buffer, buffer.buffer);
    buffer[6] = 0x7a;
    assert.equal(request.key[0], 0x7a);
  });

  test("shares nothing that can change between messages", () => {
    const [first, second] = [decodeTxnRequest(emptyBytes), decodeTxnRequest(emptyBytes)];
    first.compare.push({
      result: 0,
      target: 0,
      key: emptyBytes,
      targetUnion: undefined,
      rangeEnd: emptyBytes,
    });
    assert.deepEqual(second.compare, []);
    assert.equal(decodeRangeRequest(emptyBytes).key.length, 0);
  });

  test("takes nesting up to the limit and no further", () => {
    // Each transaction in a transaction is two messages: an operation and the transaction.
    const nested = (messages: number): TxnRequestInit =>
      messages <= 2
        ? { success: messages === 2 ? [{}] : [] }
        : { success: [{ request: { case: "requestTxn", value: nested(messages - 2) } }] };
    assert.equal(decodeTxnRequest(encodeTxnRequest(nested(99))).success.length, 1);
    assert.equal(decodeTxnRequest(encodeTxnRequest(nested(100))).success.length, 1);
    assert.throws(() => decodeTxnRequest(encodeTxnRequest(nested(101))), {
      code: "malformed-message",
      message: /nested too deeply/,
    });
  });
});
