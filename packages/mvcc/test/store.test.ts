import assert from "node:assert/strict";
import { test } from "node:test";
import { NodeClock, NodeTimers } from "@quorate/platform";
import { RecordingCounter, RecordingHistogram } from "@quorate/platform/testing";
import fc from "fast-check";
import {
  decodeStored,
  isInRange,
  keyFromBytes,
  keyToBytes,
  MemoryBackend,
  metaKeys,
  MvccStore,
  prefixRangeEnd,
  toRevision,
} from "@quorate/mvcc";
import { crc32c } from "../src/crc32c.ts";
import { encodeKeyValue, encodeTombstone } from "../src/key-value.ts";
import { isTombstoneKey, mainOf, revisionKey, subOf } from "../src/revision-key.ts";
import { IntervalTree } from "../src/watch/interval-tree.ts";
import { bytes, describe, openStore, put, remove } from "./support.ts";

test("crc32c gives the check value of the standard, in any pieces", () => {
  assert.equal(crc32c(0, bytes("123456789")), 0xe3069283);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (data, cut) => {
      assert.equal(crc32c(crc32c(0, data.subarray(0, cut)), data.subarray(cut)), crc32c(0, data));
    }),
  );
});

test("keys: strings and bytes convert exactly and order alike", () => {
  const key = fc.uint8Array({ maxLength: 6 });
  fc.assert(
    fc.property(key, key, (left, right) => {
      assert.deepEqual(new Uint8Array(keyToBytes(keyFromBytes(left))), left);
      const order = Buffer.compare(left, right);
      const [a, b] = [keyFromBytes(left), keyFromBytes(right)];
      assert.equal(a < b ? -1 : a > b ? 1 : 0, order);
      assert.equal(isInRange(b, a, prefixRangeEnd(a)), b.startsWith(a), "prefix range");
    }),
  );
  assert.equal(prefixRangeEnd("a\xff"), "b");
  assert.equal(prefixRangeEnd("\xff\xff"), "\0");
});

test("row keys have etcd's form, and byte order is history", () => {
  assert.equal(
    Buffer.from(revisionKey(2 ** 40 + 5, 258, true), "latin1").toString("hex"),
    "0000010000000005" + "5f" + "0000000000000102" + "74",
  );
  const main = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const sub = fc.nat(2 ** 31 - 1);
  fc.assert(
    fc.property(main, sub, fc.boolean(), main, sub, (m1, s1, isTombstone, m2, s2) => {
      const row = revisionKey(m1, s1, isTombstone);
      assert.equal(mainOf(row), m1);
      assert.equal(subOf(row), s1);
      assert.equal(isTombstoneKey(row), isTombstone);
      if (m1 !== m2 || s1 !== s2) {
        assert.equal(row < revisionKey(m2, s2, false), m1 < m2 || (m1 === m2 && s1 < s2));
      }
    }),
  );
});

test("rows round-trip, and damage is a typed error", () => {
  const revision = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const text = fc.uint8Array({ maxLength: 200 });
  const lease = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(
      text,
      revision,
      revision,
      revision,
      text,
      lease,
      (k, create, main, version, v, l) => {
        const row = encodeKeyValue(keyFromBytes(k), create, main, version, v, l);
        const stored = decodeStored(row);
        assert.deepEqual(
          { ...stored, key: new Uint8Array(stored.key), value: new Uint8Array(stored.value) },
          { key: k, createRevision: create, modRevision: main, version, value: v, lease: l },
        );
        const code = { code: "store-corrupt" };
        assert.throws(() => decodeStored(row.subarray(0, row.length - 1)), code);
        assert.throws(() => decodeStored(Buffer.concat([row, Uint8Array.of(0xff)])), code);
      },
    ),
  );
});

test("P7 a store at 2^53 - 1 refuses to write with a typed error and still reads", async () => {
  const backend = new MemoryBackend();
  const last = Number.MAX_SAFE_INTEGER;
  backend.put(
    "key",
    revisionKey(last, 0, false),
    encodeKeyValue("a", last, last, 1, bytes("1"), 0n),
  );
  backend.put("meta", metaKeys.finishedCompactRevision, bytes(String(last - 1)));
  const store = await openStore(backend);
  assert.equal(store.currentRevision, last);
  assert.throws(() => store.beginWrite(), { code: "revision-exhausted" });
  assert.equal(store.range({ key: "a" }).count, 1);
  assert.throws(() => toRevision(2 ** 53), { code: "revision-exhausted" });
  assert.throws(() => toRevision(-1), RangeError);
  assert.throws(() => toRevision(1.5), RangeError);
});

test("B7 rows of another form are refused when the store opens", async () => {
  const foreignKey = new MemoryBackend();
  foreignKey.put("key", "not a revision", bytes("x"));
  await assert.rejects(openStore(foreignKey), { code: "store-corrupt" });
  const foreignRow = new MemoryBackend();
  foreignRow.put("key", revisionKey(2, 0, false), bytes("\x0a\xff"));
  await assert.rejects(openStore(foreignRow), { code: "store-corrupt" });
  const foreignMeta = new MemoryBackend();
  foreignMeta.put("meta", "scheduledCompactRevision", bytes("soon"));
  await assert.rejects(openStore(foreignMeta), { code: "store-corrupt" });
});

test("HashKV is CRC-32C over 'key' and the rows, as etcd computes it", async () => {
  const store = await openStore(new MemoryBackend());
  put(store, "a", "1");
  put(store, "a", "2");
  remove(store, "a");
  const rows: [string, Uint8Array][] = [
    [revisionKey(2, 0, false), encodeKeyValue("a", 2, 2, 1, bytes("1"), 0n)],
    [revisionKey(3, 0, false), encodeKeyValue("a", 2, 3, 2, bytes("2"), 0n)],
    [revisionKey(4, 0, true), encodeTombstone("a")],
  ];
  const expected = (from: number, to: number): number =>
    crc32c(
      0,
      Buffer.concat([bytes("key"), ...rows.slice(from, to).flatMap(([k, v]) => [bytes(k), v])]),
    );
  assert.equal((await store.hashKv(0)).hash, expected(0, 3));
  assert.equal((await store.hashKv(3)).hash, expected(0, 2));
  void store.scheduleCompaction(3);
  assert.equal((await store.hashKv(0)).hash, expected(1, 3), "before the removal");
  await store.compactionFinished();
  assert.equal((await store.hashKv(0)).hash, expected(1, 3), "after the removal");
  void store.scheduleCompaction(4);
  assert.equal((await store.hashKv(0)).hash, expected(0, 0), "a deletion at the bound is skipped");
});

test("HashKV does not depend on how far the removal of old versions has come (P8)", async () => {
  const write = (store: MvccStore): void => {
    for (let n = 0; n < 300; n++) {
      if (n % 7 === 3) remove(store, `k${n % 13}`);
      else put(store, `k${n % 13}`, String(n));
    }
  };
  const fast = await openStore(new MemoryBackend());
  const slow = await openStore(new MemoryBackend(), {
    compactionBatchLimit: 1,
    compactionPauseMillis: 60_000,
  });
  for (const store of [fast, slow]) {
    write(store);
    void store.scheduleCompaction(200);
  }
  await fast.compactionFinished();
  for (const revision of [200, 250, 0]) {
    assert.deepEqual(await slow.hashKv(revision), await fast.hashKv(revision));
  }
  await assert.rejects(fast.hashKv(199), { code: "compacted" });
  await assert.rejects(fast.hashKv(9999), { code: "future-revision" });
  slow.close();
});

test("hashes taken at compactions answer for the last ten of them", async () => {
  const store = await openStore(new MemoryBackend(), { isHashingCompactions: true });
  const before: number[] = [];
  for (let n = 2; n <= 14; n++) {
    put(store, "a", String(n));
    before.push((await store.hashKv(n)).hash);
    await store.scheduleCompaction(n);
  }
  for (let n = 5; n <= 14; n++) {
    const { hash, compactRevision } = await store.hashKv(n);
    assert.equal(hash, before[n - 2]);
    assert.equal(compactRevision, n - 1);
  }
  await assert.rejects(store.hashKv(4), { code: "compacted" });
});

test("revision 0 can be compacted once on a store that never was", async () => {
  const store = await openStore(new MemoryBackend());
  await store.scheduleCompaction(0);
  assert.equal(store.compactRevision, 0);
  assert.throws(() => store.scheduleCompaction(0), { code: "compacted", compactRevision: 0 });
  assert.throws(() => store.scheduleCompaction(2), { code: "future-revision", currentRevision: 1 });
});

test("a cursor reads one pinned revision until compaction passes it (P9)", async () => {
  const store = await openStore(new MemoryBackend());
  for (const key of ["a", "b", "c", "d"]) put(store, key, "old");
  const cursor = store.openRange({ key: "a", rangeEnd: "\0" });
  assert.equal(cursor.next(1).length, 1);
  put(store, "b", "new");
  remove(store, "c");
  put(store, "bb", "new");
  assert.deepEqual(cursor.next(2).map(describe), [
    "b=old create=3 mod=3 version=1",
    "c=old create=4 mod=4 version=1",
  ]);
  void store.scheduleCompaction(6);
  assert.throws(() => cursor.next(1), { code: "compacted", revision: 5 });
  const bounded = store.openRange({ key: "a", rangeEnd: "\0" });
  assert.equal(bounded.next(10, 1).length, 1, "the byte bound stops behind a pair");
  assert.equal(bounded.next(10, 1_000_000).length, 3);
  assert.ok(bounded.isDone);
});

test("leases of live keys are found again at open, once", async () => {
  const backend = new MemoryBackend();
  const store = await openStore(backend);
  put(store, "kept", "1", -5n);
  put(store, "moved", "1", 5n);
  put(store, "moved", "2", 6n);
  put(store, "detached", "1", 5n);
  put(store, "detached", "2");
  put(store, "deleted", "1", 5n);
  remove(store, "deleted");
  store.close();
  const reopened = await openStore(backend);
  assert.deepEqual([...reopened.takeAttachedLeases()].sort(), [
    ["kept", -5n],
    ["moved", 6n],
  ]);
  assert.equal(reopened.takeAttachedLeases().size, 0);
});

test("stats and instruments count what happened", async () => {
  const instruments = {
    compactionKeys: new RecordingCounter(),
    compactionPauseMillis: new RecordingHistogram(),
    compactionTotalMillis: new RecordingHistogram(),
    hashSeconds: new RecordingHistogram(),
  };
  const store = await MvccStore.open(
    {},
    {
      backend: new MemoryBackend(),
      timers: new NodeTimers(),
      clock: new NodeClock(),
      instruments,
    },
  );
  put(store, "a", "1");
  put(store, "a", "22");
  put(store, "b", "1");
  remove(store, "b");
  const txn = store.beginWrite();
  txn.range({ key: "a" });
  txn.put("c", bytes("1"), 0n);
  txn.end();
  await store.scheduleCompaction(6);
  await store.hashKv(0);
  const stats = store.stats();
  assert.deepEqual(
    { ...stats },
    {
      currentRevision: 6,
      compactRevision: 6,
      keysTotal: 2,
      rangeTotal: 1,
      putTotal: 4,
      deleteTotal: 1,
      txnTotal: 1,
      totalPutSizeBytes: 9,
      compactionKeysTotal: 3,
      watchStreamTotal: 0,
      watcherTotal: 0,
      slowWatcherTotal: 0,
      eventsTotal: 0,
      fallbacksTotal: 0,
      pendingRevisions: 0,
    },
  );
  assert.equal(instruments.compactionKeys.total, 3);
  assert.equal(instruments.compactionTotalMillis.values.length, 1);
  assert.ok(instruments.compactionPauseMillis.values.length > 0);
  assert.equal(instruments.hashSeconds.values.length, 1);
});

test("IntervalTree finds what a list of intervals finds", () => {
  const bound = fc.stringMatching(/^[abc]{1,2}$/);
  const interval = fc.tuple(bound, fc.oneof(bound, fc.constant("\0")), fc.boolean(), fc.nat(3));
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 80, size: "max" }), bound, (intervals, key) => {
      const tree = new IntervalTree<string>();
      const list = new Map<string, readonly [string, string]>();
      for (const [begin, end, isAdded, number] of intervals) {
        if (end !== "\0" && begin >= end) continue;
        const item = `${begin}-${end}-${number}`;
        if (isAdded) {
          tree.add(begin, end, item);
          list.set(item, [begin, end]);
        } else {
          tree.delete(begin, end, item);
          list.delete(item);
        }
      }
      const found: string[] = [];
      tree.stab(key, (item) => found.push(item));
      const expected = [...list].filter(([, [begin, end]]) => isInRange(key, begin, end));
      assert.deepEqual(found.sort(), expected.map(([item]) => item).sort());
    }),
    { numRuns: 300 },
  );
});
