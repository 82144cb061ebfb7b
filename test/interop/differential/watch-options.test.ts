import assert from "node:assert/strict";
import { compareStores, type Scenario } from "./scenario.ts";
import { op } from "./requests.ts";

// A short progress interval, and room for responses so small that fragments are cheap.
const scenario = compareStores({
  flags: ["--watch-progress-notify-interval", "200ms", "--max-request-bytes", "65536"],
});
/** Largest response sent in one piece: the request limit and 512 KiB. */
const wholeSizeMax = 65_536 + 512 * 1024;

scenario("Watch progress by timer, for the watches that ask for it", async (s) => {
  await s.put("a", "1");
  const watch = s.watch();
  await watch.created("a", { progressNotify: true, watchId: 1n });
  await watch.created("a", { watchId: 2n });
  for (let count = 0; count < 3; count += 1) {
    const { watchId, header, events } = await watch.next();
    assert.deepEqual([watchId, header?.revision, events.length], [1n, s.at(1), 0]);
  }
});

scenario("Watch progress by timer tells the newest revision and follows events", async (s) => {
  const watch = s.watch();
  await watch.created("a", { progressNotify: true });
  await s.put("a", "1");
  await s.put("b", "1");
  await s.put("b", "2");
  let progress = 0;
  let events = 0;
  while (progress < s.at(3)) {
    const response = await watch.nextQuietly();
    if (response.events.length > 0) events += response.events.length;
    else progress = response.header?.revision ?? 0;
    // An event at or below the revision of a progress mark came before the mark.
    if (progress >= s.at(1)) assert.equal(events, 1);
  }
  s.note("events", events);
});

scenario("Watch that waits for a future revision gets no progress by timer", async (s) => {
  await s.put("a", "1");
  await s.only37("etcd 3.4 sends progress to a watch that waits for a revision", async () => {
    const watch = s.watch();
    await watch.created("a", { progressNotify: true, startRevision: s.at(5), watchId: 1n });
    await watch.created("b", { progressNotify: true, watchId: 2n });
    for (let count = 0; count < 3; count += 1) {
      assert.equal((await watch.next()).watchId, 2n);
    }
  });
});

scenario("Watch that waits for a future revision lets no progress be had on request", async (s) => {
  await s.put("a", "1");
  await s.only37("etcd 3.4 answers a request for progress whatever the watches do", async () => {
    const watch = s.watch();
    await watch.created("a", { startRevision: s.at(9) });
    watch.requestProgress();
    const { watchId, created } = await watch.created("b", { watchId: 4n });
    assert.deepEqual([watchId, created], [4n, true]);
  });
});

const keyCount = 30;
const valueSize = 60_000;

/** Makes one revision so large that a response with it may be cut: a deletion of much. */
async function deleteMuch(s: Scenario): Promise<void> {
  const { deleted } = s.succeeds(await s.delete("", { end: s.endOf("") }));
  assert.equal(deleted, keyCount);
}

async function fill(s: Scenario): Promise<void> {
  await s.quietly(async () => {
    for (let index = 0; index < keyCount; index += 1) {
      await s.put(`k${String(index).padStart(2, "0")}`, "v".repeat(valueSize));
    }
  });
}

scenario("Watch with fragment cuts a large response; the last piece is unmarked", async (s) => {
  await fill(s);
  const watch = s.watch();
  await watch.created("", { end: s.endOf(""), fragment: true, prevKv: true });
  await deleteMuch(s);
  const sizes: number[] = [];
  let count = 0;
  while (count < keyCount) {
    const { fragment, events, header, watchId } = await watch.nextQuietly();
    assert.deepEqual([watchId, header?.revision], [0n, s.at(keyCount + 1)]);
    for (const { kv } of events) {
      assert.equal(
        Buffer.from(kv?.key ?? []).toString(),
        s.key(`k${String(count).padStart(2, "0")}`),
      );
      count += 1;
    }
    assert.ok(events.length > 0 && events.length * valueSize < wholeSizeMax);
    assert.equal(fragment, count < keyCount);
    sizes.push(events.length);
  }
  assert.ok(sizes.length >= 3);
  s.note("events in each piece", sizes);
});

scenario("Watch without fragment sends a revision whole, however large", async (s) => {
  await fill(s);
  const watch = s.watch();
  await watch.created("", { end: s.endOf(""), prevKv: true });
  await deleteMuch(s);
  const { events, fragment } = await watch.nextQuietly();
  s.note("events in the response", events.length);
  assert.deepEqual([events.length, fragment], [keyCount, false]);
});

scenario("Watch replay never cuts a revision, however large the history", async (s) => {
  await fill(s);
  await deleteMuch(s);
  const watch = s.watch();
  await watch.created("", { end: s.endOf(""), startRevision: s.at(1), prevKv: true });
  const ends = new Set<number>();
  let seen = 0;
  while (seen < 2 * keyCount) {
    const { events } = await watch.nextQuietly();
    const revisions = new Set(events.map(({ kv }) => kv?.modRevision ?? 0));
    for (const revision of revisions) {
      assert.ok(!ends.has(revision), "A revision comes in two responses");
      ends.add(revision);
    }
    seen += events.length;
  }
  s.note("revisions", ends.size);
});

scenario("Watch with fragment leaves a small response whole", async (s) => {
  const watch = s.watch();
  await watch.created("", { end: s.endOf(""), fragment: true });
  await s.txn({ success: [op.put(s.key("a"), "1"), op.put(s.key("b"), "2")] });
  const { events, fragment } = await watch.next();
  assert.deepEqual([events.length, fragment], [2, false]);
});
