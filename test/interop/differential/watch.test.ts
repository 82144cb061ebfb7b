import assert from "node:assert/strict";
import { services, wireErrors, WatchCreateRequestFilterType as Filter } from "@quorate/api";
import { op } from "./requests.ts";
import { compareStores } from "./scenario.ts";

const scenario = compareStores();

scenario("Watch: created comes first, then each change in a response of its own", async (s) => {
  const watch = s.watch();
  const { created, watchId, header } = await watch.created("a");
  assert.deepEqual([created, watchId, header?.revision], [true, 0n, s.at(0)]);
  await s.put("a", "1");
  const first = await watch.next();
  assert.equal(first.header?.revision, s.at(1));
  await s.put("a", "2");
  await watch.next();
  await s.delete("a");
  await watch.next();
  await s.put("beside", "1");
  await s.put("a", "3");
  assert.equal((await watch.next()).header?.revision, s.at(5));
});

scenario("Watch of a range sees all keys of it, those of one revision together", async (s) => {
  const watch = s.watch();
  await watch.created("b", { end: s.key("d") });
  await s.txn({
    success: ["d", "c", "a", "b"].map((key) => op.put(s.key(key), key)),
  });
  const { events } = await watch.next();
  assert.equal(events.length, 2);
  await s.delete("", { end: s.endOf("") });
  await watch.next();
});

scenario("Watch tells put and delete of one revision in the order they were made", async (s) => {
  const watch = s.watch();
  await watch.created("", { end: s.endOf("") });
  await s.txn({
    success: [
      op.put(s.key("z"), "1"),
      op.put(s.key("a"), "2"),
      op.txn({ success: [op.put(s.key("m"), "3")] }),
      op.delete(s.key("none")),
    ],
  });
  await watch.next();
  await s.txn({ success: [op.delete(s.key("z")), op.put(s.key("b"), "1"), op.delete(s.key("a"))] });
  await watch.next();
});

scenario("Watch sees the keys of a revoked lease go in one revision", async (s) => {
  const lease = await s.grant(600);
  for (const key of ["c", "a", "b"]) await s.put(key, key, { lease });
  const watch = s.watch();
  watch.createPrefix("", { prevKv: true });
  await watch.next();
  await s.call(services.lease.leaseRevoke, { id: lease });
  const { events } = await watch.next();
  assert.equal(events.length, 3);
});

scenario("Watch from a past revision replays history, then goes on", async (s) => {
  for (const value of ["1", "2", "3"]) await s.put("a", value);
  await s.put("b", "1");
  await s.delete("a");
  const watch = s.watch();
  await watch.created("a", { startRevision: s.at(2) });
  await watch.events(0n, 3);
  await s.put("a", "again");
  const [event] = await watch.events(0n, 1);
  assert.equal(event?.modRevision, s.at(6));
});

scenario("Watch replay: the header tells the present revision, not the event's", async (s) => {
  for (const value of ["1", "2", "3"]) await s.put("a", value);
  const watch = s.watch();
  watch.createPrefix("", { startRevision: s.at(1) });
  await watch.next();
  const { header, events } = await watch.next();
  assert.equal(events.length, 3);
  assert.equal(header?.revision, s.at(3));
});

scenario("Watch replays at most 1000 revisions in a response, none of them split", async (s) => {
  const revisions = 1100;
  await s.quietly(async () => {
    for (let begin = 0; begin < revisions; begin += 100) {
      const puts = Array.from({ length: 100 }, (_, index) => {
        const keys = [op.put(s.key(`${begin + index}`)), op.put(s.key(`${begin + index}/b`))];
        return s.txn({ success: keys });
      });
      await Promise.all(puts);
    }
  });
  const watch = s.watch();
  watch.createPrefix("", { startRevision: s.at(1) });
  await watch.nextQuietly();
  const shapes: unknown[] = [];
  let count = 0;
  while (count < revisions * 2) {
    const { events, header } = await watch.nextQuietly();
    const seen = new Set(events.map(({ kv }) => kv?.modRevision));
    shapes.push({ header: header?.revision === s.at(revisions), revisions: seen.size });
    assert.equal(events.length, seen.size * 2);
    count += events.length;
  }
  s.note("revisions in each response", shapes);
});

scenario("Watch from the current revision sees it; from the next only what follows", async (s) => {
  await s.put("a", "1");
  const watch = s.watch();
  await watch.created("a", { startRevision: s.at(1) });
  await watch.events(0n, 1);
  await watch.created("a", { startRevision: s.at(2), watchId: 5n });
  await s.put("a", "2");
  const ids = [await watch.nextQuietly(), await watch.nextQuietly()].map((one) => one.watchId);
  assert.deepEqual(ids.sort(), [0n, 5n]);
});

scenario("Watch from a future revision waits for it and sees nothing before", async (s) => {
  const watch = s.watch();
  const { header } = await watch.created("a", { startRevision: s.at(3) });
  s.note("header of created", header);
  for (const value of ["1", "2", "3", "4"]) await s.put("a", value);
  const seen = await watch.events(0n, 2);
  assert.deepEqual(
    seen.map(({ modRevision }) => modRevision),
    [s.at(3), s.at(4)],
  );
});

scenario("Watch filters leave puts or deletes out; a response of none is not sent", async (s) => {
  const watch = s.watch();
  const { NOPUT, NODELETE } = Filter;
  for (const [index, filters] of [[], [NOPUT], [NODELETE], [NOPUT, NODELETE], [7]].entries()) {
    await watch.created("a", { filters, watchId: BigInt(index + 1) });
  }
  await s.put("a", "1");
  await s.delete("a");
  await s.put("a", "end");
  const seen = new Map<bigint, unknown[]>([1n, 2n, 3n, 4n, 5n].map((id) => [id, []]));
  for (let missing = 3 + 1 + 2 + 0 + 3; missing > 0; missing -= 1) {
    const { watchId, events } = await watch.nextQuietly();
    assert.equal(events.length, 1);
    seen.get(watchId)?.push(events[0]);
  }
  s.note("events by watch", seen);
  assert.deepEqual(seen.get(4n), []);
});

scenario("Watch with prevKv tells the pair before, none for a creation", async (s) => {
  const lease = await s.grant(600);
  await s.put("a", "1", { lease });
  const watch = s.watch();
  await watch.created("a", { prevKv: true });
  await s.put("a", "2");
  await watch.next();
  await s.delete("a");
  await watch.next();
  await s.put("a", "3");
  const { events } = await watch.next();
  assert.equal(events[0]?.prevKv, undefined);
});

scenario("Watch replay with prevKv, also of what a filter leaves out", async (s) => {
  for (const value of ["1", "2"]) await s.put("a", value);
  await s.delete("a");
  const watch = s.watch();
  await watch.created("a", { prevKv: true, startRevision: s.at(1) });
  await watch.events(0n, 3);
  await watch.created("a", { prevKv: true, startRevision: s.at(1), filters: [Filter.NOPUT] });
  await watch.events(1n, 1);
});

scenario("Watch replay: no previous pair when it is compacted", async (s) => {
  for (const value of ["1", "2", "3"]) await s.put("a", value);
  s.succeeds(await s.call(services.kv.compact, { revision: s.at(2), physical: true }));
  const watch = s.watch();
  await watch.created("a", { prevKv: true, startRevision: s.at(2) });
  const events = await watch.events(0n, 2);
  assert.equal(events[0]?.modRevision, s.at(2));
});

scenario("Watch ids: chosen by the server from 0, or by the client", async (s) => {
  const watch = s.watch();
  const ids: bigint[] = [];
  for (const watchId of [0n, 2n, 0n, 0n, -7n, 9_007_199_254_740_993n, 0n]) {
    ids.push((await watch.created("a", { watchId })).watchId);
  }
  s.note("ids", ids);
  assert.deepEqual(ids, [0n, 2n, 1n, 3n, -7n, 9_007_199_254_740_993n, 4n]);
});

scenario("Watch ids are free again after a cancel, in the client's hands only", async (s) => {
  const watch = s.watch();
  await watch.created("a", { watchId: 3n });
  watch.cancel(3n);
  const { canceled, watchId, header } = await watch.next();
  assert.deepEqual([canceled, watchId, header?.revision], [true, 3n, s.at(0)]);
  await watch.created("a", { watchId: 3n });
  await watch.created("a");
  watch.cancel(0n);
  await watch.next();
  await watch.created("a");
});

scenario("Watch: a duplicate id is refused, the first watch goes on", async (s) => {
  const watch = s.watch();
  await watch.created("a", { watchId: 3n });
  const refusal = await watch.created("b", { watchId: 3n });
  assert.equal(refusal.cancelReason, "mvcc: duplicate watch ID provided on the WatchStream");
  await s.put("b", "1");
  await s.put("a", "1");
  await watch.events(3n, 1);
});

scenario("Watch cancel of an unknown id is not answered", async (s) => {
  const watch = s.watch();
  watch.cancel(77n);
  await watch.created("a");
  watch.cancel(0n);
  await watch.next();
  watch.cancel(0n);
  await watch.created("a", { watchId: 9n });
});

scenario("Watch: nothing comes for an id once its cancel is answered", async (s) => {
  const watch = s.watch();
  await watch.created("a", { watchId: 1n });
  await watch.created("a", { watchId: 2n });
  watch.cancel(1n);
  await watch.next();
  await s.put("a", "1");
  await watch.events(2n, 1);
  await s.put("a", "2");
  await watch.events(2n, 1);
});

scenario("Watch of an empty key watches key 0x00; with end 0x00 everything", async (s) => {
  const watch = s.watch();
  watch.createRaw("", { watchId: 1n });
  await watch.next();
  watch.createRaw("", { end: "\0", watchId: 2n });
  await watch.next();
  await s.put("a", "1");
  await watch.events(2n, 1);
  watch.createRaw("\0", { end: "\0", watchId: 3n, startRevision: s.at(1) });
  await watch.next();
  await watch.events(3n, 1);
});

scenario("Watch with key >= end is refused; the stream goes on", async (s) => {
  const watch = s.watch();
  for (const [from, to] of [
    ["b", "a"],
    ["b", "b"],
  ] as const) {
    const refusal = await watch.created(from, { end: s.key(to) });
    assert.deepEqual([refusal.created, refusal.canceled, refusal.watchId], [true, true, -1n]);
  }
  await watch.created("a");
});

scenario("Watch with a negative start revision is refused", async (s) => {
  const watch = s.watch();
  const { created, canceled, watchId, cancelReason, compactRevision } = await s.quietly(
    async () => await watch.created("a", { startRevision: -1, watchId: 7n }),
  );
  s.note("compactRevision", compactRevision);
  s.sinceThen(
    "a negative start revision was taken for none",
    [{ created, canceled, watchId, cancelReason }],
    {
      etcd34: [{ created: true, canceled: false, watchId: 7n, cancelReason: "" }],
      etcd37: [
        { created: true, canceled: true, watchId: -1n, cancelReason: wireErrors.compacted.message },
      ],
    },
  );
  await watch.created("a", { watchId: 8n });
});

scenario("Watch from a compacted revision is created, then cancelled with the bound", async (s) => {
  for (const value of ["1", "2", "3"]) await s.put("a", value);
  s.succeeds(await s.call(services.kv.compact, { revision: s.at(3), physical: true }));
  const watch = s.watch();
  await watch.created("a", { startRevision: s.at(1), watchId: 4n });
  const cancel = await watch.next();
  assert.deepEqual(
    [cancel.canceled, cancel.created, cancel.compactRevision, cancel.header?.revision],
    [true, false, s.at(3), 0],
  );
  // It stays registered until it is cancelled.
  await watch.created("a", { watchId: 4n });
  watch.cancel(4n);
  await watch.next();
  await watch.created("a", { watchId: 4n, startRevision: s.at(3) });
  await watch.events(4n, 1);
});

scenario("Watch from the compacted revision sees the deletion made there", async (s) => {
  await s.put("a", "1");
  await s.delete("a");
  await s.put("b", "1");
  s.succeeds(await s.call(services.kv.compact, { revision: s.at(2), physical: true }));
  await s.only37("earlier releases lose the deletion", async () => {
    const watch = s.watch();
    await watch.created("a", { startRevision: s.at(2) });
    const [event] = await watch.events(0n, 1);
    assert.deepEqual(event, { type: "DELETE", key: s.key("a"), modRevision: s.at(2) });
  });
});

scenario("Watch progress on request tells the revision, under id -1", async (s) => {
  await s.put("a", "1");
  const watch = s.watch();
  await watch.created("a");
  watch.requestProgress();
  const { watchId, header, events } = await watch.next();
  assert.deepEqual([watchId, header?.revision, events.length], [-1n, s.at(1), 0]);
  await s.put("b", "1");
  watch.requestProgress();
  assert.equal((await watch.next()).header?.revision, s.at(2));
});

scenario("Watch: an empty request and an unknown kind of request are ignored", async (s) => {
  const watch = s.watch();
  watch.sendBytes(Buffer.alloc(0));
  watch.sendBytes(Buffer.from([0x7a, 0x00]));
  await watch.created("a");
  await s.put("a", "1");
  await watch.events(0n, 1);
});

scenario("Watch: half-close by the client does not end the stream", async (s) => {
  const watch = s.watch();
  await watch.created("a");
  watch.halfClose();
  for (const value of ["1", "2"]) await s.put("a", value);
  await watch.events(0n, 2);
});

scenario("Watch: many watches of one key on one stream see every change", async (s) => {
  const watch = s.watch();
  const count = 50;
  for (let id = 1; id <= count; id += 1) await watch.created("a", { watchId: BigInt(id) });
  const seen = new Map<bigint, number>();
  for (const value of ["1", "2", "3"]) await s.put("a", value);
  for (let index = 0; index < count * 3; index += 1) {
    const { watchId, events } = await watch.nextQuietly();
    assert.equal(events.length, 1);
    const last = seen.get(watchId) ?? s.at(0);
    assert.equal(events[0]?.kv?.modRevision, last + 1);
    seen.set(watchId, last + 1);
  }
  s.note("watches", seen.size);
});

scenario("Watch: a client that reads late gets every event, in order", async (s) => {
  const slow = s.watch();
  await slow.created("", { end: s.endOf("") });
  const count = 400;
  await s.quietly(async () => {
    const value = "v".repeat(20_000);
    for (let index = 0; index < count; index += 1) await s.put(`k${index % 7}`, value);
  });
  let next = s.at(1);
  while (next < s.at(1) + count) {
    for (const { kv } of (await slow.nextQuietly()).events) {
      assert.equal(kv?.modRevision, next);
      next += 1;
    }
  }
  s.note("events seen", count);
});
