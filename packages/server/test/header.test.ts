import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  decodeRangeResponse,
  decodeWatchResponse,
  encodeEvent,
  encodeKeyValue,
  Writer,
} from "@quorate/api";
import fc from "fast-check";
import { HeaderEncoder } from "../src/services/header.ts";
import { composeRangeAnswer } from "../src/services/range-answer.ts";
import { composeWatchAnswer, splitEvents } from "../src/services/watch-answer.ts";
import { WatchIds } from "../src/services/watch-ids.ts";

const uint64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const revision = fc.maxSafeNat();

describe("answers composed from stored bytes", () => {
  test("a range answer decodes to its parts, whatever the sizes of the pairs", () => {
    const pair = fc.record({
      key: fc.uint8Array({ maxLength: 20 }),
      valueBytes: fc.constantFrom(0, 1, 200, 16_000, 17_000, 70_000),
    });
    fc.assert(
      fc.property(uint64, uint64, revision, revision, fc.array(pair), fc.boolean(), (...args) => {
        const [clusterId, memberId, current, raftTerm, pairs, more] = args;
        const headers = new HeaderEncoder({ clusterId, memberId });
        const kvs = pairs.map(({ key, valueBytes }) =>
          encodeKeyValue({ key, value: Buffer.alloc(valueBytes, 7), modRevision: 3 }),
        );
        const header = { revision: current, raftTerm };
        const answer = { header, kvs, more, count: kvs.length };
        const decoded = decodeRangeResponse(Buffer.concat(composeRangeAnswer(headers, answer)));
        assert.deepEqual(decoded.header, { clusterId, memberId, revision: current, raftTerm });
        assert.equal(decoded.more, more);
        assert.equal(decoded.count, kvs.length);
        assert.deepEqual(
          decoded.kvs.map((kv) => Buffer.from(encodeKeyValue(kv))),
          kvs.map((kv) => Buffer.from(kv)),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("a watch answer decodes to its parts", () => {
    const headers = new HeaderEncoder({ clusterId: 5n, memberId: 6n });
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        revision,
        (id, current) => {
          const event = encodeEvent({ kv: { key: Buffer.from("k"), modRevision: current } });
          const chunks = composeWatchAnswer(headers, {
            ...{ id, revision: current, raftTerm: 2, isCreated: true, isCanceled: true },
            ...{ compactRevision: current, cancelReason: "gone", isFragment: true },
            events: [event, event],
          });
          const decoded = decodeWatchResponse(Buffer.concat(chunks));
          assert.equal(decoded.watchId, id);
          assert.equal(decoded.header?.revision, current);
          assert.equal(decoded.compactRevision, current);
          assert.equal(decoded.cancelReason, "gone");
          assert.ok(decoded.created && decoded.canceled && decoded.fragment);
          assert.equal(decoded.events.length, 2);
        },
      ),
    );
  });

  test("splitEvents keeps order and gives each part at least one event", () => {
    const events = [10, 300, 5, 5, 5].map((length) => new Uint8Array(length));
    const parts = splitEvents(events, 20);
    assert.deepEqual(
      parts.map((part) => part.map((event) => event.length)),
      [[10], [300], [5, 5], [5]],
    );
    assert.deepEqual(parts.flat(), events);
  });

  test("HeaderEncoder tells the size that it writes", () => {
    const headers = new HeaderEncoder({ clusterId: 2n ** 64n - 1n, memberId: 1n });
    for (const values of [
      { revision: 0, raftTerm: 0 },
      { revision: Number.MAX_SAFE_INTEGER, raftTerm: Number.MAX_SAFE_INTEGER },
    ]) {
      const writer = new Writer(headers.fieldSize(values));
      headers.writeField(writer, values);
      assert.equal(writer.finish().length, headers.fieldSize(values));
    }
  });
});

test("WatchIds chooses 0, 1, 2 … and skips ids in use; a used one is refused", () => {
  const ids = new WatchIds();
  const take = (wanted: bigint): string => {
    const id = ids.choose(wanted);
    if (id !== undefined) ids.use(id, Number(id & 0xffn));
    return String(id);
  };
  assert.deepEqual([0n, 2n, 0n, 0n, 2n, -7n, 0n].map(take), [
    "0",
    "2",
    "1",
    "3",
    "undefined",
    "-7",
    "4",
  ]);
  assert.equal(ids.release(2n), 2);
  assert.equal(ids.release(2n), undefined);
  assert.equal(take(2n), "2");
});
