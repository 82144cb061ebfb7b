import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toConfiguration, toLogIndex, toMemberId } from "@quorate/raft";
import type { Configuration, MemberId } from "@quorate/raft";
import { Coverage } from "../coverage.ts";
import type { ObservedProcess } from "../world/observer.ts";
import { CheckFailure } from "./check-failure.ts";
import { configurationOf, one, statusOf, three, two } from "./durability-fixture.ts";
import { MembersChecker } from "./members-checker.ts";

const four = toMemberId(4n);

/** A member whose state and whose consensus say what a test wants. */
class Claims {
  inState: Configuration = toConfiguration([one, two, three]);
  inConsensus: Configuration | undefined;
  configurationIndex = 1;
  appliedIndex = 1;
  listed: readonly MemberId[] | undefined;
  removed: readonly MemberId[] = [];

  get process(): ObservedProcess {
    const { inState, removed, appliedIndex } = this;
    const members = (this.listed ?? [...inState.voters, ...inState.learners]).map((id) => {
      return { id, isLearner: inState.learners.includes(id) };
    });
    const isRemoved = (id: MemberId): boolean => removed.includes(id);
    const state = { appliedIndex, members: { configuration: inState, members, isRemoved } };
    const status = statusOf(one, {
      configuration: this.inConsensus ?? inState,
      configurationIndex: toLogIndex(this.configurationIndex),
    });
    return toProcess({ memberId: one, life: 1, isAlive: true, state, status: () => status });
  }
}

function toProcess(process: object): ObservedProcess {
  return process as ObservedProcess;
}

function breaks(promise: string, act: () => void): void {
  assert.throws(act, (error) => error instanceof CheckFailure && error.promise === promise);
}

describe("MembersChecker", () => {
  test("passes members that come, are promoted and go", () => {
    const coverage = new Coverage();
    const checker = new MembersChecker(coverage);
    const claims = new Claims();
    checker.started(claims.process);
    checker.applied(claims.process, configurationOf(1, 1, [one, two, three]));
    claims.inState = toConfiguration([one, two]);
    claims.removed = [three];
    claims.appliedIndex = 5;
    claims.configurationIndex = 5;
    checker.applied(claims.process, configurationOf(5, 1, [one, two]));
    // The log is ahead of the state.
    claims.inConsensus = toConfiguration([one, two], [four]);
    claims.configurationIndex = 6;
    checker.softStateChanged(claims.process);
    assert.deepEqual(
      coverage.counts("promises").map(([name]) => name),
      ["M3", "M4"],
    );
  });

  test("finds a consensus that acts on other members than the state has (M4)", () => {
    const claims = new Claims();
    claims.inConsensus = toConfiguration([one, two]);
    breaks("M4", () => new MembersChecker(new Coverage()).started(claims.process));
    claims.inConsensus = toConfiguration([one, two], [three]);
    breaks("M4", () => new MembersChecker(new Coverage()).restored(claims.process));
    // Nothing is applied yet: the settings of a first member are all there is.
    claims.appliedIndex = 0;
    new MembersChecker(new Coverage()).started(claims.process);
  });

  test("finds a state that does not follow its log, or itself (M4)", () => {
    const claims = new Claims();
    breaks("M4", () => {
      const checker = new MembersChecker(new Coverage());
      checker.applied(claims.process, configurationOf(1, 1, [one, two]));
    });
    claims.listed = [one, two];
    breaks("M4", () => new MembersChecker(new Coverage()).started(claims.process));
    claims.listed = [one, two, three, four];
    breaks("M4", () => new MembersChecker(new Coverage()).started(claims.process));
  });

  test("finds a removed member that is back, or of whom nobody knows any more (M3)", () => {
    const checker = new MembersChecker(new Coverage());
    const claims = new Claims();
    const apply = (index: number, voters: readonly MemberId[]): void => {
      claims.inState = toConfiguration(voters);
      claims.appliedIndex = index;
      claims.configurationIndex = index;
      checker.applied(claims.process, configurationOf(index, 1, voters));
    };
    apply(1, [one, two, three]);
    breaks("M3", () => apply(2, [one, two]));
    claims.removed = [three];
    apply(3, [one, two]);
    breaks("M3", () => apply(4, [one, two, three]));
  });
});
