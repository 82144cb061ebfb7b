import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { testDataDirectory } from "@quorate/platform/testing";
import { highOfId, type LeaseRecord, lowOfId } from "@quorate/state-machine";
import fc from "fast-check";
import { LeaseSchedule, type ScheduledLease } from "../src/member/lease-schedule.ts";

function record(id: bigint, ttlSeconds: number): LeaseRecord & { isRevoked: boolean } {
  return { id, ttlSeconds, remainingTtlSeconds: 0, isRevoked: false };
}

function find(schedule: LeaseSchedule, id: bigint): ScheduledLease | undefined {
  return schedule.find(highOfId(id), lowOfId(id));
}

function renew(schedule: LeaseSchedule, id: bigint, now: number): number | undefined {
  const lease = find(schedule, id);
  return lease === undefined ? undefined : schedule.renew(lease, now);
}

function look(lease: ScheduledLease | undefined, now: number): string {
  if (lease === undefined) return "unknown -";
  return `${lease.isExpiring ? "expiring" : "live"} ${lease.deadline - now}`;
}

testDataDirectory(join(import.meta.dirname, "testdata/leases"), () => {
  const schedule = new LeaseSchedule(7_000);
  let now = 0;
  return ({ name, positional: [first = "0", second = "0", third = "0"] }) => {
    const id = BigInt(first);
    switch (name) {
      case "add":
        schedule.add(record(id, Number(second)), now, Number(third));
        return `leases=${schedule.size}`;
      case "renew":
        return `ttl=${renew(schedule, id, now) ?? "none"}`;
      case "remove":
        schedule.remove(id);
        return `leases=${schedule.size}`;
      case "advance":
        now += Number(first);
        return `now=${now}`;
      case "due":
        return `due=${schedule.takeDue(now, Number(first) || 100).join() || "none"}`;
      case "look":
        return look(find(schedule, id), now);
      default:
        throw new Error(`unknown command ${name}`);
    }
  };
});

test("LeaseSchedule ends a lease at its last renewal plus TTL, never before (L1)", () => {
  const step = fc.record({
    kind: fc.constantFrom("grant", "renew", "revoke", "wait"),
    id: fc.bigInt({ min: -3n, max: 3n }).filter((id) => id !== 0n),
    amount: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const schedule = new LeaseSchedule(1e9);
      const deadlines = new Map<bigint, { ttl: number; deadline: number }>();
      let now = 0;
      for (const { kind, id, amount } of steps) {
        const known = deadlines.get(id);
        if (kind === "grant" && known === undefined) {
          schedule.add(record(id, amount), now, 0);
          deadlines.set(id, { ttl: amount * 1_000, deadline: now + amount * 1_000 });
        } else if (kind === "renew") {
          const ttl = renew(schedule, id, now);
          assert.equal(ttl, known === undefined ? undefined : known.ttl / 1_000);
          if (known !== undefined) known.deadline = now + known.ttl;
        } else if (kind === "revoke") {
          schedule.remove(id);
          deadlines.delete(id);
        } else {
          now += amount * 500;
        }
        const due = new Set(schedule.takeDue(now, 100));
        const expected = [...deadlines].filter(([, { deadline }]) => deadline <= now);
        assert.deepEqual(due, new Set(expected.map(([each]) => each)));
        for (const each of due) {
          schedule.remove(each);
          deadlines.delete(each);
        }
      }
    }),
  );
});

test("LeaseSchedule lets go of leases of many years that were revoked", () => {
  const schedule = new LeaseSchedule(7_000);
  for (let id = 1n; id <= 1_000n; id += 1n) {
    const lease = record(id, 9_000_000_000);
    schedule.add(lease, 0, 0);
    lease.isRevoked = id % 10n !== 0n;
  }
  // Leases that move while others are removed are met in the next round.
  for (let turn = 0; turn < 30; turn += 1) schedule.sweep(300);
  assert.equal(schedule.size, 100);
  for (let id = 10n; id <= 1_000n; id += 10n) schedule.remove(id);
  assert.equal(schedule.nextCheckAt, undefined, "nothing is left of the heap either");
});

test("LeaseSchedule looks at a bounded number of renewed leases in one turn (V3)", () => {
  const schedule = new LeaseSchedule(7_000);
  for (let id = 1n; id <= 1_000n; id += 1n) schedule.add(record(id, 10), 0, 0);
  for (let id = 1n; id <= 1_000n; id += 1n) renew(schedule, id, 9_000);
  schedule.add(record(1_001n, 10), 0, 0);
  assert.deepEqual(schedule.takeDue(10_000, 100, 400), []);
  assert.equal(schedule.nextCheckAt, 10_000, "some are left to look at");
  assert.deepEqual(
    [schedule.takeDue(10_000, 100, 400), schedule.takeDue(10_000, 100, 400)].flat(),
    [1_001n],
  );
  assert.equal(schedule.nextCheckAt, 17_000);
});
