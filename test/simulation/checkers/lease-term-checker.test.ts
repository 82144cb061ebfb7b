import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toTerm, type Entry, type MemberId } from "@quorate/raft";
import { encodeBatch, encodeLeaseExpireRequest } from "@quorate/state-machine";
import type { AppliedEntry } from "@quorate/state-machine";
import { Coverage } from "../coverage.ts";
import { CheckFailure } from "./check-failure.ts";
import { claimingProcess, entryOf, one, statusOf, two } from "./durability-fixture.ts";
import { LeaseTermChecker } from "./lease-term-checker.ts";

/** A cluster in which somebody proposed the end of lease 7 in some term. */
function apply(
  proposer: MemberId,
  { proposedIn, entryTerm }: { readonly proposedIn: number; readonly entryTerm: number },
  expired: readonly bigint[],
): Coverage {
  const coverage = new Coverage();
  const checker = new LeaseTermChecker(coverage);
  const status = statusOf(one, { role: "leader", term: toTerm(2) });
  const leader = claimingProcess(one, { status, appliedIndex: 0, revision: 1, hash: "" });
  checker.softStateChanged(leader);
  const bytes = encodeLeaseExpireRequest({ term: proposedIn, ids: [7n] });
  const request = { sequence: 1, kind: "lease-expire", authRevision: 0, bytes } as const;
  const entry: Entry = { ...entryOf(9, entryTerm), data: encodeBatch(proposer, [request]) };
  const message = { expired, isVoid: expired.length === 0 };
  const applied: AppliedEntry = {
    ...{ outcomes: [{ kind: "lease-expire", message }], batches: [] },
    ...{ memberChange: undefined, memberChangeRequestId: undefined },
  };
  checker.applied(leader, entry, applied);
  return coverage;
}

function breaks(act: () => void): void {
  assert.throws(act, (error) => error instanceof CheckFailure && error.promise === "L3");
}

describe("LeaseTermChecker", () => {
  test("passes what the leader of the term lets expire", () => {
    const coverage = apply(one, { proposedIn: 2, entryTerm: 2 }, [7n]);
    assert.deepEqual(coverage.counts("promises"), [["L3", 1]]);
  });

  test("passes what a leader has proposed that is none any more, when it is void", () => {
    const coverage = apply(two, { proposedIn: 1, entryTerm: 2 }, []);
    assert.deepEqual(coverage.counts("promises"), []);
    const [[, count] = []] = coverage.counts("sometimes");
    assert.equal(count, 1);
  });

  test("finds leases that end by the word of a lost term", () => {
    breaks(() => apply(two, { proposedIn: 1, entryTerm: 2 }, [7n]));
  });

  test("finds leases that end by the word of a member that does not lead", () => {
    breaks(() => apply(two, { proposedIn: 2, entryTerm: 2 }, [7n]));
  });
});
