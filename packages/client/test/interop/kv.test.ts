import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";

import { compare, connect, op, type Client } from "@quorate/client";

import type { EtcdCluster } from "../../../../test/support/etcd-process.ts";
import { startStore, storeKind, storeMissing } from "../../../../test/support/store.ts";

let store: EtcdCluster | undefined;
let client: Client;

before(async () => {
  if (storeMissing() !== false) return;
  store = await startStore();
  client = connect({ endpoints: store.endpoints });
});

after(async () => {
  if (storeMissing() !== false) return;
  client.close();
  await store?.close();
});

const options = { skip: storeMissing() };

test("A pair is written, read with its revisions, and removed", options, async () => {
  const put = await client.put("kv/a", "1");
  const again = await client.put("kv/a", new Uint8Array([0, 255]), { previous: true });
  assert.equal(again.revision, put.revision + 1);
  assert.equal(again.previous?.text(), "1");
  const pair = await client.get("kv/a");
  assert.ok(pair !== undefined);
  assert.deepEqual([...pair.value], [0, 255]);
  assert.equal(pair.createRevision, put.revision);
  assert.equal(pair.modRevision, again.revision);
  assert.equal(pair.version, 2);
  assert.equal((await client.get("kv/a", { revision: put.revision }))?.text(), "1");
  const removed = await client.delete("kv/a", { previous: true });
  assert.equal(removed.deleted, 1);
  assert.deepEqual([...(removed.previous[0]?.value ?? [])], [0, 255]);
  assert.equal(await client.get("kv/a"), undefined);
});

test(
  "Ranges: prefix, from, half-open, sort, limit, count and revision bounds",
  options,
  async () => {
    const revisions: number[] = [];
    for (const name of ["a", "b", "c", "d"]) {
      revisions.push((await client.put(`r/${name}`, name)).revision);
    }
    const keys = async (...args: Parameters<Client["range"]>): Promise<string[]> =>
      (await client.range(...args)).kvs.map((kv) => kv.keyText());
    const prefix = { prefix: "r/" };
    assert.deepEqual(await keys(prefix), ["r/a", "r/b", "r/c", "r/d"]);
    assert.deepEqual(await keys({ begin: "r/b", end: "r/d" }), ["r/b", "r/c"]);
    assert.ok((await keys({ from: "r/c" })).includes("r/d"));
    const sort = { by: "create-revision", order: "descending" } as const;
    assert.deepEqual(await keys(prefix, { sort, limit: 2 }), ["r/d", "r/c"]);
    const limited = await client.range(prefix, { limit: 3 });
    assert.deepEqual([limited.kvs.length, limited.count, limited.more], [3, 4, true]);
    const counted = await client.range(prefix, { countOnly: true });
    assert.deepEqual([counted.kvs.length, counted.count], [0, 4]);
    const keysOnly = await client.range(prefix, { keysOnly: true });
    assert.ok(keysOnly.kvs.every((kv) => kv.value.length === 0));
    assert.deepEqual(await keys(prefix, { minModRevision: revisions[2] ?? 0 }), ["r/c", "r/d"]);
    assert.deepEqual(await keys(prefix, { maxCreateRevision: revisions[1] ?? 0 }), ["r/a", "r/b"]);
  },
);

test("Client.pages reads a big range at one revision while it is written to", options, async () => {
  for (let batch = 0; batch < 10; batch += 1) {
    const steps = Array.from({ length: 100 }, (_, index) =>
      op.put(`p/${String(batch * 100 + index).padStart(4, "0")}`, "old"),
    );
    await client
      .txn()
      .then(...steps)
      .commit();
  }
  const seen: string[] = [];
  for await (const page of client.pages({ prefix: "p/" }, { pageSize: 300 })) {
    assert.ok(page.kvs.length <= 300);
    seen.push(...page.kvs.map((kv) => `${kv.keyText()}=${kv.text()}`));
    await client.put("p/0999", "new");
    await client.put("p/zzz", "new");
  }
  assert.equal(seen.length, 1_000);
  assert.equal(seen.at(-1), "p/0999=old");
  assert.equal((await client.getAll({ prefix: "p/" })).kvs.length, 1_001);
  assert.deepEqual((await client.getAll({ prefix: "none/" })).kvs, []);
});

test("Transactions: both branches, nesting, every compare", options, async () => {
  const first = await client
    .txn()
    .if(compare.missing("t/a"))
    .then(op.put("t/a", "1"), op.get("t/a"))
    .else(op.get("t/a"))
    .commit();
  assert.ok(first.succeeded);
  assert.equal(first.results[1].kvs[0]?.text(), "1", "later steps see earlier ones");
  const inner = client
    .txn()
    .if(compare.value("t/a", "==", "1"))
    .then(op.put("t/b", "2", { previous: true }))
    .else(op.delete({ prefix: "t/" }));
  const outer = await client
    .txn()
    .if(
      compare.exists("t/a"),
      compare.version("t/a", "==", 1),
      compare.createRevision("t/a", "==", first.revision),
      compare.modRevision("t/a", "<", first.revision + 1),
      compare.lease("t/a", "==", 0n),
      compare.value({ prefix: "t/" }, "!=", "0"),
    )
    .then(inner.nested(), op.delete("t/none"))
    .commit();
  assert.ok(outer.succeeded);
  const [nested, removed] = outer.results;
  assert.ok(nested.succeeded);
  assert.equal(nested.results[0].previous, undefined);
  assert.equal(removed.deleted, 0);
  assert.equal((await client.get("t/b"))?.modRevision, outer.revision);
});

test("Errors of the server carry its code, text and a known outcome", options, async () => {
  const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["key-empty", () => client.put("", "x")],
    ["lease-not-found", () => client.put("e", "x", { lease: 12345n })],
    ["future-revision", () => client.range("e", { revision: 1_000_000 })],
    ["duplicate-key", () => client.txn().then(op.put("e", "1"), op.put("e", "2")).commit()],
    ["request-too-large", () => client.put("e", new Uint8Array(1_700_000))],
    ["resource-exhausted", () => client.put("e", new Uint8Array(3_000_000))],
    [
      "compacted",
      async () => {
        const { revision } = await client.put("e", "1");
        await client.put("e", "2");
        await client.compact(revision + 1, { physical: true });
        await client.range("e", { revision });
      },
    ],
  ];
  for (const [code, call] of cases) {
    await assert.rejects(call(), { code, isOutcomeUnknown: false }, code);
  }
});

test(
  "A namespace hides its prefix in keys, ranges, transactions and watches",
  options,
  async () => {
    const team = client.namespace("ns/");
    const { revision } = await team.put("x", "1");
    assert.equal((await client.get("ns/x"))?.text(), "1");
    assert.equal((await team.get("x"))?.keyText(), "x");
    assert.deepEqual(
      (await team.range({ prefix: "" })).kvs.map((kv) => kv.keyText()),
      ["x"],
    );
    assert.deepEqual(
      (await team.range({ from: "" })).kvs.map((kv) => kv.keyText()),
      ["x"],
    );
    const txn = await team
      .txn()
      .if(compare.exists("x"))
      .then(op.get("x"), op.put("y", "2"))
      .commit();
    assert.ok(txn.succeeded);
    assert.equal(txn.results[0].kvs[0]?.keyText(), "x");
    await using watcher = team.watch({ prefix: "" }, { startRevision: revision });
    for await (const event of watcher) {
      assert.equal(event.kv.keyText(), "x");
      break;
    }
    assert.equal((await team.delete({ prefix: "" })).deleted, 2);
    await assert.rejects(team.put("", "x"), { code: "key-empty" });
  },
);

test(
  "Thin calls: members, status, alarms, hash, health; one member by endpoint",
  options,
  async () => {
    const [endpoint] = store?.endpoints ?? [];
    const { members } = await client.cluster.memberList({});
    assert.equal(members.length, 1);
    const status = await client.maintenance.status({}, endpoint === undefined ? {} : { endpoint });
    assert.equal(status.leader, members[0]?.id, "ids are exact 64-bit integers");
    assert.match(status.version, /^3\./);
    assert.deepEqual((await client.maintenance.alarm({})).alarms, []);
    assert.ok((await client.maintenance.hashKv({})).hash > 0);
    assert.equal((await client.health.check({ service: "" })).status, 1);
    await assert.rejects(client.maintenance.status({}, { endpoint: "elsewhere:1" }), {
      code: "invalid-argument",
    });
    assert.deepEqual(await client.namespace("n/").syncEndpoints(), [`http://${endpoint}`]);
    await client.put("after-sync", "1");
  },
);

const isServed = storeKind === "etcd";
const snapshotOptions = isServed ? options : { skip: "this version serves no client snapshots" };

test("Client.snapshot streams an image with its digest", snapshotOptions, async () => {
  const pieces: Uint8Array[] = [];
  for await (const piece of client.snapshot()) pieces.push(piece);
  const all = Buffer.concat(pieces);
  assert.equal(all.length % 512, 32);
  const digest = createHash("sha256").update(all.subarray(0, -32)).digest();
  assert.deepEqual(digest, all.subarray(-32));
});
