/**
 * Random requests, the same to both stores: what no scenario thought of.
 *
 * A difference is shown with the requests it lies between; `RANDOM_SEEDS=7,8` repeats those seeds.
 */
import assert from "node:assert/strict";
import { services, type WatchResponse } from "@quorate/api";
import { keyCount, leaseIds, RandomRequests } from "./random-requests.ts";
import { compareStores } from "./scenario.ts";

const scenario = compareStores();
const seeds = process.env["RANDOM_SEEDS"]?.split(",").map(Number) ?? [1, 2, 3, 4, 5, 6];
const requestsPerSeed = 300;

for (const seed of seeds) {
  scenario(`Random requests of seed ${seed}`, async (s) => {
    const draw = RandomRequests.of(s, seed);
    const watch = s.watch();
    watch.create("0", { end: s.key(String(keyCount)) });
    await watch.nextQuietly();
    let newest = 0;
    for (let count = 0; count < requestsPerSeed; count += 1) newest = await draw.send(s, newest);
    assert.ok(newest > requestsPerSeed / 10);
    for (const id of leaseIds) {
      await s.quietly(async () => await s.call(services.lease.leaseRevoke, { id }));
    }
    await s.all();
    const last = s.succeeds(await s.quietly(async () => await s.put("0", "last")));
    const events: WatchResponse["events"] = [];
    while (events.at(-1)?.kv?.modRevision !== last.header?.revision) {
      const response = await watch.nextQuietly();
      assert.equal(response.canceled, false);
      events.push(...response.events);
    }
    s.note("events", events);
  });
}
