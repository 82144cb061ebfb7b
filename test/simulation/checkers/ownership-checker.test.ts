import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Coverage } from "../coverage.ts";
import type {
  FencedWrite,
  ObservedLeader,
  Ownership,
  OwnershipHistory,
} from "../history/ownership-history.ts";
import { CheckFailure } from "./check-failure.ts";
import { checkOwnerships } from "./ownership-checker.ts";
import { TruthScript } from "./truth-script.ts";

/**
 * n/a owns from revision 2 (token 2) to its deletion at 5, n/b from there (token 3). The resource
 * is written at 4 by a, at 6 by b. Times are ten times the revision.
 */
const truth = new TruthScript()
  .at(20, ["put", "n/a", "here", 1n])
  .at(30, ["put", "n/b", "there", 2n])
  .at(40, ["put", "r", "a1"])
  .at(50, ["delete", "n/a"])
  .at(60, ["put", "r", "b1"])
  .at(70, ["put", "n/b", "again", 2n])
  .truth();

const none: OwnershipHistory = { ownerships: [], writes: [], beliefs: [], observed: [] };

function given(key: string, token: number, sentMillis: number, answeredMillis: number): Ownership {
  return { name: "n", key, token, ttlSeconds: 1, sentMillis, answeredMillis };
}

function wrote(
  key: string,
  token: number,
  value: string,
  outcome: FencedWrite["outcome"],
): FencedWrite {
  return {
    ...{ name: "n", key, token, resource: "r", value, outcome },
    ...{ sentMillis: 0, answeredMillis: 100 },
  };
}

function saw(key: string, token: number, value: string, revision: number): ObservedLeader {
  return { observer: "o", name: "n", key, token, value, revision };
}

const aWrote = wrote("n/a", 2, "a1", { kind: "done", revision: 4 });
const bWrote = wrote("n/b", 3, "b1", { kind: "done", revision: 6 });

function judge(history: Partial<OwnershipHistory>, driftMax = 0): Coverage {
  const coverage = new Coverage();
  checkOwnerships({ ...none, ...history }, truth, coverage, { driftMax });
  return coverage;
}

describe("checkOwnerships accepts", () => {
  const cases: Record<string, Partial<OwnershipHistory>> = {
    "owners in turn": { ownerships: [given("n/a", 2, 15, 25), given("n/b", 3, 25, 55)] },
    "a lock that is gone when its wait returns": { ownerships: [given("n/a", 2, 15, 55)] },
    "guarded writes": { writes: [aWrote, bWrote] },
    "writes of unknown outcome": {
      writes: [
        wrote("n/a", 2, "a1", { kind: "unknown" }),
        wrote("n/a", 2, "a2", { kind: "unknown" }),
        wrote("n/a", 2, "a3", { kind: "refused" }),
      ],
    },
    "a belief while it is true": {
      beliefs: [{ key: "n/a", token: 2, ttlSeconds: 1, atMillis: 50 }],
    },
    "what observers see": {
      observed: [saw("n/a", 2, "here", 3), saw("n/b", 3, "there", 5), saw("n/b", 3, "again", 7)],
    },
  };
  for (const [name, history] of Object.entries(cases)) {
    test(name, () => {
      judge(history);
    });
  }

  test("a belief that is late by the drift of two clocks", () => {
    judge({ beliefs: [{ key: "n/a", token: 2, ttlSeconds: 1, atMillis: 150 }] }, 0.05);
  });

  test("and counts what it checked", () => {
    const ownerships = [given("n/a", 2, 15, 25)];
    const { promises } = judge({ ownerships, writes: [aWrote, bWrote] }).toJson();
    assert.deepEqual(promises, [
      ["K1", 3],
      ["K2", 1],
      ["K3", 1],
      ["K4", 2],
    ]);
  });
});

describe("checkOwnerships finds", () => {
  const lies: Record<string, readonly [string, Partial<OwnershipHistory>]> = {
    "two owners": ["K1", { ownerships: [given("n/b", 3, 25, 45)] }],
    "a lock given before its key was": ["K2", { ownerships: [given("n/a", 2, 5, 15)] }],
    "a lock given after its key was gone (C47)": ["K2", { ownerships: [given("n/a", 2, 55, 65)] }],
    "a token that is not the key's": ["K2", { ownerships: [given("n/a", 3, 15, 35)] }],
    "a write of somebody who does not own yet": [
      "K4",
      { writes: [wrote("n/b", 3, "a1", { kind: "done", revision: 4 })] },
    ],
    "a write of somebody who owns no more": [
      "K4",
      { writes: [wrote("n/a", 2, "b1", { kind: "unknown" })] },
    ],
    "an acknowledged write that is not there": [
      "P4",
      { writes: [wrote("n/a", 2, "a9", { kind: "done", revision: 4 })] },
    ],
    "a refused write that is there": [
      "P6",
      { writes: [wrote("n/a", 2, "a1", { kind: "refused" })] },
    ],
    "a belief after the end": [
      "K1",
      { beliefs: [{ key: "n/a", token: 2, ttlSeconds: 1, atMillis: 51 }] },
    ],
    "a leader that does not lead": ["K1", { observed: [saw("n/b", 3, "there", 4)] }],
    "a leader with another value": ["K1", { observed: [saw("n/b", 3, "again", 6)] }],
    "an observer that goes back": [
      "K1",
      { observed: [saw("n/b", 3, "there", 6), saw("n/b", 3, "there", 5)] },
    ],
  };
  for (const [name, [promise, history]] of Object.entries(lies)) {
    test(`${name}: ${promise}`, () => {
      assert.throws(
        () => judge(history),
        (error) => error instanceof CheckFailure && error.promise === promise,
      );
    });
  }

  test("a token smaller than one before: K3", () => {
    // Both owned when they wrote, and the order of names is not that of creation.
    const crossed = new TruthScript()
      .at(20, ["put", "n/a", "", 1n])
      .at(30, ["put", "m/b", "", 2n])
      .at(40, ["put", "r", "b1"])
      .at(50, ["put", "r", "a1"])
      .truth();
    const writes = [
      { ...wrote("m/b", 3, "b1", { kind: "done", revision: 4 }), name: "m" },
      wrote("n/a", 2, "a1", { kind: "done", revision: 5 }),
    ];
    assert.throws(
      () => checkOwnerships({ ...none, writes }, crossed, new Coverage(), { driftMax: 0 }),
      (error) => error instanceof CheckFailure && error.promise === "K3",
    );
  });
});
