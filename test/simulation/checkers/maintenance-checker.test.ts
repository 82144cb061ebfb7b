import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Coverage } from "../coverage.ts";
import type { MaintenanceCall } from "../history/maintenance-history.ts";
import { CheckFailure } from "./check-failure.ts";
import { checkMaintenance } from "./maintenance-checker.ts";
import { TruthScript } from "./truth-script.ts";

/** Revisions 2 to 4 at ten times their number; compacted at 3 at time 50. */
const truth = new TruthScript()
  .at(20, ["put", "m/a", "1"])
  .at(30, ["put", "m/b", "1"])
  .at(40, ["delete", "m/a"])
  .compact(50, 3)
  .truth();

const a = { value: "1", createRevision: 2, modRevision: 2, version: 1, lease: 0n };
const b = { ...a, createRevision: 3, modRevision: 3 };

type Read = Extract<MaintenanceCall, { readonly kind: "read" }>;

function compact(
  sentMillis: number,
  revision: number,
  outcome: Extract<MaintenanceCall, { readonly kind: "compact" }>["outcome"],
): MaintenanceCall {
  return { kind: "compact", revision, outcome, sentMillis, answeredMillis: sentMillis + 5 };
}

function read(
  sentMillis: number,
  revision: number,
  outcome: Read["outcome"],
  isSerializable = false,
): MaintenanceCall {
  const window = { sentMillis, answeredMillis: sentMillis + 5 };
  return { kind: "read", prefix: "m/", revision, isSerializable, outcome, ...window };
}

function pairs(entries: Record<string, typeof a>): Read["outcome"] {
  return { kind: "done", pairs: new Map(Object.entries(entries)) };
}

function hash(memberId: bigint, value: number, hashRevision = 4): MaintenanceCall {
  const window = { sentMillis: 60, answeredMillis: 61 };
  return { kind: "hash", memberId, hash: value, hashRevision, compactRevision: 3, ...window };
}

function status(leader: bigint, term: number): MaintenanceCall {
  return { kind: "status", memberId: 1n, leader, term, sentMillis: 60, answeredMillis: 61 };
}

const right: readonly MaintenanceCall[] = [
  compact(46, 3, "done"),
  compact(46, 3, "unknown"),
  compact(51, 3, "compacted"),
  compact(41, 5, "future-revision"),
  read(41, 2, pairs({ "m/a": a })),
  read(60, 3, pairs({ "m/a": a, "m/b": b })),
  read(60, 4, pairs({ "m/b": b })),
  read(60, 2, { kind: "compacted" }),
  read(60, 2, pairs({ "m/a": a }), true),
  read(60, 5, { kind: "future-revision" }),
  read(60, 4, { kind: "future-revision" }, true),
  hash(1n, 77),
  hash(2n, 77),
  hash(2n, 78, 3),
  status(1n, 2),
  status(0n, 2),
  status(2n, 3),
];

test("checkMaintenance accepts what was so, and counts it", () => {
  const coverage = new Coverage();
  checkMaintenance(right, truth, coverage);
  assert.deepEqual(coverage.counts("promises"), [
    ["P8", 3],
    ["P9", 11],
    ["election safety", 2],
  ]);
});

describe("checkMaintenance finds", () => {
  const lies: Record<string, readonly [string, readonly MaintenanceCall[]]> = {
    "a compaction that is not there": ["P9", [compact(60, 2, "done")]],
    "a compaction acknowledged before it was": ["P9", [compact(40, 3, "done")]],
    "a compaction refused as done": ["P9", [compact(51, 4, "compacted")]],
    "a compaction refused as future": ["P9", [compact(60, 4, "future-revision")]],
    "a read below the compact revision": ["P9", [read(60, 2, pairs({ "m/a": a }))]],
    "a read refused at the compact revision": ["P9", [read(60, 3, { kind: "compacted" })]],
    "a read refused as future": ["P9", [read(60, 4, { kind: "future-revision" })]],
    "a pair too few (C27)": ["P9", [read(60, 3, pairs({ "m/b": b }))]],
    "a pair too many": ["P9", [read(60, 4, pairs({ "m/a": a, "m/b": b }))]],
    "another version": ["P9", [read(60, 4, pairs({ "m/b": { ...b, version: 2 } }))]],
    "two hashes of one state (C28)": ["P8", [hash(1n, 77), hash(2n, 78)]],
    "two leaders of a term": ["election safety", [status(1n, 2), status(2n, 2)]],
  };
  for (const [name, [promise, calls]] of Object.entries(lies)) {
    test(`${name}: ${promise}`, () => {
      assert.throws(
        () => checkMaintenance(calls, truth, new Coverage()),
        (error) => error instanceof CheckFailure && error.promise === promise,
      );
    });
  }
});
