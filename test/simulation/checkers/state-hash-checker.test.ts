import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Coverage } from "../coverage.ts";
import type { ObservedProcess } from "../world/observer.ts";
import { CheckFailure } from "./check-failure.ts";
import { claimingProcess, entryOf, one, statusOf, two } from "./durability-fixture.ts";
import type { Claims } from "./durability-fixture.ts";
import { StateHashChecker } from "./state-hash-checker.ts";

class Member {
  readonly claims: Claims = { status: statusOf(one), appliedIndex: 0, revision: 1, hash: "h0" };
  readonly process: ObservedProcess;

  constructor(id: typeof one) {
    this.process = claimingProcess(id, this.claims);
  }

  at(index: number, revision: number = index + 1, hash: string = `h${index}`): this {
    Object.assign(this.claims, { appliedIndex: index, revision, hash });
    return this;
  }
}

function setUp(every: number): { checker: StateHashChecker; first: Member; second: Member } {
  return {
    checker: new StateHashChecker(new Coverage(), every),
    first: new Member(one),
    second: new Member(two),
  };
}

function breaks(promise: string, act: () => void): void {
  assert.throws(
    act,
    (error: unknown) => error instanceof CheckFailure && error.promise === promise,
  );
}

describe("StateHashChecker", () => {
  test("passes members that agree", () => {
    const { checker, first, second } = setUp(2);
    for (const member of [first, second]) {
      checker.started(member.process);
      for (let i = 1; i <= 10; i++) checker.applied(member.at(i).process, entryOf(i, 1));
    }
    checker.started(first.process);
    checker.restored(second.at(10).process);
  });

  test("members that differ at a k-th index, after a restart, after an install (P8)", () => {
    const { checker, first, second } = setUp(2);
    for (let i = 1; i <= 4; i++) checker.applied(first.at(i).process, entryOf(i, 1));
    checker.applied(second.at(1, 2, "other").process, entryOf(1, 1));
    breaks("P8", () => checker.applied(second.at(2, 3, "other").process, entryOf(2, 1)));
    breaks("P8", () => checker.started(second.at(4, 5, "other").process));
    breaks("P8", () => checker.restored(second.at(4, 5, "other").process));
  });

  test("a revision that differs or goes back (P7)", () => {
    const { checker, first, second } = setUp(100);
    checker.applied(first.at(1).process, entryOf(1, 1));
    breaks("P7", () => checker.applied(second.at(1, 3).process, entryOf(1, 1)));
    breaks("P7", () => checker.applied(first.at(2, 1).process, entryOf(2, 1)));
    breaks("P7", () => checker.restored(second.at(1, 1).process));
  });
});
