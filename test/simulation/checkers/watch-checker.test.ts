import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Coverage } from "../coverage.ts";
import type { Truth } from "../history/truth.ts";
import type { SeenEvent, WatchRecord, WatchStep, WatchWish } from "../history/watch-history.ts";
import { CheckFailure } from "./check-failure.ts";
import { TruthScript } from "./truth-script.ts";
import { checkWatches, isInRange } from "./watch-checker.ts";

/** Revisions 2 to 7: a=1; a=2 with b=1; delete a; b=2 with a lease; c; a=3. */
const truth = new TruthScript()
  .at(10, ["put", "a", "1"])
  .at(20, ["put", "a", "2"], ["put", "b", "1"])
  .at(30, ["delete", "a"])
  .at(40, ["put", "b", "2", -5n])
  .compact(45, 4)
  .at(50, ["put", "c", "1"])
  .at(60, ["put", "a", "3"])
  .truth();

const all: WatchWish = {
  key: "a",
  rangeEnd: "\0",
  startRevision: 0,
  previous: false,
  withoutPuts: false,
  withoutDeletes: false,
};

/** Events of a revision as a right server reports them. */
function eventsOf(revision: number, isPrevious = false, from: Truth = truth): SeenEvent[] {
  const events = from.revisions.find((each) => each.revision === revision)?.events ?? [];
  return events.map((event) => ({ ...event, previous: isPrevious ? event.previous : undefined }));
}

function answer(atMillis: number, ...events: readonly SeenEvent[]): WatchStep {
  return { kind: "events", atMillis, events, isFragment: false };
}

function created(atMillis: number, revision: number): WatchStep {
  return { kind: "created", atMillis, revision };
}

function progress(atMillis: number, revision: number): WatchStep {
  return { kind: "progress", atMillis, revision };
}

function cancelled(atMillis: number, compactRevision: number, isAsked = false): WatchStep {
  return { kind: "cancelled", atMillis, isAsked, reason: "", compactRevision };
}

function cancelledClient(
  atMillis: number,
  compactRevision: number,
  resumeRevision: number,
): WatchStep {
  const end = { isAsked: false, reason: "", compactRevision, resumeRevision };
  return { kind: "cancelled", atMillis, ...end };
}

function judge(
  wish: Partial<WatchWish>,
  steps: readonly WatchStep[],
  mayFragment = true,
): Coverage {
  const coverage = new Coverage();
  const record: WatchRecord = {
    name: "w",
    wish: { ...all, ...wish },
    ...{ isResumption: true, mayFragment },
    steps,
  };
  checkWatches({ records: [record], catchUps: [], refusals: [] }, truth, coverage);
  return coverage;
}

function assertBreaks(promise: string, run: () => unknown): void {
  assert.throws(run, (error) => error instanceof CheckFailure && error.promise === promise);
}

const [a2, b1] = eventsOf(3);
assert.ok(a2 !== undefined && b1 !== undefined);
const [b2] = eventsOf(5);
assert.ok(b2 !== undefined);

describe("checkWatches accepts", () => {
  const cases: Record<string, readonly [Partial<WatchWish>, readonly WatchStep[]]> = {
    "a whole life": [
      {},
      [
        created(5, 1),
        answer(20, ...eventsOf(2), ...eventsOf(3)),
        answer(35, ...eventsOf(4)),
        progress(36, 4),
        answer(70, ...eventsOf(5), ...eventsOf(6), ...eventsOf(7)),
        progress(70, 7),
        cancelled(80, 0, true),
      ],
    ],
    "a life that ends early": [{}, [created(5, 1)]],
    "nothing at all": [{}, []],
    "an old start on a lagging member": [
      { startRevision: 3 },
      [created(55, 2), answer(55, a2, b1)],
    ],
    "one revision in fragments": [
      { startRevision: 3 },
      [
        created(25, 3),
        { kind: "events", atMillis: 25, events: [a2], isFragment: true },
        answer(25, b1),
      ],
    ],
    "pairs before": [
      { startRevision: 3, previous: true },
      [created(25, 3), answer(25, ...eventsOf(3, true)), answer(31, ...eventsOf(4, true))],
    ],
    "a pair before that is compacted": [
      { startRevision: 4, previous: true },
      [created(46, 5), answer(46, ...eventsOf(4, false))],
    ],
    "deletions alone": [{ withoutPuts: true }, [created(5, 1), answer(70, ...eventsOf(4))]],
    "one key": [
      { key: "b", rangeEnd: "" },
      [created(5, 1), answer(21, b1), progress(39, 4), answer(41, b2)],
    ],
    "a future start": [
      { startRevision: 6 },
      [created(25, 3), answer(61, ...eventsOf(6), ...eventsOf(7)), progress(62, 7)],
    ],
    "a cancel by compaction": [{ startRevision: 2 }, [created(46, 5), cancelled(46, 4)]],
    "a cancel by compaction after events": [
      {},
      [created(5, 1), answer(11, ...eventsOf(2)), cancelled(60, 4)],
    ],
    "a deletion at the compact revision": [
      { startRevision: 4 },
      [created(46, 5), answer(46, ...eventsOf(4), ...eventsOf(5))],
    ],
    "a client that does not build on its stream's progress": [
      { key: "z" },
      [created(5, 1), progress(39, 4), cancelledClient(60, 4, 2)],
    ],
  };
  for (const [name, [wish, steps]] of Object.entries(cases)) {
    test(name, () => {
      judge(wish, steps);
    });
  }

  test("and counts what it checked", () => {
    const one = [created(46, 5), answer(46, ...eventsOf(4))];
    const coverage = judge({ startRevision: 4 }, one);
    const counts = new Map(coverage.counts("promises"));
    // A lone event stands in no order.
    const promises = ["W1", "W2", "W3", "W4", "W5", "W7"];
    assert.deepEqual(
      promises.map((name) => counts.get(name)),
      [0, 0, 0, 1, 1, 1],
    );
    const more = judge({ startRevision: 4 }, [...one, answer(56, ...eventsOf(5))]);
    assert.equal(new Map(more.counts("promises")).get("W1"), eventsOf(5).length);
    const sometimes = new Map(coverage.counts("sometimes"));
    assert.equal(sometimes.get("watch from a tombstone at the compact revision (C41)"), 1);
  });
});

describe("checkWatches finds", () => {
  type Lie = readonly [promise: string, wish: Partial<WatchWish>, steps: readonly WatchStep[]];
  const lies: Record<string, Lie> = {
    "revisions in the wrong order": [
      "W1",
      {},
      [created(5, 1), answer(25, a2, b1), answer(25, ...eventsOf(2))],
    ],
    "events of one revision in the wrong order": [
      "W1",
      { startRevision: 3 },
      [created(25, 3), answer(25, b1, a2)],
    ],
    "an event below the start": ["W1", {}, [created(15, 2), answer(16, ...eventsOf(2))]],
    "an event twice (C43)": [
      "W2",
      {},
      [created(5, 1), answer(11, ...eventsOf(2)), answer(12, ...eventsOf(2))],
    ],
    "an event twice after an install of a snapshot (C38)": [
      "W2",
      {},
      [
        created(5, 1),
        answer(35, ...eventsOf(2), a2, b1, ...eventsOf(4)),
        answer(36, ...eventsOf(2)),
      ],
    ],
    "a gap": ["W3", {}, [created(5, 1), answer(36, ...eventsOf(2), ...eventsOf(4))]],
    "a gap at the start": ["W3", {}, [created(5, 1), answer(36, ...eventsOf(4))]],
    "a skip over compaction instead of a cancel (C40)": [
      "W3",
      { startRevision: 2 },
      [created(46, 5), answer(46, ...eventsOf(4))],
    ],
    "the tombstone at the compact revision missing (C41)": [
      "W3",
      { startRevision: 4 },
      [created(46, 5), answer(46, ...eventsOf(5))],
    ],
    "a client that would leave events out": ["W5", {}, [created(5, 1), cancelledClient(46, 4, 3)]],
    "a client that would go back": [
      "W5",
      {},
      [created(5, 1), answer(11, ...eventsOf(2)), cancelledClient(46, 4, 2)],
    ],
    "a cancel without cause": ["W3", {}, [created(5, 1), cancelled(6, 0)]],
    "a revision split over answers": [
      "W4",
      {},
      [created(5, 1), answer(25, ...eventsOf(2), a2), answer(26, b1)],
    ],
    "progress that overtakes events (C39)": ["W6", {}, [created(5, 1), progress(35, 4)]],
    "progress that goes back": ["W6", {}, [created(5, 1), progress(6, 1), progress(6, 0)]],
    "progress below what was reported": [
      "W6",
      {},
      [created(5, 1), answer(26, ...eventsOf(2), a2, b1), progress(26, 2)],
    ],
    "another value": ["W7", {}, [created(15, 2), answer(25, { ...a2, value: "x" }, b1)]],
    "another version": ["W7", {}, [created(15, 2), answer(25, { ...a2, version: 1 }, b1)]],
    "another create revision": [
      "W7",
      {},
      [created(15, 2), answer(25, { ...a2, createRevision: 3 }, b1)],
    ],
    "another lease (C32)": [
      "W7",
      { startRevision: 5 },
      [created(41, 5), answer(41, { ...b2, lease: 5n })],
    ],
    "a put for a deletion": [
      "W7",
      { startRevision: 4 },
      [created(31, 4), answer(31, { ...a2, modRevision: 4 })],
    ],
    "an event that never happened": [
      "W7",
      {},
      [created(15, 2), answer(25, { ...a2, key: "z" }, b1)],
    ],
    "an event out of the range": ["W7", { rangeEnd: "" }, [created(15, 2), answer(25, a2, b1)]],
    "an event that was filtered away": [
      "W7",
      { withoutDeletes: true, startRevision: 4 },
      [created(31, 4), answer(31, ...eventsOf(4))],
    ],
    "a pair before that nobody asked for": [
      "W7",
      {},
      [created(15, 2), answer(25, ...eventsOf(3, true))],
    ],
    "no pair before": [
      "W7",
      { previous: true },
      [created(15, 2), answer(25, ...eventsOf(3, false))],
    ],
    "another pair before": [
      "W7",
      { previous: true },
      [created(15, 2), answer(25, { ...a2, previous: { ...a2, value: "9" } }, b1)],
    ],
    "an event below a future start (C42)": [
      "W8",
      { startRevision: 6 },
      [created(25, 3), answer(41, ...eventsOf(5))],
    ],
    "progress below a future start (C42)": [
      "W8",
      { startRevision: 6 },
      [created(25, 3), progress(26, 3)],
    ],
    "a compaction that never was": ["W9", { startRevision: 2 }, [created(46, 5), cancelled(46, 5)]],
    "a compaction before its time": [
      "W9",
      { startRevision: 2 },
      [created(41, 5), cancelled(42, 4)],
    ],
    "a cancel of a watcher that is not behind": [
      "W9",
      { startRevision: 4 },
      [created(46, 5), cancelled(46, 4)],
    ],
    "an event after the cancel": [
      "W10",
      {},
      [created(5, 1), cancelled(6, 0, true), answer(11, ...eventsOf(2))],
    ],
    "progress after the cancel by compaction (C43)": [
      "W10",
      { startRevision: 2 },
      [created(46, 5), cancelled(46, 4), cancelled(47, 4)],
    ],
    "an event before the creation": ["W10", {}, [answer(11, ...eventsOf(2))]],
    "an event from the future": ["P3", {}, [created(5, 1), answer(9, ...eventsOf(2))]],
    "progress from the future": ["P3", {}, [created(5, 1), progress(9, 2)]],
  };
  for (const [name, [promise, wish, steps]] of Object.entries(lies)) {
    test(`${name}: ${promise}`, () => {
      assertBreaks(promise, () => judge(wish, steps));
    });
  }

  test("fragments that nobody asked for: W4", () => {
    const half: WatchStep = { kind: "events", atMillis: 25, events: [a2], isFragment: true };
    const steps = [created(25, 3), half, answer(25, b1)];
    assertBreaks("W4", () => judge({ startRevision: 3 }, steps, false));
  });

  const late = { name: "m", revision: 7, askedMillis: 100, withinMillis: 50 };
  for (const reachedMillis of [undefined, 151]) {
    test(`a mirror that does not catch up, reached ${reachedMillis}: W11`, () => {
      const history = { records: [], catchUps: [{ ...late, reachedMillis }], refusals: [] };
      assertBreaks("W11", () => checkWatches(history, truth, new Coverage()));
    });
  }

  test("a watch that ought to be refused: W10", () => {
    const refusals = [{ wanted: "duplicate", reason: undefined }];
    const history = { records: [], catchUps: [], refusals };
    assertBreaks("W10", () => checkWatches(history, truth, new Coverage()));
  });
});

test("isInRange reads ranges as the wire has them", () => {
  assert.deepEqual(
    ["a", "b", "c"].map((key) => isInRange(key, "b", "")),
    [false, true, false],
  );
  assert.deepEqual(
    ["a", "b", "c"].map((key) => isInRange(key, "a", "c")),
    [true, true, false],
  );
  assert.deepEqual(
    ["a", "b", "\xff"].map((key) => isInRange(key, "b", "\0")),
    [false, true, true],
  );
});
