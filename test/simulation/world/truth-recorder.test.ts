import assert from "node:assert/strict";
import { test } from "node:test";
import type { Truth } from "../history/truth.ts";
import { runSchedule } from "../schedules/schedule.ts";

test("TruthRecorder: every compaction of an entry is noted, not the last alone (P9)", async () => {
  let compacted: readonly number[] = [];
  const { failure } = await runSchedule(
    {
      name: "three compactions at once",
      rows: [],
      plan: { workloads: [] },
      script: async ({ anyone, world }) => {
        for (let count = 0; count < 20; count += 1) await anyone.put("key", `${count}`);
        await Promise.all([5, 9, 12].map((revision) => anyone.compact(revision)));
        compacted = world.truth.compactions.map(({ revision }) => revision);
      },
    },
    1n,
  );
  assert.equal(failure, undefined, `${failure?.message}\n${failure?.stack}`);
  assert.deepEqual(compacted, [5, 9, 12]);
});

test("TruthRecorder: what clients wrote is told from what ends of leases took (L5)", async () => {
  let revisions: Truth["revisions"] = [];
  const { failure } = await runSchedule(
    {
      name: "a lease ends beside writes",
      rows: [],
      plan: { workloads: [] },
      script: async ({ anyone, world }) => {
        const { id: leaseId } = await anyone.lease.grant(60);
        await anyone.put("held/1", "", { lease: leaseId });
        await anyone.put("held/2", "", { lease: leaseId });
        await Promise.all([
          anyone.delete("held/1"),
          anyone.lease.revoke(leaseId),
          anyone.delete("nothing"),
          anyone.put("free", ""),
        ]);
        revisions = world.truth.revisions;
      },
    },
    1n,
  );
  assert.equal(failure, undefined, `${failure?.message}\n${failure?.stack}`);
  const found = revisions.flatMap(({ isWrite, events }) =>
    events.map(({ kind, key }) => `${isWrite ? "client" : "lease"} ${kind} ${key}`),
  );
  assert.ok(found.includes("client put free") && found.includes("client put held/2"));
  assert.ok(found.includes("lease delete held/2"), found.join());
});
