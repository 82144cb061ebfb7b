import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Coverage } from "../coverage.ts";
import type { LeaseCall } from "../history/lease-history.ts";
import type { Truth } from "../history/truth.ts";
import { CheckFailure } from "./check-failure.ts";
import { checkLeases } from "./lease-checker.ts";
import { checkLeaseKeys } from "./lease-keys-checker.ts";
import { TruthScript } from "./truth-script.ts";

const large = 2n ** 63n - 1n;
const bounds = { driftMax: 0, electionTimeoutMillis: 1_000 };

/** Lease 7 of 10 s: granted at 100, expired at 15,200. Lease -5: revoked by a client. */
const truth = new TruthScript()
  .grant(100, 7n, 10)
  .grant(200, -5n, 60)
  .grant(300, large, 2_592_000)
  .at(1_000, ["put", "k", "1", 7n], ["put", "l", "1", 7n])
  .end(9_000, -5n, false)
  .end(15_200, 7n, true, "k", "l")
  .grant(30_000, 7n, 10)
  .truth();

type Body<Call> = Call extends unknown ? Omit<Call, "sentMillis" | "answeredMillis"> : never;

function call(sentMillis: number, answeredMillis: number, body: Body<LeaseCall>): LeaseCall {
  return { sentMillis, answeredMillis, ...body };
}

function granted(leaseId: bigint, ttlSeconds: number, wantedId: bigint = leaseId): LeaseCall {
  const outcome = { kind: "ok", leaseId, ttlSeconds } as const;
  return call(50, 350, { kind: "grant", wantedId, wantedTtlSeconds: ttlSeconds, outcome });
}

function renewed(sent: number, answered: number, leaseId: bigint, ttlSeconds: number): LeaseCall {
  return call(sent, answered, { kind: "renewal", leaseId, ttlSeconds });
}

/** Of lease -5. */
function revoked(sentMillis: number): LeaseCall {
  return call(sentMillis, 9_100, { kind: "revoke", leaseId: -5n, outcome: "gone" });
}

function left(at: number, leaseId: bigint, ttl: number, granted: number, keys?: string[]) {
  const body = { leaseId, ttlSeconds: ttl, grantedTtlSeconds: granted, keys };
  return call(at, at + 10, { kind: "time-to-live", ...body });
}

interface Surroundings {
  readonly drift?: number;
  readonly healed?: number;
  /** Of wall clocks. */
  readonly jumps?: number;
}

function judge(calls: readonly LeaseCall[], options: Surroundings = {}): Coverage {
  const coverage = new Coverage();
  for (let jump = 0; jump < (options.jumps ?? 0); jump += 1) coverage.fault("clock-jump");
  const history = { calls, healedMillis: options.healed, endMillis: 29_000 };
  const driftMax = options.drift ?? 0;
  checkLeases(history, truth, coverage, { ...bounds, driftMax });
  return coverage;
}

function assertBreaks(promise: string, run: () => unknown): void {
  assert.throws(run, (error) => error instanceof CheckFailure && error.promise === promise);
}

describe("checkLeases accepts", () => {
  const cases: Record<string, readonly [readonly LeaseCall[], { readonly healed?: number }?]> = {
    "grants with ids of all kinds": [
      [granted(7n, 10), granted(-5n, 60), granted(large, 2_592_000), revoked(8_900)],
    ],
    "an id chosen by the server": [[granted(7n, 10, 0n)]],
    "an expiry after the TTL": [[granted(7n, 10), renewed(5_000, 5_100, 7n, 10)]],
    "a renewal that finds nothing": [[renewed(16_000, 16_100, 7n, 0)]],
    "a renewal without answer": [
      [call(9_000, 19_000, { kind: "renewal", leaseId: 7n, ttlSeconds: undefined })],
    ],
    "a revoke": [[call(8_900, 9_100, { kind: "revoke", leaseId: -5n, outcome: "gone" })]],
    "what is left": [[granted(7n, 10), left(3_000, 7n, 7, 10, ["k", "l"])]],
    "what is left, without keys yet": [[left(500, 7n, 9, 10, [])]],
    "nothing left": [[left(16_000, 7n, -1, 0)]],
    "a list": [[call(10_000, 10_100, { kind: "list", leaseIds: [7n, large] })]],
    "a list of a member that lags": [[call(20_000, 20_100, { kind: "list", leaseIds: [7n, -5n] })]],
    "a list during a revoke": [[call(8_900, 9_100, { kind: "list", leaseIds: [7n, large, -5n] })]],
    "a belief in time": [[call(15_100, 15_100, { kind: "belief", leaseId: 7n })]],
    "a lease that expires in time": [[renewed(5_000, 5_100, 7n, 10)], { healed: 5_000 }],
    "a lease that is held": [
      [call(100, 28_000, { kind: "hold", leaseId: large })],
      { healed: 5_000 },
    ],
    "a renewal that may have met the next life": [[renewed(15_000, 31_000, 7n, 10)]],
  };
  for (const [name, [calls, options]] of Object.entries(cases)) {
    test(name, () => {
      judge(calls, options);
    });
  }

  test("an expiry that is early by the drift of a clock", () => {
    judge([renewed(5_500, 5_600, 7n, 10)], { drift: 0.05 });
  });

  test("and counts what it checked", () => {
    const { promises, sometimes } = judge([
      granted(-5n, 60),
      granted(large, 2_592_000),
      revoked(8_900),
    ]).toJson();
    assert.deepEqual(
      promises.map(([promise]) => promise),
      ["L1", "L4", "L6"],
    );
    // No wall clock has jumped, and nothing was renewed beside its end: L7 and L3 were not tested.
    const other = judge([renewed(4_900, 5_000, 7n, 10)], { drift: 0.05 }).toJson();
    assert.deepEqual(
      other.promises.map(([promise]) => promise),
      ["L1", "L4"],
    );
    const jumped = judge([renewed(4_900, 15_300, 7n, 10)], { jumps: 1 }).toJson();
    assert.deepEqual(
      jumped.promises.map(([promise]) => promise),
      ["L1", "L3", "L4", "L7"],
    );
    assert.ok(sometimes.some(([name, count]) => name.includes("C32") && count === 1));
    assert.ok(sometimes.some(([name, count]) => name.includes("C50") && count === 1));
  });
});

describe("checkLeases finds", () => {
  type Lie = readonly [string, readonly LeaseCall[], { drift?: number; healed?: number }?];
  const lies: Record<string, Lie> = {
    "an expiry before the TTL": ["L1", [renewed(5_300, 5_400, 7n, 10)]],
    "an expiry before the TTL, beyond drift": [
      "L1",
      [renewed(5_800, 5_900, 7n, 10)],
      { drift: 0.05 },
    ],
    "an expiry beside a renewal (C45)": ["L3", [renewed(15_000, 15_300, 7n, 10)]],
    "a living lease called dead by a renewal": ["L1", [renewed(2_000, 2_100, 7n, 0)]],
    "a living lease called dead by a question": ["L1", [left(2_000, 7n, -1, 0)]],
    "a living lease called dead by a put": [
      "L1",
      [call(400, 500, { kind: "put", leaseId: 7n, key: "k", outcome: { kind: "no-lease" } })],
    ],
    "less left than promised": ["L1", [renewed(2_000, 2_100, 7n, 10), left(3_000, 7n, 7, 10)]],
    "a belief after the end": ["L1", [call(15_300, 15_300, { kind: "belief", leaseId: 7n })]],
    "a lease of 30 days that is forgotten (C50)": ["L1", [left(400, large, -1, 0)]],
    "a lease that somebody revokes of his own accord": ["L1", [granted(-5n, 60)]],
    "a revocation that comes before it is asked for": ["L1", [granted(-5n, 60), revoked(9_050)]],
    "an expiry that is late": ["L2", [renewed(100, 200, 7n, 10)], { healed: 500 }],
    "a renewal after the end (C46)": ["L4", [renewed(15_300, 15_400, 7n, 10)]],
    "a renewal after a revoke": ["L4", [renewed(9_100, 9_200, -5n, 60)]],
    "a revoke that did nothing": [
      "L4",
      [call(2_000, 2_100, { kind: "revoke", leaseId: 7n, outcome: "gone" })],
    ],
    "keys that do not hang on it": ["L5", [left(3_000, 7n, 7, 10, ["k"])]],
    "another id than wanted": ["L6", [granted(7n, 10, 8n)]],
    "an id cut to 53 bits": ["L6", [granted(2n ** 53n, 60, 2n ** 53n + 1n)]],
    "a grant that is not there": ["L6", [granted(5n, 60)]],
    "a shorter TTL than wanted": [
      "L6",
      [
        call(50, 350, {
          kind: "grant",
          wantedId: 7n,
          wantedTtlSeconds: 11,
          outcome: { kind: "ok", leaseId: 7n, ttlSeconds: 10 },
        }),
      ],
    ],
    "another TTL": ["L6", [left(3_000, 7n, 7, 11)]],
    "a lease said to exist": [
      "L6",
      [
        call(50, 90, {
          kind: "grant",
          wantedId: 7n,
          wantedTtlSeconds: 1,
          outcome: { kind: "exists" },
        }),
      ],
    ],
    "a list with a lease too many": [
      "L6",
      [call(10_000, 10_100, { kind: "list", leaseIds: [-5n] })],
    ],
    "a list with a lease too few (C32)": [
      "L6",
      [call(500, 600, { kind: "list", leaseIds: [7n, large] })],
    ],
  };
  for (const [name, [promise, calls, options]] of Object.entries(lies)) {
    test(`${name}: ${promise}`, () => {
      assertBreaks(promise, () => judge(calls, options));
    });
  }

  test("an expiry too early after the grant: L1", () => {
    const short = new TruthScript().grant(100, 7n, 10).end(9_000, 7n, true).truth();
    const history = { calls: [granted(7n, 10)], healedMillis: undefined, endMillis: 20_000 };
    assertBreaks("L1", () => checkLeases(history, short, new Coverage(), bounds));
  });

  test("an expiry that never comes: L2", () => {
    const endless = new TruthScript().grant(100, 7n, 5).truth();
    const calls = [renewed(200, 300, 7n, 5)];
    const history = { calls, healedMillis: 400, endMillis: 8_401 };
    assertBreaks("L2", () => checkLeases(history, endless, new Coverage(), bounds));
    const sooner = { ...history, endMillis: 8_399 };
    checkLeases(sooner, endless, new Coverage(), bounds);
    const led = { ...endless, leadershipsMillis: [300, 8_000, 17_000] };
    assertBreaks("L2", () => {
      checkLeases({ ...history, endMillis: 16_001 }, led, new Coverage(), bounds);
    });
    const later = { ...endless, leadershipsMillis: [8_000, 16_000] };
    checkLeases({ ...history, endMillis: 16_001 }, later, new Coverage(), bounds);
  });
});

describe("checkLeaseKeys", () => {
  const begin = (): TruthScript =>
    new TruthScript()
      .grant(100, 7n, 10)
      .grant(100, 8n, 10)
      .at(200, ["put", "a", "1", 7n])
      .at(200, ["put", "b", "1", 7n])
      .at(200, ["put", "c", "1"]);

  test("accepts an end that takes all keys of the lease and none other", () => {
    checkLeaseKeys(begin().end(900, 7n, true, "a", "b").truth(), new Coverage());
    checkLeaseKeys(begin().end(900, 8n, false).truth(), new Coverage());
    const moved = begin().at(300, ["put", "b", "2", 8n]).end(900, 7n, false, "a");
    checkLeaseKeys(moved.end(950, 8n, true, "b").truth(), new Coverage());
  });

  test("accepts ends beside other requests of one entry", () => {
    const both = begin().end(900, 7n, true, "a", "b").and(900, ["put", "d", "1"]);
    checkLeaseKeys(both.and(900, ["delete", "c"]).truth(), new Coverage());
    const deleted = begin().at(900, ["delete", "a"], ["delete", "c"]);
    deleted.endBeside(900, 7n, true).andEnd(900, "b");
    checkLeaseKeys(deleted.truth(), new Coverage());
  });

  const lies: Record<string, Truth> = {
    "a key that stays": begin().end(900, 7n, true, "a").truth(),
    "all keys that stay": begin().end(900, 7n, true).truth(),
    "a key that is not the lease's": begin().end(900, 7n, true, "a", "b", "c").truth(),
    "an end in two revisions": begin().end(900, 7n, true, "a").andEnd(900, "b").truth(),
    "an end that nobody asked for": begin().at(300, ["put", "d", "1"]).andEnd(300, "a").truth(),
    "a key on a lease that was never granted": begin().at(300, ["put", "d", "1", 9n]).truth(),
    "a key on a lease that is gone": begin()
      .end(300, 8n, false)
      .at(400, ["put", "d", "1", 8n])
      .truth(),
  };
  for (const [name, lie] of Object.entries(lies)) {
    test(`finds ${name}: L5`, () => {
      assertBreaks("L5", () => checkLeaseKeys(lie, new Coverage()));
    });
  }
});
