import assert from "node:assert/strict";
import { services } from "@quorate/api";
import { compare, op } from "./requests.ts";
import { compareStores, type Scenario } from "./scenario.ts";

// Both stores are new, leases have fixed ids and nothing else writes: with equal histories the
// hashes must be equal bit for bit, so that a mixed audit of two clusters works.
const scenario = compareStores();

async function hashAt(s: Scenario, distance: number): Promise<void> {
  const { hash, compactRevision } = s.succeeds(
    await s.quietly(
      async () => await s.call(services.maintenance.hashKv, { revision: s.at(distance) }),
    ),
  );
  assert.ok(hash > 0);
  s.note(`HashKV at ${distance}`, { bits: hash.toString(16), compactRevision });
}

// etcd before 3.7 leaves out of a hash what a compaction keeps and a later write replaces, so
// nothing kept is replaced here.
scenario("HashKV equals etcd's after a compaction", async (s) => {
  for (const value of ["1", "2", "3"]) await s.put("a", value);
  await s.put("b", "1");
  await s.delete("b");
  await s.put("c", "1");
  s.succeeds(await s.call(services.kv.compact, { revision: s.at(3), physical: true }));
  for (const distance of [4, 5, 6]) await hashAt(s, distance);
  // This is the revision of the deletion.
  s.succeeds(await s.call(services.kv.compact, { revision: s.at(5), physical: true }));
  await hashAt(s, 6);
});

scenario("HashKV equals etcd's for the same history", async (s) => {
  await s.grant(600, 7_800_001n);
  await s.put("a", "1");
  await s.put("a", "2", { lease: 7_800_001n });
  await s.put("\xff\0", "\0\xff");
  await s.delete("a");
  await s.txn({
    compare: [compare.number("version", s.key("a"), "=", 0)],
    success: [op.put(s.key("a"), "3"), op.put(s.key("b"), ""), op.delete(s.key("\xff\0"))],
  });
  await s.put("long", "v".repeat(100_000));
  const revision = s.succeeds(await s.all()).header?.revision ?? 0;
  for (let distance = 1; s.at(distance) <= revision; distance += 1) await hashAt(s, distance);
});
