/**
 * Random watches over a random history: each watch is compared with what a filter over the whole
 * history says, and with the other store's.
 */
import assert from "node:assert/strict";
import { services, WatchCreateRequestFilterType as Filter, type WatchResponse } from "@quorate/api";
import { keyCount, RandomRequests } from "./random-requests.ts";
import { compareStores, type Scenario } from "./scenario.ts";
import type { WatchSession } from "./watch-session.ts";

const scenario = compareStores();
const { kv } = services;
const watchCount = 25;
const historyLength = 120;
const laterLength = 60;

type Event = WatchResponse["events"][number];

interface RandomWatch {
  readonly id: bigint;
  readonly from: string;
  readonly to: string;
  readonly startRevision: number;
  readonly filters: readonly number[];
  readonly prevKv: boolean;
}

async function write(s: Scenario, draw: RandomRequests): Promise<void> {
  await s.quietly(async () => {
    if (draw.once(3)) await s.call(kv.txn, draw.txn(0, 0, "put"));
    else if (draw.once(3)) await s.call(kv.deleteRange, draw.delete());
    else await s.call(kv.put, draw.put());
  });
}

function drawWatch(s: Scenario, draw: RandomRequests, index: number, newest: number): RandomWatch {
  const first = draw.below(keyCount);
  const isRange = !draw.once(3);
  return {
    id: BigInt(index + 1),
    from: s.key(String(first)),
    to: isRange ? s.key(String(first + 1 + draw.below(keyCount - first))) : "",
    // Some begin in the future, some now.
    startRevision: draw.once(4) ? 0 : s.at(1 + draw.below(newest + 10)),
    filters: draw.once(4) ? [draw.pick([Filter.NOPUT, Filter.NODELETE])] : [],
    prevKv: draw.once(2),
  };
}

/** What the watch has to see of all events, by the words of the protocol. */
function expectedOf(watch: RandomWatch, all: readonly Event[], created: number): readonly Event[] {
  const start = watch.startRevision === 0 ? created + 1 : watch.startRevision;
  const dropped = new Set<number>(watch.filters.map((filter) => (filter === Filter.NOPUT ? 0 : 1)));
  return all
    .filter(({ kv: pair, type }) => {
      const key = Buffer.from(pair?.key ?? []).toString("latin1");
      const isInRange = watch.to === "" ? key === watch.from : key >= watch.from && key < watch.to;
      return isInRange && (pair?.modRevision ?? 0) >= start && !dropped.has(type);
    })
    .map((event) => (watch.prevKv ? event : { ...event, prevKv: undefined }));
}

/** Reads until every watch has as many events as it is to have. */
async function readAll(
  session: WatchSession,
  wanted: ReadonlyMap<bigint, number>,
): Promise<ReadonlyMap<bigint, Event[]>> {
  const seen = new Map<bigint, Event[]>([...wanted.keys()].map((id) => [id, []]));
  const last = new Map<bigint, number>();
  let missing = [...wanted.values()].reduce((sum, count) => sum + count, 0);
  while (missing > 0) {
    const { watchId, events, canceled } = await session.nextQuietly();
    assert.equal(canceled, false);
    const revision = events[0]?.kv?.modRevision ?? 0;
    assert.ok(revision > (last.get(watchId) ?? 0), "a revision comes twice or in two pieces");
    last.set(watchId, events.at(-1)?.kv?.modRevision ?? 0);
    seen.get(watchId)?.push(...events);
    missing -= events.length;
  }
  return seen;
}

for (const seed of [1, 2, 3]) {
  scenario(`Random watches of seed ${seed}`, async (s) => {
    const draw = RandomRequests.of(s, 900 + seed);
    for (let count = 0; count < historyLength; count += 1) await write(s, draw);
    const before = s.succeeds(await s.all({ countOnly: true })).header?.revision ?? 0;
    const watches = Array.from({ length: watchCount }, (_, index) =>
      drawWatch(s, draw, index, before - s.base),
    );
    const session = s.watch();
    for (const { id, from, to, ...rest } of watches) {
      session.createRaw(from, { ...rest, watchId: id, end: to });
    }
    const early: WatchResponse[] = [];
    for (let created = 0; created < watches.length;) {
      const response = await session.nextQuietly();
      if (response.created) created += 1;
      else early.push(response);
    }
    for (let count = 0; count < laterLength; count += 1) await write(s, draw);
    const newest = s.succeeds(await s.all({ countOnly: true })).header?.revision ?? 0;
    // Another stream tells the whole history.
    const whole = s.watch();
    whole.createPrefix("", { startRevision: s.at(1), prevKv: true });
    await whole.nextQuietly();
    const all: Event[] = [];
    while (all.at(-1)?.kv?.modRevision !== newest) all.push(...(await whole.nextQuietly()).events);
    assert.ok(all.length > historyLength / 4);
    const expected = new Map(watches.map((one) => [one.id, expectedOf(one, all, before)]));
    const seen = await readAll(
      session.replayed(early),
      new Map([...expected].map(([id, events]) => [id, events.length])),
    );
    for (const watch of watches) {
      assert.deepEqual(seen.get(watch.id), expected.get(watch.id), JSON.stringify(watch.from));
      s.note(`watch ${watch.id}`, seen.get(watch.id));
    }
    s.note("events", all);
  });
}
