/** The check of revisions finds each kind of broken history. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MemberView } from "./history.ts";
import { checkRevisions } from "./kill-history.ts";

const sound = [
  "2 put service 0",
  "3 put count/a0 1",
  "3 put rows/a0/1 a0",
  "4 put rows/b0/2 b0",
  "5 delete rows/a0/1 ",
  "6 delete fill/1 ",
  "6 delete fill/2 ",
];

describe("checkRevisions", () => {
  test("finds nothing in a sound history, whole or behind a compaction", () => {
    checkRevisions(view(sound));
    checkRevisions(view(sound.slice(3), 4));
    checkRevisions(view([], 1, 1));
  });

  test("finds a revision that is missing: first, between, or last (P7)", () => {
    assert.throws(() => checkRevisions(view(sound.slice(1))), /revision 3 comes after 1 \(P7\)/);
    assert.throws(() => checkRevisions(view(sound.slice(3), 3)), /4 comes after 2/);
    const gap = sound.filter((event) => !event.startsWith("4"));
    assert.throws(() => checkRevisions(view(gap)), /5 comes after 3/);
    assert.throws(() => checkRevisions(view(sound, 1, 7)), /above 6 of 7/);
  });

  test("finds revisions that go back, and one of two writes (P7)", () => {
    assert.throws(() => checkRevisions(view([...sound, "5 put service 1"])), /5 comes after 6/);
    const twice = sound.map((event) => event.replace("4 put", "3 put"));
    assert.throws(() => checkRevisions(view(twice)), /revision 3 is of two writes/);
    const removed = sound.map((event) => event.replace("5 delete", "4 delete"));
    assert.throws(() => checkRevisions(view(removed)), /revision 4 is of two writes/);
  });

  test("finds half a transaction (P5)", () => {
    const alone = sound.filter((event) => !event.includes("rows/a0/1 a0"));
    assert.throws(() => checkRevisions(view(alone)), /half a txn at 3: a0 \(P5\)/);
    const other = sound.map((event) => event.replace("count/a0", "count/b0"));
    assert.throws(() => checkRevisions(view(other)), /half a txn at 3: b0 \(P5\)/);
  });
});

function view(events: readonly string[], firstRevision = 1, revision = 6): MemberView {
  return { firstRevision, revision, events, byKey: new Map(), rows: new Map() };
}
