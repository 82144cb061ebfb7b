import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Coverage } from "../coverage.ts";
import type { RegistryEvent, RegistryObserver } from "../history/registry-history.ts";
import { CheckFailure } from "./check-failure.ts";
import { checkRegistries } from "./registry-checker.ts";
import { TruthScript } from "./truth-script.ts";

function row(address: string): string {
  return JSON.stringify({ address, metadata: {}, tags: [] });
}

/** Revisions 2 to 6: web/a up; web/b up; a moves; a foreign row; both leases end, b first. */
const truth = new TruthScript()
  .grant(5, 1n, 10)
  .at(10, ["put", "/r/web/a", row("x:1"), 1n])
  .at(20, ["put", "/r/web/b", row("y:1"), 1n])
  .at(30, ["put", "/r/web/a", row("x:2"), 1n])
  .at(40, ["put", "/r/web/odd", "no row"])
  .at(50, ["delete", "/r/web/a"], ["delete", "/r/web/b"])
  .truth();

const a1 = { key: "/r/web/a", address: "x:1", leaseId: 1n };
const a2 = { ...a1, address: "x:2" };
const b = { key: "/r/web/b", address: "y:1", leaseId: 1n };

function event(
  kind: RegistryEvent["kind"],
  revision: number,
  ...instances: RegistryEvent["instances"]
): RegistryEvent {
  return { kind, revision, instances };
}

const right = [
  event("snapshot", 2, a1),
  event("up", 3, b),
  event("changed", 4, a2),
  event("down", 6, a2),
  event("down", 6, b),
];

function judge(events: readonly RegistryEvent[], reachedMillis: number | undefined = 90): Coverage {
  const last = { revision: 6, askedMillis: 60, reachedMillis, withinMillis: 40 };
  const observer: RegistryObserver = { name: "o", prefix: "/r/web/", events, last };
  const coverage = new Coverage();
  checkRegistries([observer], "/r/", truth, coverage);
  return coverage;
}

test("checkRegistries accepts what was so", () => {
  judge(right);
  assert.deepEqual(judge(right).counts("promises"), [
    ["R1", 4],
    ["W11", 1],
  ]);
});

test("checkRegistries accepts a reload after compaction: one revision for all differences", () => {
  judge([event("snapshot", 3, a1, b), event("down", 6, a1), event("down", 6, b)]);
});

test("checkRegistries accepts a loop that was left between two events of a revision", () => {
  const observer = { name: "o", prefix: "/r/web/", events: right.slice(0, 4), last: undefined };
  checkRegistries([observer], "/r/", truth, new Coverage());
});

describe("checkRegistries finds", () => {
  const lies: Record<string, readonly [string, readonly RegistryEvent[]]> = {
    "a missed deletion (C44)": ["R1", right.slice(0, 4)],
    "a missed change": ["R1", [event("snapshot", 2, a1), event("up", 3, b), event("down", 6, b)]],
    "a snapshot with a row too few": ["R1", [event("snapshot", 3, a1), event("changed", 4, a2)]],
    "an instance with another lease": [
      "R1",
      [event("snapshot", 2, { ...a1, leaseId: 2n }), event("up", 3, b)],
    ],
    "an instance that comes twice": ["R1", [event("snapshot", 3, a1, b), event("up", 4, a2)]],
    "a change of an unknown instance": ["R1", [event("snapshot", 2, a1), event("changed", 3, b)]],
    "an observer that goes back": ["W1", [event("snapshot", 4, a2, b), event("changed", 3, a1)]],
  };
  for (const [name, [promise, events]] of Object.entries(lies)) {
    test(`${name}: ${promise}`, () => {
      assert.throws(
        () => judge(events),
        (error) => error instanceof CheckFailure && error.promise === promise,
      );
    });
  }

  for (const reachedMillis of [101, Infinity]) {
    test(`an observer that does not catch up, reached ${reachedMillis}: W11`, () => {
      assert.throws(
        () => judge(right, reachedMillis),
        (error) => error instanceof CheckFailure && error.promise === "W11",
      );
    });
  }
});
