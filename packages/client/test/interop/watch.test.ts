import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { connect, op, WatchCompactedError, type Client, type WatchBatch } from "@quorate/client";

import type { EtcdCluster } from "../../../../test/support/etcd-process.ts";
import { startStore, storeKind, storeMissing } from "../../../../test/support/store.ts";

// Renamed in etcd 3.6; the old name is gone in 3.7.
const progressFlag =
  storeKind === "etcd"
    ? "experimental-watch-progress-notify-interval"
    : "watch-progress-notify-interval";

let store: EtcdCluster | undefined;
let client: Client;

before(async () => {
  if (storeMissing() !== false) return;
  store = await startStore(storeKind, 1, { flags: [`--${progressFlag}`, "200ms"] });
  client = connect({ endpoints: store.endpoints });
});

after(async () => {
  if (storeMissing() !== false) return;
  client.close();
  await store?.close();
});

const options = { skip: storeMissing() };

test("Events arrive with kind, previous pair and creation mark", options, async () => {
  await using watcher = client.watch({ prefix: "e/" }, { previous: true });
  await watcher.whenCreated();
  await client.put("e/1", "a");
  await client.put("e/1", "b");
  await client.delete("e/1");
  const seen: unknown[] = [];
  for await (const { type, kv, previous, isCreation } of watcher) {
    seen.push([type, kv.keyText(), kv.text(), previous?.text(), isCreation]);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, [
    ["put", "e/1", "a", undefined, true],
    ["put", "e/1", "b", "a", false],
    ["delete", "e/1", "", "b", false],
  ]);
});

test("Filters keep one kind of change", options, async () => {
  await using deletes = client.watch({ prefix: "f/" }, { only: "deletes" });
  await using puts = client.watch({ prefix: "f/" }, { only: "puts" });
  await Promise.all([deletes.whenCreated(), puts.whenCreated()]);
  await client.put("f/1", "a");
  await client.delete("f/1");
  await client.put("f/2", "end");
  await client.delete("f/2");
  const kinds = async (watcher: AsyncIterable<{ type: string; kv: { keyText(): string } }>) => {
    const seen: string[] = [];
    for await (const event of watcher) {
      seen.push(event.type);
      if (seen.length === 2) break;
    }
    return seen;
  };
  assert.deepEqual(await kinds(deletes), ["delete", "delete"]);
  assert.deepEqual(await kinds(puts), ["put", "put"]);
});

test("History is replayed from a start revision, whole revisions in a batch", options, async () => {
  const { revision } = await client.txn().then(op.put("h/1", "a"), op.put("h/2", "b")).commit();
  await client.put("h/1", "c");
  await using watcher = client.watch({ prefix: "h/" }, { startRevision: revision });
  const events: string[] = [];
  for await (const batch of watcher.batches()) {
    if (batch.kind === "events") events.push(...batch.events.map((event) => event.kv.text()));
    if (events.length >= 3) break;
  }
  assert.deepEqual(events, ["a", "b", "c"]);
});

test(
  "A start before the compaction is an error that names the oldest revision",
  options,
  async () => {
    const { revision } = await client.put("c/1", "a");
    const { revision: last } = await client.put("c/1", "b");
    await client.compact(last);
    const watcher = client.watch("c/1", { startRevision: revision });
    await assert.rejects(watcher.batches().next(), (error: unknown) => {
      assert.ok(error instanceof WatchCompactedError, String(error));
      assert.equal(error.compactRevision, last);
      return true;
    });
  },
);

test("Progress is reported to who asked, by itself and on request", options, async () => {
  await using watcher = client.watch("nothing-happens-here", { progress: true });
  await watcher.whenCreated();
  const { revision } = await client.put("elsewhere", "x");
  const reached = async (): Promise<WatchBatch> => {
    for await (const batch of watcher.batches()) if (batch.revision >= revision) return batch;
    throw new Error("The watch ended");
  };
  assert.deepEqual(await reached(), { kind: "progress", revision });
});

test("A thousand watches share one connection and see every event once", options, async () => {
  const watchers = Array.from({ length: 1_000 }, (_, index) => client.watch(`m/${index}`));
  await Promise.all(watchers.map((watcher) => watcher.whenCreated()));
  for (let batch = 0; batch < 10; batch += 1) {
    const steps = Array.from({ length: 100 }, (_, index) =>
      op.put(`m/${batch * 100 + index}`, String(batch * 100 + index)),
    );
    await client
      .txn()
      .then(...steps)
      .commit();
  }
  const seen = await Promise.all(
    watchers.map(async (watcher) => {
      for await (const event of watcher) return event.kv.text();
      return undefined;
    }),
  );
  assert.deepEqual(
    seen,
    Array.from({ length: 1_000 }, (_, index) => String(index)),
  );
});

test("W4: a revision larger than one message arrives as one batch", options, async () => {
  const value = new Uint8Array(350_000);
  const steps = ["1", "2", "3", "4"].map((name) => op.put(`big/${name}`, value));
  await client
    .txn()
    .then(...steps)
    .commit();
  await using watcher = client.watch({ prefix: "big/" }, { previous: true });
  await watcher.whenCreated();
  // With the previous values the events are 2.8 MB; etcd splits answers above 2 MiB.
  const { revision } = await client
    .txn()
    .then(...steps)
    .commit();
  const { value: batch } = await watcher.batches().next();
  assert.ok(batch?.kind === "events");
  assert.equal(batch.revision, revision);
  assert.equal(batch.events.length, 4);
  assert.ok(batch.events.every((event) => event.previous?.value.length === 350_000));
});

test("W11: a slow reader is parked and misses nothing", options, async () => {
  await using slow = connect({
    endpoints: store?.endpoints ?? [],
    watchBuffer: { eventsMax: 20 },
  });
  await using watcher = slow.watch({ prefix: "s/" });
  await using marker = slow.watch("marker");
  await Promise.all([watcher.whenCreated(), marker.whenCreated()]);
  for (let index = 0; index < 200; index += 1) await client.put(`s/${index}`, String(index));
  await client.put("marker", "x");
  await marker[Symbol.asyncIterator]().next();
  const seen: string[] = [];
  for await (const event of watcher) {
    seen.push(event.kv.text());
    if (seen.length === 200) break;
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 200 }, (_, index) => String(index)),
  );
});
