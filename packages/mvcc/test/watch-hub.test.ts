import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { NodeFileSystem } from "@quorate/platform";
import { SimClock, SimScheduler, SimTimers } from "@quorate/platform/sim";
import fc from "fast-check";
import {
  MemoryBackend,
  MvccStore,
  type StoreOptions,
  type WatchRequest,
  type WatchStream,
} from "@quorate/mvcc";
import { SlowStore, describeVersion, type SlowChange } from "./slow-store.ts";
import { bytes, put, remove, temporaryDirectory } from "./support.ts";
import { WatchRecorder } from "./watch-recorder.ts";

/** A store on virtual time: catch-up runs when the test says so. */
async function openSimStore(
  backend: MemoryBackend = new MemoryBackend(),
  watchBatchRevisionsMax = 3,
  options: Partial<StoreOptions> = {},
): Promise<{ readonly store: MvccStore; readonly scheduler: SimScheduler }> {
  const scheduler = new SimScheduler();
  const opening = MvccStore.open(
    { watchBatchRevisionsMax, watchSliceWatchersMax: 4, compactionBatchLimit: 2, ...options },
    { backend, timers: new SimTimers(scheduler), clock: new SimClock(scheduler) },
  );
  return { store: await opening, scheduler };
}

/** Runs everything that is due, catch-up and compaction, to its end. */
function settle(scheduler: SimScheduler): void {
  while (scheduler.pending > 0) scheduler.step();
}

function created(stream: WatchStream, request: WatchRequest): number {
  const result = stream.watch(request);
  if (result.kind === "refused") throw new Error(`watch refused: ${result.reason}`);
  return result.watchId;
}

test("W1 W2 a synced watcher gets one batch for each revision, in order", async () => {
  const { store } = await openSimStore();
  const sink = new WatchRecorder();
  const id = created(store.openWatchStream(sink), { key: "a", rangeEnd: "c" });
  put(store, "a", "1");
  put(store, "c", "outside");
  const txn = store.beginWrite();
  txn.put("b", bytes("2"), 0n);
  txn.deleteRange("a", "");
  txn.end();
  assert.deepEqual(sink.batches, [
    { watchId: id, revision: 2, count: 1 },
    { watchId: id, revision: 4, count: 2 },
  ]);
  assert.deepEqual(sink.texts(id), [
    "PUT a=1 create=2 mod=2 version=1",
    "PUT b=2 create=4 mod=4 version=1",
    "DELETE a mod=4",
  ]);
});

test("the sink hears nothing of a watcher before watch() has returned", async () => {
  const { store, scheduler } = await openSimStore();
  put(store, "a", "1");
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  const id = created(stream, { key: "a", startRevision: 1 });
  assert.deepEqual(sink.batches, []);
  settle(scheduler);
  assert.deepEqual(sink.texts(id), ["PUT a=1 create=2 mod=2 version=1"]);
});

test("catch-up batches carry the current revision and at most the limit of revisions", async () => {
  const { store, scheduler } = await openSimStore();
  for (let value = 0; value < 8; value++) put(store, "a", String(value));
  const sink = new WatchRecorder();
  const id = created(store.openWatchStream(sink), { key: "a", startRevision: 2 });
  settle(scheduler);
  assert.deepEqual(sink.batches, [
    { watchId: id, revision: 9, count: 3 },
    { watchId: id, revision: 9, count: 3 },
    { watchId: id, revision: 9, count: 2 },
  ]);
});

test("W4 catch-up never splits a revision over batches", async () => {
  const { store, scheduler } = await openSimStore(new MemoryBackend(), 1);
  for (const value of ["1", "2"]) {
    const txn = store.beginWrite();
    for (const key of ["a", "b", "c"]) txn.put(key, bytes(value), 0n);
    txn.end();
  }
  const sink = new WatchRecorder();
  created(store.openWatchStream(sink), { key: "a", rangeEnd: "\0", startRevision: 1 });
  settle(scheduler);
  assert.deepEqual(
    sink.batches.map((batch) => batch.count),
    [3, 3],
  );
});

test("W5 a watcher resumed at the last revision plus one misses nothing", async () => {
  const { store, scheduler } = await openSimStore();
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  const first = created(stream, { key: "k" });
  put(store, "k", "1");
  stream.cancel(first);
  put(store, "k", "2");
  const second = created(stream, { key: "k", startRevision: 3 });
  settle(scheduler);
  put(store, "k", "3");
  assert.deepEqual(sink.texts(second), [
    "PUT k=2 create=2 mod=3 version=2",
    "PUT k=3 create=2 mod=4 version=3",
  ]);
});

test("C39 W6 manual progress only when every watcher of the stream is caught up", async () => {
  const { store, scheduler } = await openSimStore();
  put(store, "a", "1");
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  assert.equal(stream.progressRevision(), undefined, "no watchers");
  created(stream, { key: "a" });
  assert.equal(stream.progressRevision(), 2);
  const late = created(stream, { key: "a", startRevision: 1 });
  assert.equal(stream.progressRevision(), undefined, "one is catching up");
  settle(scheduler);
  assert.equal(sink.events(late).length, 1);
  assert.equal(stream.progressRevision(), 2);
  const future = created(stream, { key: "a", startRevision: 3 });
  assert.equal(stream.statusOf(future), "future");
  assert.equal(stream.progressRevision(), undefined, "one waits for the future");
  put(store, "a", "2");
  assert.equal(stream.statusOf(future), "synced");
  assert.equal(stream.progressRevision(), 3);
});

test("C42 W8 a watcher of the future gets no event below its start", async () => {
  const { store, scheduler } = await openSimStore();
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  const id = created(stream, { key: "a", startRevision: 5 });
  for (let value = 2; value < 8; value++) put(store, "a", String(value));
  settle(scheduler);
  assert.deepEqual(
    sink.events(id).map((event) => event.modRevision),
    [5, 6, 7],
  );
});

test("C38 C42 after a snapshot install nobody sees a revision twice, or misses one", async () => {
  const directory = await temporaryDirectory();
  const files = { fileSystem: new NodeFileSystem() };
  const leader = await openSimStore(new MemoryBackend(files));
  const follower = await openSimStore(new MemoryBackend(files));
  for (const { store } of [leader, follower]) {
    put(store, "a", "1");
    put(store, "a", "2");
  }
  const sink = new WatchRecorder();
  const stream = follower.store.openWatchStream(sink);
  const synced = created(stream, { key: "a", startRevision: 2 });
  settle(follower.scheduler);
  put(follower.store, "a", "3");
  put(leader.store, "a", "3");
  const future = created(stream, { key: "a", startRevision: 6 });
  const farFuture = created(stream, { key: "a", startRevision: 9 });
  for (const value of ["4", "5", "6"]) put(leader.store, "a", value);
  const path = join(directory.path, "snapshot");
  await leader.store.backend.snapshotTo(path);
  const installing = follower.store.restoreFrom(path);
  await installing;
  assert.equal(follower.store.currentRevision, 7);
  assert.equal(stream.progressRevision(), undefined);
  settle(follower.scheduler);
  put(follower.store, "a", "7");
  put(follower.store, "a", "8");
  const modRevisions = (id: number): readonly number[] =>
    sink.events(id).map((event) => event.modRevision);
  assert.deepEqual(modRevisions(synced), [2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(modRevisions(future), [6, 7, 8, 9]);
  assert.deepEqual(modRevisions(farFuture), [9]);
  await directory.dispose();
});

test("W9 a watcher behind the compaction is cancelled once with the compact revision", async () => {
  const { store, scheduler } = await openSimStore();
  for (const value of ["1", "2", "3", "4"]) put(store, "a", value);
  void store.scheduleCompaction(4);
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  const behind = created(stream, { key: "a", startRevision: 3 });
  const at = created(stream, { key: "a", startRevision: 4 });
  assert.equal(sink.cancelled.size, 0);
  settle(scheduler);
  assert.deepEqual([...sink.cancelled], [[behind, 4]]);
  assert.deepEqual(sink.events(behind), []);
  assert.deepEqual(
    sink.events(at).map((event) => event.modRevision),
    [4, 5],
  );
  assert.equal(stream.statusOf(behind), "compacted");
  assert.deepEqual(stream.watch({ key: "a", watchId: behind === 0 ? 1 : behind }), {
    kind: "refused",
    reason: "duplicate-id",
  });
  assert.equal(stream.progressRevision(), undefined);
  assert.equal(stream.cancel(behind), true, "stays registered until cancelled");
  assert.equal(stream.cancel(behind), false);
});

test("C41 a deletion at the compact revision reaches a watcher from there", async () => {
  const first = await openSimStore();
  put(first.store, "a", "1");
  remove(first.store, "a");
  put(first.store, "b", "1");
  void first.store.scheduleCompaction(3);
  settle(first.scheduler);
  const check = (store: MvccStore, scheduler: SimScheduler): void => {
    const sink = new WatchRecorder();
    const id = created(store.openWatchStream(sink), { key: "a", startRevision: 3 });
    settle(scheduler);
    assert.deepEqual(sink.texts(id), ["DELETE a mod=3"]);
  };
  check(first.store, first.scheduler);
  await first.store.backend.flush();
  const { backend } = first.store;
  assert.ok(backend instanceof MemoryBackend);
  const second = await openSimStore(backend.crash());
  check(second.store, second.scheduler);
  void second.store.scheduleCompaction(4);
  settle(second.scheduler);
  assert.deepEqual(second.store.range({ key: "a", rangeEnd: "\0" }).count, 1);
});

test("C40 W3 hundreds of slow watchers lose nothing while compaction passes", async () => {
  const { store, scheduler } = await openSimStore();
  const sink = new WatchRecorder();
  sink.room = 10;
  const stream = store.openWatchStream(sink);
  const ids = Array.from({ length: 300 }, () => created(stream, { key: "a" }));
  for (let value = 2; value <= 9; value++) put(store, "a", String(value));
  assert.equal(sink.batches.length, 10, "nothing is queued behind a full sink");
  void store.scheduleCompaction(5);
  settle(scheduler);
  sink.room = Number.POSITIVE_INFINITY;
  stream.resume();
  settle(scheduler);
  put(store, "a", "10");
  settle(scheduler);
  for (const id of ids) {
    const seen = sink.events(id).map((event) => event.modRevision);
    const last = seen.at(-1) ?? 0;
    if (sink.cancelled.has(id)) assert.ok(last < 5, `watcher ${id} saw ${seen.join()}`);
    else assert.deepEqual(seen, [2, 3, 4, 5, 6, 7, 8, 9, 10]);
  }
  assert.ok(sink.cancelled.size > 0);
});

test("C43 each of 2,000 compacted watchers is told once and counts no longer as slow", async () => {
  const { store, scheduler } = await openSimStore();
  for (const value of ["1", "2", "3"]) put(store, "a", value);
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  let told = 0;
  const counting = { send: () => true, flush: () => undefined, compacted: () => told++ };
  const other = store.openWatchStream(counting);
  for (let n = 0; n < 2000; n++) created(other, { key: "a", startRevision: 1 });
  created(stream, { key: "a", startRevision: 1 });
  void store.scheduleCompaction(4);
  settle(scheduler);
  put(store, "a", "4");
  settle(scheduler);
  assert.equal(told, 2000);
  assert.equal(store.stats().slowWatcherTotal, 0);
  assert.equal(store.stats().watcherTotal, 2001);
});

test("W7 filters drop events and empty batches are not sent", async () => {
  const { store, scheduler } = await openSimStore();
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  const noPuts = created(stream, { key: "a", withoutPuts: true, startRevision: 1 });
  const noDeletes = created(stream, { key: "a", withoutDeletes: true });
  put(store, "a", "1");
  remove(store, "a");
  settle(scheduler);
  put(store, "a", "2");
  remove(store, "a");
  assert.deepEqual(sink.texts(noPuts), ["DELETE a mod=3", "DELETE a mod=5"]);
  assert.deepEqual(sink.texts(noDeletes), [
    "PUT a=1 create=2 mod=2 version=1",
    "PUT a=2 create=4 mod=4 version=1",
  ]);
  assert.ok(sink.batches.every((batch) => batch.count > 0));
});

test("W7 prev_kv is the pair before the revision, if it still exists", async () => {
  const { store, scheduler } = await openSimStore();
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  const request = { key: "a", rangeEnd: "\0", previousKeyValue: true };
  const live = created(stream, request);
  put(store, "a", "1");
  put(store, "a", "2");
  remove(store, "a");
  const txn = store.beginWrite();
  txn.put("b", bytes("1"), 0n);
  txn.deleteRange("b", "");
  txn.end();
  const expected = [
    "PUT a=1 create=2 mod=2 version=1",
    "PUT a=2 create=2 mod=3 version=2 prev(a=1 create=2 mod=2 version=1)",
    "DELETE a mod=4 prev(a=2 create=2 mod=3 version=2)",
    "PUT b=1 create=5 mod=5 version=1",
    "DELETE b mod=5",
  ];
  assert.deepEqual(sink.texts(live), expected);
  const replayed = created(stream, { ...request, startRevision: 1 });
  settle(scheduler);
  assert.deepEqual(sink.texts(replayed), expected);
  void store.scheduleCompaction(3);
  const compacted = created(stream, { ...request, startRevision: 3 });
  settle(scheduler);
  assert.deepEqual(sink.texts(compacted), [
    "PUT a=2 create=2 mod=3 version=2",
    ...expected.slice(2),
  ]);
});

test("W10 nothing follows a cancel, and unknown ids have no answer", async () => {
  const { store, scheduler } = await openSimStore();
  put(store, "a", "1");
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  const synced = created(stream, { key: "a" });
  const unsynced = created(stream, { key: "a", startRevision: 1 });
  assert.equal(stream.cancel(synced), true);
  assert.equal(stream.cancel(unsynced), true);
  assert.equal(stream.cancel(99), false);
  put(store, "a", "2");
  settle(scheduler);
  assert.deepEqual(sink.batches, []);
  assert.deepEqual([...stream.watchIds()], []);
});

test("W10 ids: 0 chooses upwards and skips used ones; refusals name their reason", async () => {
  const { store } = await openSimStore();
  const stream = store.openWatchStream(new WatchRecorder());
  assert.equal(created(stream, { key: "a" }), 0);
  assert.equal(created(stream, { key: "a", watchId: 1 }), 1);
  assert.equal(created(stream, { key: "a" }), 2);
  assert.equal(created(stream, { key: "a", watchId: -7 }), -7);
  const refused = (request: WatchRequest): string => {
    const result = stream.watch(request);
    return result.kind === "refused" ? result.reason : result.kind;
  };
  assert.equal(refused({ key: "a", watchId: 1 }), "duplicate-id");
  assert.equal(refused({ key: "b", rangeEnd: "a" }), "empty-range");
  assert.equal(refused({ key: "b", rangeEnd: "b" }), "empty-range");
  assert.equal(refused({ key: "b", startRevision: -1 }), "negative-start-revision");
  assert.equal(refused({ key: "", rangeEnd: "\0" }), "created");
});

test("W11 a full stream holds nobody back and takes up where it stopped", async () => {
  const { store, scheduler } = await openSimStore();
  const slow = new WatchRecorder();
  const fast = new WatchRecorder();
  slow.room = 1;
  const slowStream = store.openWatchStream(slow);
  const slowId = created(slowStream, { key: "a" });
  const fastId = created(store.openWatchStream(fast), { key: "a" });
  for (let value = 0; value < 20; value++) put(store, "a", String(value));
  settle(scheduler);
  assert.equal(slow.batches.length, 1);
  assert.equal(fast.events(fastId).length, 20);
  assert.equal(store.stats().slowWatcherTotal, 1);
  assert.equal(store.stats().fallbacksTotal, 1);
  assert.equal(store.stats().pendingRevisions, 19);
  slow.room = Number.POSITIVE_INFINITY;
  slowStream.resume();
  settle(scheduler);
  assert.deepEqual(slow.texts(slowId), fast.texts(fastId));
  assert.equal(slowStream.statusOf(slowId), "synced");
});

test("B19 an event for 10,000 watchers of a key is encoded once", async () => {
  const { store, scheduler } = await openSimStore();
  const forms = new Set<Uint8Array>();
  let count = 0;
  const stream = store.openWatchStream({
    send: (_watchId, batch) => {
      count += batch.events.length;
      for (const event of batch.events) forms.add(event);
      return true;
    },
    flush: () => undefined,
    compacted: () => undefined,
  });
  for (let n = 0; n < 10_000; n++) created(stream, { key: "a", previousKeyValue: n % 2 === 0 });
  put(store, "a", "1");
  put(store, "a", "2");
  settle(scheduler);
  assert.equal(count, 20_000);
  assert.equal(forms.size, 3, "a creation has one form, a change two");
});

test("B19 catch-up serves 1,000 watchers, wherever they start", async () => {
  const { store, scheduler } = await openSimStore(new MemoryBackend(), 100);
  for (let value = 2; value <= 500; value++) put(store, "a", String(value));
  let events = 0;
  const stream = store.openWatchStream({
    send: (_watchId, batch) => {
      events += batch.events.length;
      return true;
    },
    flush: () => undefined,
    compacted: () => undefined,
  });
  let expected = 0;
  for (let n = 0; n < 1000; n++) {
    const startRevision = 2 + ((n * 7919) % 499);
    expected += 501 - startRevision;
    created(stream, { key: "a", startRevision });
  }
  settle(scheduler);
  assert.equal(events, expected);
  assert.equal(store.stats().slowWatcherTotal, 0);
});

test("events that gathered leave as one batch with whole revisions", async () => {
  const { store } = await openSimStore();
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  const id = created(stream, { key: "a", rangeEnd: "c" });
  const other = created(stream, { key: "b", withoutPuts: true });
  store.gatherEvents();
  put(store, "a", "1");
  put(store, "c", "outside");
  put(store, "b", "2");
  assert.deepEqual(sink.batches, []);
  store.deliverEvents();
  assert.deepEqual(sink.batches, [{ watchId: id, revision: 4, count: 2 }]);
  assert.equal(sink.unflushed, 0);
  remove(store, "b");
  assert.equal(sink.batches.length, 3, "the next revision goes out at its end");
  assert.deepEqual(sink.texts(other), ["DELETE b mod=5"]);
});

test("prev_kv of gathered events is as of their revision, whatever was compacted", async () => {
  const { store } = await openSimStore();
  const sink = new WatchRecorder();
  const id = created(store.openWatchStream(sink), { key: "a", previousKeyValue: true });
  store.gatherEvents();
  for (const value of ["1", "2", "3"]) put(store, "a", value);
  void store.scheduleCompaction(4);
  store.deliverEvents();
  assert.deepEqual(sink.texts(id).slice(1), [
    "PUT a=2 create=2 mod=3 version=2 prev(a=1 create=2 mod=2 version=1)",
    "PUT a=3 create=2 mod=4 version=3 prev(a=2 create=2 mod=3 version=2)",
  ]);
});

test("W11 watchers of one event are served in slices; progress waits for its stream", async () => {
  const options = { watchFanOutWatchersMax: 10 };
  const { store, scheduler } = await openSimStore(new MemoryBackend(), 3, options);
  const sinks = Array.from({ length: 35 }, () => new WatchRecorder());
  const streams = sinks.map((sink) => store.openWatchStream(sink));
  for (const stream of streams) created(stream, { key: "a" });
  const served = (): number => sinks.filter((sink) => sink.batches.length > 0).length;
  put(store, "a", "1");
  assert.equal(served(), 10);
  put(store, "a", "2");
  scheduler.step();
  assert.equal(served(), 20);
  const last = streams.at(-1) ?? assert.fail();
  assert.equal(last.progressRevision(), 2, "the second event has not begun");
  assert.equal(served(), 21);
  settle(scheduler);
  assert.equal(last.progressRevision(), 3);
  for (const sink of sinks) {
    const revisions = sink.events(0).map((event) => event.modRevision);
    assert.deepEqual(revisions, [2, 3]);
    assert.equal(sink.unflushed, 0);
  }
});

test("W8 no progress below a watcher's start while a delivery is under way", async () => {
  const options = { watchFanOutWatchersMax: 1 };
  const { store, scheduler } = await openSimStore(new MemoryBackend(), 3, options);
  const busy = store.openWatchStream(new WatchRecorder());
  for (let watcher = 0; watcher < 3; watcher++) created(busy, { key: "a" });
  const stream = store.openWatchStream(new WatchRecorder());
  created(stream, { key: "z", startRevision: 3 });
  put(store, "a", "1");
  put(store, "a", "2");
  assert.equal(store.currentRevision, 3);
  assert.equal(stream.progressRevision(), undefined, "revision 2 is still delivered");
  settle(scheduler);
  assert.equal(stream.progressRevision(), 3);
});

test("a cancelled watcher gets nothing from the delivery under way (W10)", async () => {
  const options = { watchFanOutWatchersMax: 1 };
  const { store, scheduler } = await openSimStore(new MemoryBackend(), 3, options);
  const sink = new WatchRecorder();
  const stream = store.openWatchStream(sink);
  const ids = [1, 2, 3].map((watchId) => created(stream, { key: "a", watchId }));
  put(store, "a", "1");
  stream.cancel(2);
  const late = created(stream, { key: "a", watchId: 4 });
  settle(scheduler);
  assert.deepEqual(
    ids.map((id) => sink.events(id).length),
    [1, 0, 1],
  );
  assert.deepEqual(sink.events(late), []);
});

type WatchStep =
  | { readonly kind: "write"; readonly changes: readonly SlowChange[] }
  | { readonly kind: "batch"; readonly writes: readonly (readonly SlowChange[])[] }
  | { readonly kind: "watch"; readonly request: WatchRequest; readonly behind: number }
  | { readonly kind: "turn" | "settle" | "resume" | "compact" | "progress" }
  | { readonly kind: "room"; readonly room: number }
  | { readonly kind: "cancel"; readonly number: number };

const key = fc.stringMatching(/^[ab]{1,2}$/);
const writes: fc.Arbitrary<readonly SlowChange[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("put" as const),
      key,
      value: fc.constantFrom("1", "2"),
      lease: fc.constant(0n),
    }),
    fc.record({
      kind: fc.constant("delete" as const),
      key,
      rangeEnd: fc.constantFrom("", "\0"),
    }),
  ),
  { minLength: 1, maxLength: 3 },
);
const watchStep: fc.Arbitrary<WatchStep> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("write" as const), changes: writes }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("batch" as const),
      writes: fc.array(writes, { maxLength: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("watch" as const),
      behind: fc.integer({ min: -3, max: 10 }),
      request: fc.record({
        key,
        rangeEnd: fc.constantFrom("", "\0", "c"),
        withoutPuts: fc.constantFrom(false, false, true),
        withoutDeletes: fc.constantFrom(false, false, true),
        previousKeyValue: fc.boolean(),
      }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom("turn" as const, "progress" as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("settle" as const, "resume" as const, "compact" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("room" as const),
      room: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), number: fc.nat(20) }) },
);

interface Expected {
  readonly watchId: number;
  readonly request: WatchRequest;
  readonly from: number;
}

/** What a watcher must have seen of the model's log, up to a revision. */
function expectedTexts(slow: SlowStore, watcher: Expected, until: number): readonly string[] {
  const { request, from } = watcher;
  return slow
    .events(request.key, request.rangeEnd ?? "", from)
    .filter((version) => version.main <= until)
    .filter((version) =>
      version.isTombstone ? request.withoutDeletes !== true : request.withoutPuts !== true,
    )
    .map((version) => {
      const body = version.isTombstone
        ? `DELETE ${version.key} mod=${version.main}`
        : `PUT ${describeVersion(version)}`;
      const isCreation = !version.isTombstone && version.create === version.main;
      const previous =
        request.previousKeyValue === true && !isCreation
          ? slow.before(version.key, version.main)
          : undefined;
      return previous === undefined ? body : `${body} prev(${previous})`;
    });
}

/** Texts without what compaction may have taken from them. */
function withoutPrevious(texts: readonly string[]): readonly string[] {
  return texts.map((text) => text.replace(/ prev\(.*\)$/, ""));
}

const bounds: fc.Arbitrary<Partial<StoreOptions>> = fc.record({
  watchFanOutWatchersMax: fc.constantFrom(1, 2, 2_000),
  watchBatchBytesMax: fc.constantFrom(20, 1_000_000),
});

test("W1 to W9: a watcher sees exactly the history, or is cancelled", async () => {
  const history = fc.array(watchStep, { maxLength: 80, size: "max" });
  await fc.assert(
    fc.asyncProperty(history, bounds, async (steps, options) => {
      const { store, scheduler } = await openSimStore(new MemoryBackend(), 3, options);
      const slow = new SlowStore();
      const sink = new WatchRecorder();
      const stream = store.openWatchStream(sink);
      const watchers: Expected[] = [];
      const cancelled = new Set<number>();
      const write = (changes: readonly SlowChange[]): void => {
        const txn = store.beginWrite();
        for (const change of changes) {
          if (change.kind === "put") txn.put(change.key, bytes(change.value), change.lease);
          else txn.deleteRange(change.key, change.rangeEnd);
        }
        txn.end();
        slow.write(changes);
      };
      const applyStep = (step: WatchStep): void => {
        if (step.kind === "write") write(step.changes);
        else if (step.kind === "batch") {
          store.gatherEvents();
          step.writes.forEach(write);
          store.deliverEvents();
        } else if (step.kind === "watch") {
          const startRevision = Math.max(0, slow.revision - step.behind);
          const request = { ...step.request, startRevision };
          const watchId = created(stream, request);
          const from = startRevision === 0 ? slow.revision + 1 : startRevision;
          watchers.push({ watchId, request, from });
        } else if (step.kind === "turn") scheduler.step();
        else if (step.kind === "settle") settle(scheduler);
        else if (step.kind === "room") sink.room = step.room;
        else if (step.kind === "resume") {
          sink.room = 3;
          stream.resume();
        } else if (step.kind === "cancel") {
          const watcher = watchers[step.number];
          if (watcher !== undefined && stream.cancel(watcher.watchId)) {
            cancelled.add(watcher.watchId);
          }
        } else if (step.kind === "compact") {
          if (slow.revision > slow.compacted) {
            slow.compacted = slow.revision;
            void store.scheduleCompaction(slow.revision);
          }
        } else checkProgress();
      };
      const checkProgress = (): void => {
        const progress = stream.progressRevision();
        if (progress === undefined) return;
        if (scheduler.pending === 0) assert.equal(progress, slow.revision);
        for (const watcher of watchers) {
          if (cancelled.has(watcher.watchId)) continue;
          assert.deepEqual(
            withoutPrevious(sink.texts(watcher.watchId)),
            withoutPrevious(expectedTexts(slow, watcher, progress)),
          );
        }
      };
      for (const step of steps) applyStep(step);
      sink.room = Number.POSITIVE_INFINITY;
      stream.resume();
      settle(scheduler);
      for (const watcher of watchers) {
        const seen = sink.texts(watcher.watchId);
        const expected = expectedTexts(slow, watcher, slow.revision);
        const isCut = cancelled.has(watcher.watchId) || sink.cancelled.has(watcher.watchId);
        const comparable = isCut ? expected.slice(0, seen.length) : expected;
        if (slow.compacted > 0) {
          assert.deepEqual(withoutPrevious(seen), withoutPrevious(comparable));
        } else assert.deepEqual(seen, comparable);
        const compacted = sink.cancelled.get(watcher.watchId);
        if (compacted === undefined || cancelled.has(watcher.watchId)) continue;
        const next = expected[seen.length];
        const revisions = sink.events(watcher.watchId).map((event) => event.modRevision);
        assert.ok((revisions.at(-1) ?? 0) < compacted, "cancelled although it was not behind");
        assert.ok(next !== undefined || watcher.from < compacted, "cancelled for no reason");
      }
    }),
    { numRuns: 400 },
  );
});
