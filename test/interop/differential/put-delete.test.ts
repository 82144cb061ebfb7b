import assert from "node:assert/strict";
import { services } from "@quorate/api";
import { del, put } from "./requests.ts";
import { compareStores } from "./scenario.ts";

const scenario = compareStores();

scenario("Put raises the revision by one, also for the same value again", async (s) => {
  for (const [index, value] of ["1", "1", "2", ""].entries()) {
    const { header, prevKv } = s.succeeds(await s.put("a", value));
    assert.equal(header?.revision, s.at(index + 1));
    assert.equal(prevKv, undefined);
  }
  const { kvs } = s.succeeds(await s.range("a"));
  assert.equal(kvs[0]?.version, 4);
  assert.equal(kvs[0].createRevision, s.at(1));
});

scenario("Put with prevKv answers the pair it replaces, if there was one", async (s) => {
  const lease = await s.grant(600);
  assert.equal(s.succeeds(await s.put("a", "1", { prevKv: true })).prevKv, undefined);
  await s.put("a", "2", { prevKv: true, lease });
  const { prevKv } = s.succeeds(await s.put("a", "3", { prevKv: true }));
  assert.equal(prevKv?.lease, lease);
  assert.equal(prevKv.version, 2);
});

scenario("Put with ignoreValue keeps the value and takes the new lease", async (s) => {
  const lease = await s.grant(600);
  await s.put("a", "kept");
  await s.put("a", "", { ignoreValue: true, lease, prevKv: true });
  const { kvs } = s.succeeds(await s.range("a"));
  assert.equal(Buffer.from(kvs[0]?.value ?? []).toString(), "kept");
  assert.equal(kvs[0]?.lease, lease);
  // Without ignoreLease, lease 0 detaches.
  await s.put("a", "", { ignoreValue: true });
  assert.equal(s.succeeds(await s.range("a")).kvs[0]?.lease, 0n);
});

scenario("Put with ignoreLease keeps the lease and takes the new value", async (s) => {
  const lease = await s.grant(600);
  await s.put("a", "1", { lease });
  await s.put("a", "2", { ignoreLease: true });
  assert.equal(s.succeeds(await s.range("a")).kvs[0]?.lease, lease);
  await s.put("a", "", { ignoreLease: true, ignoreValue: true });
  const { kvs } = s.succeeds(await s.range("a"));
  assert.equal(Buffer.from(kvs[0]?.value ?? []).toString(), "2");
  await s.put("b", "no lease");
  await s.put("b", "still none", { ignoreLease: true });
  await s.range("b");
});

scenario("Put with ignore flags needs the key, and no value or lease beside them", async (s) => {
  const lease = await s.grant(600);
  await s.put("a", "1");
  s.fails(await s.put("a", "2", { ignoreValue: true }), "value-provided");
  s.fails(await s.put("a", "2", { ignoreLease: true, lease }), "lease-provided");
  s.fails(await s.put("a", "2", { ignoreValue: true, ignoreLease: true, lease }), "value-provided");
  s.fails(await s.put("none", "", { ignoreValue: true }), "key-not-found");
  s.fails(await s.put("none", "2", { ignoreLease: true }), "key-not-found");
  await s.all();
});

scenario("Put refuses an empty key before its flags", async (s) => {
  s.fails(await s.call(services.kv.put, put("", "1")), "key-empty");
  s.fails(await s.call(services.kv.put, put("", "1", { ignoreValue: true })), "key-empty");
  s.fails(await s.call(services.kv.put, put("", "1", { lease: 99n })), "key-empty");
});

scenario("Put with an unknown lease fails and writes nothing", async (s) => {
  for (const lease of [4_040_404n, -1n, 9_223_372_036_854_775_807n]) {
    s.fails(await s.put("a", "1", { lease }), "lease-not-found");
  }
  s.fails(await s.put("a", "", { lease: 4_040_404n, ignoreValue: true }), "lease-not-found");
  await s.put("a", "1");
  s.fails(await s.put("a", "", { lease: 4_040_404n, ignoreValue: true }), "lease-not-found");
  const { header, kvs } = s.succeeds(await s.range("a"));
  assert.equal(kvs[0]?.version, 1);
  assert.equal(header?.revision, s.at(1));
});

scenario("A deleted key begins a new life: version 1, a new create revision", async (s) => {
  await s.put("a", "1");
  await s.put("a", "2");
  await s.delete("a");
  assert.equal(s.succeeds(await s.range("a")).count, 0);
  await s.put("a", "3");
  const { kvs } = s.succeeds(await s.range("a"));
  assert.equal(kvs[0]?.version, 1);
  assert.equal(kvs[0].createRevision, s.at(4));
  await s.range("a", { revision: s.at(2) });
  await s.range("a", { revision: s.at(3) });
});

scenario("DeleteRange removes all keys of an interval in one revision", async (s) => {
  for (const key of ["a", "b", "c", "d"]) await s.put(key, key);
  const { deleted, header } = s.succeeds(await s.delete("b", { end: s.key("d") }));
  assert.deepEqual({ deleted, revision: header?.revision }, { deleted: 2, revision: s.at(5) });
  await s.all();
  await s.delete("d", { end: s.key("a") });
  await s.delete("", { end: s.endOf("") });
  await s.all();
});

scenario("DeleteRange that matches nothing leaves the revision alone", async (s) => {
  const { header, deleted } = s.succeeds(await s.delete("nothing"));
  assert.deepEqual({ deleted, revision: header?.revision }, { deleted: 0, revision: s.at(0) });
  await s.delete("nothing", { prevKv: true, end: s.endOf("nothing") });
});

scenario("DeleteRange with prevKv answers what it removed, in key order", async (s) => {
  const lease = await s.grant(600);
  await s.put("c", "3");
  await s.put("a", "1", { lease });
  await s.put("b", "2");
  await s.put("a", "1 again", { lease });
  const { prevKvs } = s.succeeds(await s.delete("a", { end: s.key("d"), prevKv: true }));
  assert.equal(prevKvs.map(({ value }) => Buffer.from(value).toString()).join(), "1 again,2,3");
  assert.equal(s.succeeds(await s.delete("a", { prevKv: true })).prevKvs.length, 0);
  const keys = s.succeeds(
    await s.call(services.lease.leaseTimeToLive, { id: lease, keys: true }),
  ).keys;
  assert.deepEqual(keys, []);
});

scenario("DeleteRange end 0x00 means up to the last key", async (s) => {
  // Behind the keys of all other scenarios.
  for (const key of ["\xfe", "\xfea", "\xff\xff"]) {
    s.succeeds(await s.call(services.kv.put, put(key, "1")));
  }
  const last = del("\xfea", { end: "\0", prevKv: true });
  assert.equal(s.succeeds(await s.call(services.kv.deleteRange, last)).deleted, 2);
  await s.call(services.kv.deleteRange, del("\xfe", { end: "\0\0" }));
  assert.equal(s.succeeds(await s.call(services.kv.deleteRange, del("\xfe"))).deleted, 1);
});

scenario("DeleteRange refuses an empty key", async (s) => {
  s.fails(await s.call(services.kv.deleteRange, del("")), "key-empty");
  s.fails(await s.call(services.kv.deleteRange, del("", { end: "\0" })), "key-empty");
});

scenario("A request larger than the limit is refused with etcd's own error", async (s) => {
  s.fails(await s.put("a", "v".repeat(1_572_865)), "request-too-large");
  s.succeeds(await s.put("a", "v".repeat(1_572_000)));
  const { code, message } = await s.quietly(
    async () => await s.put("a", "v".repeat(2 * 1024 * 1024)),
  );
  assert.equal(code, 8);
  assert.match(message, /^grpc: received message larger than max \(\d+ vs\. 2097152\)$/);
  s.note("larger than the transport takes", { code, message });
});
