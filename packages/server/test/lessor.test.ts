import assert from "node:assert/strict";
import { test } from "node:test";
import { SimClock, SimScheduler, SimTimers } from "@quorate/platform/sim";
import { highOfId, type LeaseRecord, lowOfId } from "@quorate/state-machine";
import { LeaseRenewal, RenewalBatch } from "../src/member/lease-renewal.ts";
import { Lessor } from "../src/member/lessor.ts";

function createLessor() {
  const scheduler = new SimScheduler();
  const leases = new Map<bigint, LeaseRecord>();
  const expiries: { readonly ids: readonly bigint[]; readonly term: number }[] = [];
  const lessor = new Lessor(
    { promotionExtensionMillis: 1_000, expiryRetryMillis: 7_000, scanMillis: 100 },
    {
      leases: {
        get: (id) => leases.get(id),
        records: () => leases.values(),
      },
      proposeExpiry: (ids, term) => expiries.push({ ids, term }),
    },
    {
      ...{ clock: new SimClock(scheduler), timers: new SimTimers(scheduler) },
      ...{ onExpired: () => undefined, onRenewed: () => undefined },
    },
  );
  const grant = (id: bigint, ttlSeconds: number): void => {
    const before = leases.get(id);
    if (before !== undefined) Object.assign(before, { isRevoked: true });
    leases.set(id, { id, ttlSeconds, remainingTtlSeconds: 0, isRevoked: false });
    lessor.handleGrant(id);
  };
  const renew = (id: bigint): string[] => {
    const answers: string[] = [];
    const renewal = new LeaseRenewal(highOfId(id), lowOfId(id), 1, {
      handleRenewed: ({ ttlSeconds }) => answers.push(`ttl ${ttlSeconds}`),
    });
    const batch = new RenewalBatch(
      { handleConfirmed: assert.fail, retry: () => answers.push("again") },
      Infinity,
    );
    batch.renewals.push(renewal);
    lessor.renew(batch);
    return answers;
  };
  return { scheduler, leases, lessor, expiries, grant, renew };
}

test("Lessor answers a renewal that waits for a revoke when its lease was granted again", () => {
  const { scheduler, lessor, expiries, grant, renew } = createLessor();
  lessor.promote(3);
  grant(1n, 2);
  scheduler.advance(2_100);
  assert.deepEqual(expiries, [{ ids: [1n], term: 3 }]);
  const answers = renew(1n);
  assert.deepEqual(answers, [], "it is past its time: nobody knows yet");
  // One entry ends the lease and grants the id again.
  grant(1n, 5);
  lessor.handleRevocations();
  assert.deepEqual(answers, ["ttl 5"]);
});

test("Lessor that leads no more proposes no expiry and gives renewals back (L3)", () => {
  const { scheduler, lessor, expiries, grant, renew } = createLessor();
  lessor.promote(3);
  grant(1n, 2);
  scheduler.advance(2_100);
  const answers = renew(1n);
  lessor.demote();
  scheduler.advance(60_000);
  assert.equal(expiries.length, 1);
  assert.deepEqual(answers, ["again"]);
});

test("Lessor gives leases full time and an election more at a change of leader (L1)", () => {
  const { scheduler, lessor, leases, expiries } = createLessor();
  leases.set(7n, { id: 7n, ttlSeconds: 10, remainingTtlSeconds: 0, isRevoked: false });
  lessor.promote(4);
  scheduler.advance(10_999);
  assert.deepEqual(expiries, []);
  scheduler.advance(200);
  assert.deepEqual(expiries, [{ ids: [7n], term: 4 }]);
});

test("Lessor ends 10,000 leases of one moment in a quarter second, 1,000 an entry (L2)", () => {
  const { scheduler, lessor, expiries, grant } = createLessor();
  lessor.promote(3);
  for (let id = 1n; id <= 10_000n; id += 1n) grant(id, 2);
  scheduler.advance(2_250);
  const sizes = expiries.map(({ ids }) => ids.length);
  assert.deepEqual(sizes, Array<number>(10).fill(1_000));
  assert.equal(new Set(expiries.flatMap(({ ids }) => ids)).size, 10_000);
});

test("Lessor takes leases over in turns: the last is renewed before it is reached (C49)", () => {
  const { scheduler, leases, lessor, expiries, renew } = createLessor();
  const count = 25_000n;
  for (let id = 1n; id <= count; id += 1n) {
    leases.set(id, { id, ttlSeconds: 10, remainingTtlSeconds: 0, isRevoked: false });
  }
  lessor.promote(5);
  assert.equal(lessor.deadlineMillis(1n), 11_000);
  assert.equal(lessor.deadlineMillis(count), undefined, "not all in one turn");
  assert.deepEqual(renew(count - 1n), ["ttl 10"]);
  assert.equal(lessor.deadlineMillis(count - 1n), 10_000, "renewed, though nothing reached it");
  scheduler.advance(0);
  assert.equal(lessor.deadlineMillis(count), 11_000, "turns follow by themselves");
  assert.equal(lessor.deadlineMillis(count - 1n), 10_000, "a renewal is not taken over again");
  scheduler.advance(9_999);
  assert.deepEqual(expiries, [], "nothing ends early (L1)");
  scheduler.advance(6_000);
  const ended = new Set(expiries.flatMap(({ ids }) => ids));
  assert.equal(BigInt(ended.size), count);
});

test("Lessor that is replaced in the midst of taking leases over forgets them (L3, C49)", () => {
  const { scheduler, leases, lessor, expiries } = createLessor();
  for (let id = 1n; id <= 25_000n; id += 1n) {
    leases.set(id, { id, ttlSeconds: 2, remainingTtlSeconds: 0, isRevoked: false });
  }
  lessor.promote(5);
  lessor.demote();
  scheduler.advance(60_000);
  assert.equal(lessor.deadlineMillis(25_000n), undefined);
  assert.deepEqual(expiries, []);
});
