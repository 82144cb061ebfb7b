import assert from "node:assert/strict";
import { services, wireErrors } from "@quorate/api";
import { op } from "./requests.ts";
import { compareStores, type Outcome, type Scenario } from "./scenario.ts";

const scenario = compareStores({ flags: ["--compaction-batch-limit", "50"] });

async function compact(s: Scenario, revision: number, physical = false): Promise<Outcome<unknown>> {
  return await s.call(services.kv.compact, { revision, physical });
}

scenario("Compact refuses a future revision; 0 is accepted once, by a new store", async (s) => {
  s.fails(await compact(s, s.at(1)), "future-revision");
  s.fails(await compact(s, s.at(100), true), "future-revision");
  const hash = await s.quietly(async () => await s.call(services.maintenance.hashKv, {}));
  assert.equal(s.succeeds(hash).compactRevision, -1);
  s.succeeds(await compact(s, 0));
  s.fails(await compact(s, 0), "compacted");
  s.fails(await compact(s, -3), "compacted");
});

scenario("Compact keeps the newest version at or below the revision", async (s) => {
  for (const value of ["1", "2", "3", "4"]) await s.put("a", value);
  await s.put("b", "gone");
  await s.delete("b");
  await s.put("c", "1");
  s.succeeds(await compact(s, s.at(3), true));
  for (let distance = 1; distance <= 7; distance += 1) {
    const outcome = await s.all({ revision: s.at(distance) });
    if (distance < 3) s.fails(outcome, "compacted");
    else s.succeeds(outcome);
  }
  await s.all({ revision: s.at(2), serializable: true });
  await s.all();
});

scenario("Compact refuses a revision compacted before, and the same again", async (s) => {
  for (const value of ["1", "2", "3"]) await s.put("a", value);
  s.succeeds(await compact(s, s.at(2)));
  s.fails(await compact(s, s.at(2)), "compacted");
  s.fails(await compact(s, s.at(2), true), "compacted");
  s.fails(await compact(s, s.at(1)), "compacted");
  const { header } = s.succeeds(await s.call(services.kv.compact, { revision: s.at(3) }));
  assert.equal(header?.revision, s.at(3));
});

scenario("A key deleted at or before the compacted revision is gone for good", async (s) => {
  await s.put("a", "1");
  await s.delete("a");
  await s.put("b", "1");
  s.succeeds(await compact(s, s.at(2), true));
  await s.range("a", { revision: s.at(2) });
  s.fails(await s.range("a", { revision: s.at(1) }), "compacted");
  await s.put("a", "again");
  const { kvs } = s.succeeds(await s.range("a"));
  assert.equal(kvs[0]?.version, 1);
});

scenario("A range in a Txn at a compacted revision fails the whole Txn", async (s) => {
  await s.put("a", "1");
  await s.put("a", "2");
  s.succeeds(await compact(s, s.at(2)));
  const old = op.range(s.key("a"), { revision: s.at(1) });
  s.fails(await s.txn({ success: [old] }), "compacted");
  s.fails(await s.txn({ success: [op.put(s.key("a"), "3"), old] }), "compacted");
  s.succeeds(await s.txn({ failure: [old] }));
  s.succeeds(await s.txn({ success: [op.range(s.key("a"), { revision: s.at(2) })] }));
  await s.txn({ success: [op.range(s.key("a"), { revision: -1 })] });
  await s.txn({ success: [op.put(s.key("b"), "1"), op.range(s.key("a"), { revision: -9 })] });
  await s.all();
});

scenario("Versions, revisions and leases of what is kept survive compaction", async (s) => {
  const lease = await s.grant(600);
  for (let index = 0; index < 5; index += 1) await s.put("a", String(index), { lease });
  s.succeeds(await compact(s, s.at(5), true));
  const { kvs } = s.succeeds(await s.range("a"));
  assert.deepEqual([kvs[0]?.version, kvs[0]?.createRevision], [5, s.at(1)]);
  await s.put("a", "next", { prevKv: true });
});

scenario("HashKV at a compacted, a future and a negative revision", async (s) => {
  await s.put("a", "1");
  await s.put("a", "2");
  await s.put("a", "3");
  s.succeeds(await compact(s, s.at(2), true));
  const hash = services.maintenance.hashKv;
  s.fails(await s.call(hash, { revision: s.at(1) }), "compacted");
  s.fails(await s.call(hash, { revision: s.at(4) }), "future-revision");
  const [atCompacted, atCurrent, newest] = await s.quietly(async () => [
    await s.call(hash, { revision: s.at(2) }),
    s.succeeds(await s.call(hash, { revision: s.at(3) })),
    s.succeeds(await s.call(hash, {})),
  ]);
  const { code, message } = atCompacted;
  s.sinceThen(
    "the compacted revision itself has a hash",
    { code, message },
    {
      etcd34: wireErrors.compacted,
      etcd37: { code: 0, message: "" },
    },
  );
  s.sinceThen("the answer names the revision", atCurrent.hashRevision, {
    etcd34: 0,
    etcd37: s.at(3),
  });
  const { hashRevision: _, ...known } = atCurrent;
  s.note("HashKV", known);
  assert.equal(atCurrent.hash, newest.hash);
  assert.notEqual(atCompacted.response?.hash, newest.hash);
});

scenario("A key deleted and put again in the compacted revision stays", async (s) => {
  await s.put("a", "1");
  await s.put("b", "1");
  // A delete to the end is not seen by the overlap check, so both happen in one revision.
  const both = { success: [op.delete(s.key("a"), { end: "\0" }), op.put(s.key("a"), "2")] };
  s.succeeds(await s.txn(both));
  s.succeeds(await compact(s, s.at(3), true));
  const { kvs } = s.succeeds(await s.all());
  assert.equal(kvs.length, 1);
  s.succeeds(await s.all({ revision: s.at(3) }));
  await s.put("a", "3", { prevKv: true });
});
