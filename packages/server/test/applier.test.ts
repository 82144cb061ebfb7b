import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBackend } from "@quorate/mvcc";
import { noopCounter, noopHistogram, noopLogger } from "@quorate/platform";
import { SimClock, SimScheduler, SimTimers } from "@quorate/platform/sim";
import { encodePutRequest } from "@quorate/api";
import { emptyConfiguration, toLogIndex, toTerm, type Entry } from "@quorate/raft";
import { encodeBatch, StateMachine } from "@quorate/state-machine";
import { Applier } from "../src/member/applier.ts";

const mark = { index: toLogIndex(9), term: toTerm(2), configuration: emptyConfiguration };

async function createApplier(restore: () => Promise<void>) {
  const scheduler = new SimScheduler();
  const clock = new SimClock(scheduler);
  const timers = new SimTimers(scheduler);
  const backend = new MemoryBackend({ commitIntervalMillis: 500, timers });
  const state = await StateMachine.open({}, { backend, timers, clock });
  const failures: unknown[] = [];
  const events: string[] = [];
  const applier = new Applier(
    { sliceMillis: 10, warningMillis: 100, stagedBytesMax: 3_000 },
    state,
    { find: () => undefined },
    {
      onTerm: (term) => events.push(`term ${term}`),
      onApplied: ({ index }) => events.push(`applied ${index}`),
      onProgress: () => undefined,
      onRestored: ({ index }) => events.push(`restored ${index}`),
      onFailure: (error) => failures.push(error),
    },
    {
      ...{ clock, timers, logger: noopLogger, restore },
      ...{ applySeconds: noopHistogram, slowApplies: noopCounter },
    },
  );
  return { scheduler, applier, state, failures, events };
}

function putEntry(index: number): Entry {
  const bytes = encodePutRequest({ key: Buffer.from(`k${index}`), value: Buffer.alloc(1_000) });
  const data = encodeBatch(1n, [{ sequence: index, kind: "put", authRevision: 0, bytes }]);
  return { index: toLogIndex(index), term: toTerm(1), kind: "normal", data };
}

test("Applier waits while the database's disk holds too much in memory, and goes on", async () => {
  const { scheduler, applier, state } = await createApplier(() => Promise.resolve());
  applier.push([1, 2, 3, 4, 5, 6].map(putEntry));
  applier.run();
  const first = state.appliedIndex;
  assert.ok(first >= 2 && first < 6, `applied ${first}`);
  scheduler.advance(400);
  assert.equal(state.appliedIndex, first, "nothing is applied before the disk has moved");
  scheduler.advance(2_000);
  assert.equal(state.appliedIndex, 6);
});

test("Applier that stops waits for the snapshot that is being installed", async () => {
  let finish: () => void = () => undefined;
  const { applier, failures, events } = await createApplier(
    () => new Promise((resolve) => (finish = resolve)),
  );
  applier.pushSnapshot(mark, Promise.resolve());
  assert.equal(applier.hasSnapshot, true);
  applier.run();
  await new Promise(setImmediate);
  const stopped = applier.stop().then(() => events.push("stopped"));
  await new Promise(setImmediate);
  assert.deepEqual(events, []);
  finish();
  await stopped;
  assert.deepEqual([events, failures], [["stopped"], []]);
});

test("Applier that stops does not wait for a log that never answers", async () => {
  const { applier } = await createApplier(() => Promise.reject(new Error("not expected")));
  applier.pushSnapshot(mark, new Promise(() => undefined));
  applier.run();
  await applier.stop();
});
