import assert from "node:assert/strict";
import {
  RangeRequestSortOrder as Order,
  RangeRequestSortTarget as Target,
  services,
} from "@quorate/api";
import { bytes, range } from "./requests.ts";
import { compareStores, type Scenario } from "./scenario.ts";

const scenario = compareStores();

/** Five keys; value, version, create and mod revision each sort them differently. */
async function fill(s: Scenario): Promise<void> {
  await s.quietly(async () => {
    for (const [key, value] of [
      ["d", "4"],
      ["a", "3"],
      ["c", "9"],
      ["b", "1"],
      ["e", "5"],
      ["a", "8"],
      ["c", "2"],
      ["a", "7"],
    ] as const) {
      s.succeeds(await s.put(key, value));
    }
  });
}

function keysOf(s: Scenario, kvs: readonly { readonly key: Uint8Array }[]): string {
  const names = kvs.map(({ key }) => Buffer.from(key).toString("latin1"));
  return names.map((name) => name.slice(s.key("").length)).join("");
}

scenario("Range of one key tells its revisions, version, value and lease", async (s) => {
  const lease = await s.grant(600);
  await s.put("a", "1", { lease });
  await s.put("a", "2", { lease });
  await s.put("a0", "beside");
  const { kvs, count, more } = s.succeeds(await s.range("a"));
  assert.deepEqual({ count, more, keys: keysOf(s, kvs) }, { count: 1, more: false, keys: "a" });
  assert.equal(kvs[0]?.version, 2);
  assert.equal(kvs[0].createRevision, s.at(1));
});

scenario("Range of an unknown key is empty and no error", async (s) => {
  assert.equal(s.succeeds(await s.range("nothing")).count, 0);
  await s.range("nothing", { countOnly: true });
  await s.range("nothing", { keysOnly: true, limit: 3 });
});

scenario("Range is half-open; an inverted or empty interval matches nothing", async (s) => {
  await fill(s);
  for (const [from, to] of [
    ["a", "c"],
    ["b", "b"],
    ["c", "a"],
    ["", "b"],
    ["aa", "d\0"],
  ] as const) {
    await s.range(from, { end: s.key(to) });
  }
});

scenario("Range end 0x00 means up to the last key, and with key 0x00 all keys", async (s) => {
  await fill(s);
  const open = s.succeeds(await s.quietly(async () => await s.range("d", { end: "\0" })));
  assert.ok(keysOf(s, open.kvs).startsWith("de"));
  const all = await s.quietly(
    async () => await s.call(services.kv.range, range("\0", { end: "\0", countOnly: true })),
  );
  const own = s.succeeds(await s.all({ countOnly: true }));
  assert.ok(s.succeeds(all).count >= own.count);
  // Two bytes are an ordinary end.
  await s.range("d", { end: "\0\0" });
});

scenario("Keys are any bytes, ordered as unsigned bytes", async (s) => {
  for (const key of ["\xff", "\0", "\x7f", "\x80", "\xff\xff", "\0\0", "a"]) {
    await s.put(key, `\x00\xff${key}`);
  }
  const { kvs } = s.succeeds(await s.all());
  assert.equal(keysOf(s, kvs), "\0\0\0a\x7f\x80\xff\xff\xff");
});

scenario("Range ignores limit for count and tells that there is more", async (s) => {
  await fill(s);
  for (const limit of [-1, 0, 1, 4, 5, 6, Number.MAX_SAFE_INTEGER]) {
    const { count, more, kvs } = s.succeeds(await s.all({ limit }));
    assert.equal(count, 5);
    assert.equal(more, limit > 0 && limit < 5);
    assert.equal(kvs.length, more ? limit : 5);
  }
});

scenario("Range with countOnly ignores limit, sort and filters", async (s) => {
  await fill(s);
  const wanted = { countOnly: true };
  await s.all(wanted);
  await s.all({ ...wanted, limit: 2 });
  await s.all({ ...wanted, keysOnly: true });
  await s.all({ ...wanted, sortOrder: Order.DESCEND, sortTarget: Target.VALUE });
  const { count, kvs } = s.succeeds(await s.all({ ...wanted, minModRevision: s.at(6) }));
  assert.deepEqual({ count, kvs }, { count: 5, kvs: [] });
});

scenario("Range with keysOnly leaves the value out; since 3.7 the lease too", async (s) => {
  await s.grant(600, 7_700_001n);
  await s.put("a", "value", { lease: 7_700_001n });
  await s.put("b", "value");
  const answer = s.succeeds(
    await s.quietly(async () => await s.all({ keysOnly: true, sortOrder: Order.NONE })),
  );
  s.sinceThen(
    "keysOnly answers from the index, which knows no lease",
    answer.kvs.map(({ lease }) => lease),
    { etcd34: [7_700_001n, 0n], etcd37: [0n, 0n] },
  );
  s.note(
    "Range keysOnly",
    answer.kvs.map(({ lease: _, ...rest }) => rest),
  );
  const byValue = await s.all({ keysOnly: true, sortTarget: Target.VALUE });
  assert.equal(s.succeeds(byValue).kvs[0]?.lease, 7_700_001n);
});

const targets = Object.entries(Target);
const orders = Object.entries(Order);
for (const [targetName, sortTarget] of targets) {
  scenario(`Range sorts by ${targetName} in every order, then cuts to the limit`, async (s) => {
    await fill(s);
    for (const [, sortOrder] of orders) {
      for (const limit of [0, 2]) {
        await s.all({ sortOrder, sortTarget, limit });
        await s.all({ sortOrder, sortTarget, limit, keysOnly: true });
        await s.all({ sortOrder, sortTarget, limit, minModRevision: s.at(3) });
      }
    }
  });
}

scenario("Range with order NONE and another target cuts before it sorts", async (s) => {
  await fill(s);
  const cut = s.succeeds(await s.all({ sortTarget: Target.VALUE, limit: 2 }));
  // The first three in key order are a=7 b=1 c=2; sorted by value: b c a.
  assert.equal(keysOf(s, cut.kvs), "bc");
  const filtered = s.succeeds(
    await s.all({ sortTarget: Target.VALUE, limit: 2, minModRevision: s.at(1) }),
  );
  assert.equal(keysOf(s, filtered.kvs), "bc");
});

scenario("Range filters by create and mod revision before it sorts and cuts", async (s) => {
  await fill(s);
  const bounds = [undefined, s.at(2), s.at(4), s.at(7)];
  for (const low of bounds) {
    for (const high of bounds) {
      await s.all({ minModRevision: low, maxModRevision: high });
      await s.all({ minCreateRevision: low, maxCreateRevision: high });
    }
  }
  await s.all({ minModRevision: s.at(2), maxCreateRevision: s.at(3), limit: 1 });
  await s.range("a", { minModRevision: s.at(9) });
  await s.range("a", { maxModRevision: s.at(1), limit: 1 });
  await s.all({ minModRevision: -5, maxModRevision: -1 });
});

scenario("Range at an old revision sees that revision, under the present header", async (s) => {
  await fill(s);
  await s.quietly(async () => await s.delete("c"));
  for (let distance = 0; distance <= 9; distance += 1) {
    const { header } = s.succeeds(await s.all({ revision: s.at(distance) }));
    assert.equal(header?.revision, s.at(9));
  }
  await s.all({ revision: s.at(3), limit: 1, keysOnly: true, sortOrder: Order.DESCEND });
  await s.all({ revision: -1 });
});

scenario("Range at a future revision fails", async (s) => {
  await s.put("a", "1");
  s.fails(await s.range("a", { revision: s.at(2) }), "future-revision");
  s.fails(await s.range("a", { revision: Number.MAX_SAFE_INTEGER }), "future-revision");
  s.fails(await s.range("a", { revision: s.at(2), serializable: true }), "future-revision");
});

scenario("Range is answered serializable as well as linearizable", async (s) => {
  await fill(s);
  await s.all({ serializable: true });
  await s.all({ serializable: true, limit: 2, sortOrder: Order.DESCEND });
});

scenario("Range refuses an empty key before anything else", async (s) => {
  s.fails(await s.call(services.kv.range, range("")), "key-empty");
  s.fails(await s.call(services.kv.range, range("", { end: "\0" })), "key-empty");
  s.fails(await s.call(services.kv.range, range("", { revision: s.at(99) })), "key-empty");
  s.fails(await s.call(services.kv.range, range("", { sortOrder: 9 })), "key-empty");
});

scenario("Range refuses unknown sort orders and targets, before the revision", async (s) => {
  await s.only37("etcd 3.4 ends its process at a sort target outside the enumeration", async () => {
    for (const parts of [
      { sortOrder: 3 },
      { sortTarget: 5 },
      { sortOrder: -1 },
      { sortOrder: 3, revision: s.at(99) },
    ]) {
      s.fails(await s.range("a", parts), "invalid-sort-option");
    }
  });
  await s.range("a");
});

scenario("Range of a key with a long value and of a long key", async (s) => {
  await s.put("long", "v".repeat(900_000));
  await s.put("k".repeat(10_000), "1");
  await s.all();
});

scenario("Range survives unknown fields and repeated scalar fields in the request", async (s) => {
  await s.put("a", "1");
  const known = services.kv.range.encodeRequest(range(s.key("a")));
  const unknown = Buffer.from([0xf8, 0x07, 0x01, 0xfa, 0x07, 0x02, 0x61, 0x62]);
  await s.callBytes(services.kv.range, Buffer.concat([known, unknown]));
  const twice = services.kv.range.encodeRequest({ key: bytes("other"), limit: 7 });
  await s.callBytes(services.kv.range, Buffer.concat([twice, known]));
});
