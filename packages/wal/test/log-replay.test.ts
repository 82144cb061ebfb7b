import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import { toLogIndex, type Entry } from "@quorate/raft";
import { LogReplay, ReplayError } from "../src/log-replay.ts";
import { entry, hardState, mark } from "./harness.ts";

function replayFrom(nextIndex: number, snapshot?: ReturnType<typeof mark>): LogReplay {
  return new LogReplay({ nextIndex: toLogIndex(nextIndex), snapshot, hardState: undefined });
}

function run(first: number, last: number, term: number): { entries: readonly Entry[] } {
  const entries = Array.from({ length: last - first + 1 }, (_, i) => entry(first + i, term));
  return { entries };
}

function show(entries: readonly Entry[]): string {
  return entries.map(({ index, term }) => `${index}/${term}`).join(" ");
}

suite("LogReplay", () => {
  test("C11: an overwrite at or below the snapshot removes the tail behind it", () => {
    const replay = replayFrom(1);
    replay.append(run(1, 12, 1));
    replay.markSnapshot(mark(7, 1));
    replay.append(run(6, 9, 2));
    assert.equal(show(replay.finish()), "8/2 9/2");
    assert.equal(replay.lastIndex, 9);
  });

  test("C11: an overwrite that ends below the snapshot leaves nothing behind the snapshot", () => {
    const replay = replayFrom(1);
    replay.append(run(1, 12, 1));
    replay.markSnapshot(mark(7, 1));
    replay.append(run(3, 5, 2));
    assert.equal(show(replay.finish()), "");
    assert.equal(replay.lastIndex, 7);
    replay.append(run(8, 8, 2));
    assert.equal(show(replay.finish()), "8/2");
  });

  test("C11: an overwrite of entries that were in a released segment counts", () => {
    const replay = replayFrom(21, mark(10, 1));
    replay.append(run(21, 23, 1));
    replay.append(run(15, 16, 2));
    assert.equal(replay.lastIndex, 16);
    assert.throws(() => replay.finish(), /entries 11 to 14 are missing/);
    replay.append(run(17, 19, 2));
    replay.markSnapshot(mark(18, 2));
    assert.equal(show(replay.finish()), "19/2");
  });

  test("entries between the snapshot and the oldest segment must not be missing", () => {
    const replay = replayFrom(21, mark(10, 1));
    assert.throws(() => replay.finish(), new ReplayError("entries 11 to 20 are missing"));
  });

  test("C9, C13: an installed snapshot replaces the log, an older mark changes nothing", () => {
    const replay = replayFrom(1);
    replay.append(run(1, 9, 1));
    replay.append({ snapshot: mark(5, 3), entries: [] });
    assert.equal(show(replay.finish()), "");
    assert.equal(replay.lastIndex, 5);
    replay.append({ snapshot: mark(5, 3), entries: [entry(6, 3)] });
    assert.equal(show(replay.finish()), "6/3");
    replay.markSnapshot(mark(4, 1));
    assert.equal(replay.snapshot?.index, 5);
    assert.equal(show(replay.finish()), "6/3");
    assert.throws(() => {
      replay.append({ snapshot: mark(4, 3), entries: [] });
    }, /the snapshot went back from 5 to 4/);
  });

  test("a local mark must name the term of its entry and lie inside the log", () => {
    const replay = replayFrom(1);
    replay.append(run(1, 3, 1));
    assert.throws(() => {
      replay.markSnapshot(mark(2, 9));
    }, /the snapshot at 2 has term 9, its entry 1/);
    assert.throws(() => {
      replay.markSnapshot(mark(4, 1));
    }, /a snapshot is at 4, but the log ends at 3/);
  });

  test("C10: holes between appends and inside one are refused", () => {
    const replay = replayFrom(1);
    assert.throws(() => {
      replay.append(run(2, 2, 1));
    }, /an entry has index 2, but the log ends at 0/);
    assert.throws(() => {
      replay.append({ entries: [entry(1, 1), entry(3, 1)] });
    }, /an entry has index 3, expected 2/);
  });

  test("B6: term and commit never go back, and what is committed is there", () => {
    const cases = [
      [{ entries: [], hardState: hardState(1, 3) }, /term and commit went back from 2, 3 to 1, 3/],
      [{ entries: [], hardState: hardState(2, 2) }, /term and commit went back from 2, 3 to 2, 2/],
      [{ entries: [], hardState: hardState(2, 4) }, /the commit index is 4, but the log ends at 3/],
      [run(2, 2, 3), /the commit index is 3, but the log ends at 2/],
    ] as const;
    for (const [what, message] of cases) {
      const replay = replayFrom(1);
      replay.append({ ...run(1, 3, 2), hardState: hardState(2, 3) });
      assert.throws(() => {
        replay.append(what);
      }, message);
    }
  });
});
