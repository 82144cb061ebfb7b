/** What revisions of a history must be like, whoever wrote it (P5, P7). */
import assert from "node:assert/strict";
import type { MemberView } from "./history.ts";

const firstWritten = 2;

/**
 * Checks that a history has each revision from its first to its last, in order, and that each is of
 * one request: writers put or remove one row at a time, and count up only together with a row.
 *
 * @throws AssertionError that names the promise and the first revision that breaks it.
 */
export function checkRevisions({ firstRevision, revision, events }: MemberView): void {
  let last = Math.max(firstRevision, firstWritten) - 1;
  let rows: string[] = [];
  let counts: string[] = [];
  const endRevision = (): void => {
    assert.ok(rows.length <= 1, `revision ${last} is of two writes: ${rows.join()} (P7)`);
    assert.ok(counts.length <= 1, `revision ${last} is of two counts: ${counts.join()} (P7)`);
    for (const name of counts) {
      assert.ok(rows[0]?.startsWith(`put rows/${name}/`), `half a txn at ${last}: ${name} (P5)`);
    }
    [rows, counts] = [[], []];
  };
  for (const event of events) {
    const [at = "", type = "", key = ""] = event.split(" ");
    if (Number(at) !== last) {
      endRevision();
      assert.equal(Number(at), last + 1, `revision ${at} comes after ${last} (P7)`);
      last += 1;
    }
    if (key.startsWith("rows/")) rows.push(`${type} ${key}`);
    if (key.startsWith("count/")) counts.push(key.slice("count/".length));
  }
  endRevision();
  assert.ok(last >= revision, `nothing is told of revisions above ${last} of ${revision} (P7)`);
}
