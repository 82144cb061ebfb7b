import assert from "node:assert/strict";
import {
  type KeyValue,
  type RangeResponse,
  services,
  type WireErrorCode,
  wireErrors,
} from "@quorate/api";
import { op, range, type RangeParts } from "./requests.ts";
import { compareStores, type Scenario } from "./scenario.ts";

// RangeStream came with etcd 3.7: its model here is the Range of the same store, and etcd 3.4 is
// asked only how it refuses.
const scenario = compareStores();
const { rangeStream } = services.kv;

interface Streamed {
  readonly chunks: readonly RangeResponse[];
  readonly code: number;
  readonly message: string;
}

async function stream(s: Scenario, key: string, parts: RangeParts = {}): Promise<Streamed> {
  const reader = s.serverStream(rangeStream, rangeStream.encodeRequest(range(key, parts)));
  const chunks: RangeResponse[] = [];
  for (let message = await reader.next(); message !== undefined; message = await reader.next()) {
    const { rangeResponse } = rangeStream.decodeResponse(message);
    assert.ok(rangeResponse !== undefined);
    chunks.push(rangeResponse);
  }
  return { chunks, ...(await reader.end()) };
}

/** Asserts that the chunks together are the answer of Range. */
async function assertMerges(s: Scenario, parts: RangeParts): Promise<readonly RangeResponse[]> {
  const end = s.endOf("");
  const { chunks, code } = await stream(s, s.key(""), { end, ...parts });
  assert.equal(code, 0);
  const whole = s.succeeds(await s.range("", { end, ...parts }));
  const kvs: KeyValue[] = chunks.flatMap((chunk) => chunk.kvs);
  assert.deepEqual(kvs, whole.kvs);
  const last = chunks.at(-1);
  assert.deepEqual({ ...last, kvs: whole.kvs }, whole);
  for (const chunk of chunks.slice(0, -1)) {
    assert.deepEqual([chunk.header, chunk.more, chunk.count], [undefined, false, 0]);
    assert.ok(chunk.kvs.length > 0);
  }
  return chunks;
}

async function fill(s: Scenario, count: number, value: string): Promise<void> {
  for (let begin = 0; begin < count; begin += 100) {
    const keys = Array.from({ length: Math.min(100, count - begin) }, (_, index) =>
      String(begin + index).padStart(5, "0"),
    );
    s.succeeds(await s.txn({ success: keys.map((key) => op.put(s.key(key), value)) }));
  }
}

scenario("RangeStream is an unknown method to etcd 3.4", async (s) => {
  const { code, message } = await stream(s, s.key("a"));
  s.sinceThen(
    "RangeStream came with 3.7",
    { code, message },
    {
      etcd34: { code: 12, message: "unknown method RangeStream for service etcdserverpb.KV" },
      etcd37: { code: 0, message: "" },
    },
  );
  s.note("asked", true);
});

scenario("RangeStream: all chunks together are the answer of Range", async (s) => {
  await s.range("");
  await s.only37("RangeStream came with 3.7", async () => {
    await fill(s, 300, "v");
    for (const parts of [
      {},
      { limit: 7 },
      { limit: 25 },
      { limit: 300 },
      { keysOnly: true },
      { serializable: true },
      { revision: s.at(1) },
      { sortOrder: 1 },
      { end: s.key("00005") },
      { end: "" },
    ]) {
      const [first] = await assertMerges(s, parts);
      assert.ok((first?.kvs.length ?? 0) <= 10);
    }
  });
});

scenario("RangeStream: countOnly and an empty result are one message", async (s) => {
  await s.range("");
  await s.only37("RangeStream came with 3.7", async () => {
    assert.equal((await assertMerges(s, {})).length, 1);
    await fill(s, 50, "v");
    const [only, ...others] = await assertMerges(s, { countOnly: true });
    assert.deepEqual([only?.count, others.length], [50, 0]);
  });
});

scenario("RangeStream: chunks of large values are few keys, of small ones many", async (s) => {
  await s.range("");
  await s.only37("RangeStream came with 3.7", async () => {
    await fill(s, 40, "v".repeat(100));
    const chunks = await assertMerges(s, {});
    assert.ok(chunks.length < 5);
    for (let index = 0; index < 20; index += 1) {
      await s.put(`large${index}`, "v".repeat(500_000));
    }
    const end = s.endOf("large");
    const { chunks: large } = await stream(s, s.key("large"), { end });
    assert.equal(large.flatMap(({ kvs }) => kvs).length, 20);
    assert.ok(large.length > 2);
  });
});

const refusals: ReadonlyArray<readonly [RangeParts & { key?: string }, WireErrorCode]> = [
  [{ key: "" }, "key-empty"],
  [{ sortOrder: 2 }, "range-stream-sort"],
  [{ sortTarget: 1 }, "range-stream-sort"],
  [{ sortTarget: 4, sortOrder: 1 }, "range-stream-sort"],
  [{ minModRevision: 1 }, "range-stream-filter"],
  [{ maxModRevision: 1 }, "range-stream-filter"],
  [{ minCreateRevision: 1 }, "range-stream-filter"],
  [{ maxCreateRevision: 1 }, "range-stream-filter"],
  [{ sortOrder: 9 }, "invalid-sort-option"],
  [{ revision: 1_000_000 }, "future-revision"],
];

scenario("RangeStream refuses what it cannot stream", async (s) => {
  await s.range("");
  await s.only37("RangeStream came with 3.7", async () => {
    await fill(s, 5, "v");
    for (const [{ key = s.key(""), ...parts }, error] of refusals) {
      const { code, message, chunks } = await stream(s, key, { end: s.endOf(""), ...parts });
      assert.deepEqual({ code, message }, wireErrors[error]);
      assert.equal(chunks.length, 0);
    }
    s.succeeds(await s.call(services.kv.compact, { revision: s.at(1) }));
    const { code, message } = await stream(s, s.key(""), { revision: s.base - 1 });
    assert.deepEqual({ code, message }, wireErrors.compacted);
  });
});
