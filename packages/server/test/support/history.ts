import assert from "node:assert/strict";

/** One operation of a client, as the client saw it. */
export interface Operation {
  readonly kind: "write" | "read";
  /** Unique for writes. */
  readonly value: string;
  readonly calledAt: number;
  returnedAt: number | undefined;
  /** Undefined while open or when nobody knows. */
  outcome: { readonly revision: number; readonly value: string } | "refused" | undefined;
}

/**
 * Checks what clients saw against the store's own history, key by revision (D10): every write is
 * there once at most, acknowledged ones at the revision that was answered, refused ones never, and
 * nothing that returned before another call began comes after it.
 *
 * @param values - The value written by each revision, from revision 2 on.
 */
export function checkHistory(operations: readonly Operation[], values: readonly string[]): void {
  const revisionOf = new Map<string, number>();
  for (const [index, value] of values.entries()) {
    assert.ok(!revisionOf.has(value), `${value} was applied twice (P6)`);
    revisionOf.set(value, index + 2);
  }
  const returned: { readonly at: number; readonly revision: number; readonly what: string }[] = [];
  for (const { kind, value, returnedAt, outcome } of operations) {
    if (outcome === undefined || returnedAt === undefined) continue;
    if (outcome === "refused") {
      assert.ok(!revisionOf.has(value), `${value} was refused and yet applied (P6)`);
      continue;
    }
    const { revision } = outcome;
    if (kind === "write") assert.equal(revisionOf.get(value), revision, `${value} was lost (P4)`);
    else assert.equal(outcome.value, values[revision - 2] ?? "", `read at ${revision}`);
    returned.push({ at: returnedAt, revision, what: `${kind} ${value}` });
  }
  checkRealTime(operations, returned);
}

/** An operation sees everything that had returned when it was called (P1, P2). */
function checkRealTime(
  operations: readonly Operation[],
  returned: { readonly at: number; readonly revision: number; readonly what: string }[],
): void {
  returned.sort((a, b) => a.at - b.at);
  const called = [...operations].sort((a, b) => a.calledAt - b.calledAt);
  let next = 0;
  let newest = { revision: 0, what: "nothing" };
  for (const { kind, value, calledAt, outcome } of called) {
    for (let each = returned[next]; each !== undefined && each.at < calledAt; next += 1) {
      if (each.revision > newest.revision) newest = each;
      each = returned[next + 1];
    }
    if (outcome === undefined || outcome === "refused") continue;
    const least = kind === "write" ? newest.revision + 1 : newest.revision;
    const what = `${kind} ${value} saw ${outcome.revision} after ${newest.what}`;
    assert.ok(outcome.revision >= least, `${what} had returned ${newest.revision} (P1, P2)`);
  }
}
