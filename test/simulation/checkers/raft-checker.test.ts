import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toConfiguration, toLogIndex, toMemberId, toTerm } from "@quorate/raft";
import type { Entry, FollowerStatus, MemberId, Message, RaftStatus } from "@quorate/raft";
import { Coverage } from "../coverage.ts";
import type { ObservedProcess } from "../world/observer.ts";
import { CheckFailure } from "./check-failure.ts";
import { claimingProcess, configurationOf, entryOf, frameOf } from "./durability-fixture.ts";
import { one, statusOf, three, two, type Claims } from "./durability-fixture.ts";
import { LogView } from "./durability-log-view.ts";
import { RaftChecker } from "./raft-checker.ts";
import { overlapProblem } from "./raft-configurations.ts";

const ids: Readonly<Record<string, MemberId>> = { one, two, three };

/** Members that say what a test makes them say. */
class Stage {
  readonly coverage = new Coverage();
  readonly checker: RaftChecker;
  readonly claims = new Map<MemberId, Claims>();
  readonly processes = new Map<MemberId, ObservedProcess>();
  readonly logs = new Map<MemberId, LogView>();

  constructor() {
    this.checker = new RaftChecker(this.coverage, ({ memberId }) => this.logs.get(memberId));
    for (const id of Object.values(ids)) this.start(id);
  }

  start(id: MemberId, life: number = 1): void {
    const claims = this.claims.get(id) ?? {
      ...{ status: statusOf(id), appliedIndex: 0, revision: 1, hash: "" },
    };
    const process = claimingProcess(id, claims, this.processes.get(id)?.files, life);
    this.claims.set(id, claims);
    this.processes.set(id, process);
    this.checker.started(process);
  }

  at(id: MemberId): ObservedProcess {
    return this.processes.get(id) ?? assert.fail();
  }

  send(message: Message): void {
    this.checker.frameLeaves(this.at(message.from), message.to, ...frameOf(message));
  }

  apply(id: MemberId, ...entries: readonly Entry[]): void {
    for (const entry of entries) this.checker.applied(this.at(id), entry);
  }

  says(id: MemberId, changes: Partial<RaftStatus>, log: Partial<RaftStatus["log"]> = {}): void {
    const claims = this.claims.get(id) ?? assert.fail();
    claims.status = { ...claims.status, ...changes, log: { ...claims.status.log, ...log } };
    this.checker.softStateChanged(this.at(id));
  }
}

function appends(
  from: MemberId,
  term: number,
  previous: Entry | undefined,
  entries: Entry[],
): Message {
  return {
    ...{ kind: "append", from, to: three, term: toTerm(term), entries, commit: toLogIndex(0) },
    previousIndex: previous?.index ?? toLogIndex(0),
    previousTerm: previous?.term ?? toTerm(0),
  };
}

function grants(from: MemberId, to: MemberId, term: number): Message {
  const head = { from, to, term: toTerm(term) };
  return { ...head, kind: "vote-response", isPreVote: false, isRejected: false };
}

function followerOf(id: MemberId, match: number): FollowerStatus {
  return {
    ...{ id, state: "replicate", matchIndex: toLogIndex(match), nextIndex: toLogIndex(match + 1) },
    ...{ isRecentlyActive: true, isLearner: false, isDeparting: false, hasRegressed: false },
    ...{ inflightAppends: 0, pendingSnapshot: undefined },
  };
}

function breaks(promise: string, act: () => void): void {
  assert.throws(act, (error: unknown) => {
    assert.ok(error instanceof CheckFailure, String(error));
    assert.equal(error.promise, promise, error.message);
    return true;
  });
}

const [first, second, third] = [entryOf(1, 1), entryOf(2, 1), entryOf(3, 2)];

describe("RaftChecker", () => {
  test("passes a good run", () => {
    const stage = new Stage();
    stage.send(grants(two, one, 1));
    stage.says(one, { role: "leader", term: toTerm(1) });
    stage.send(appends(one, 1, undefined, [first, second]));
    stage.send(appends(one, 1, first, [second]));
    stage.apply(one, first, second);
    stage.apply(two, first, second);
    stage.send(grants(three, two, 2));
    stage.says(two, { role: "leader", term: toTerm(2) }, { lastIndex: toLogIndex(2) });
    stage.send(appends(two, 2, second, [third]));
    stage.apply(three, first, second, third);
    assert.ok(stage.coverage.counts("promises").every(([, count]) => count > 0));
  });

  test("two leaders of a term", () => {
    const stage = new Stage();
    stage.send(appends(one, 1, undefined, []));
    breaks("election safety", () => stage.send(appends(two, 1, undefined, [])));
    breaks("election safety", () => stage.says(three, { role: "leader", term: toTerm(1) }));
  });

  test("two entries of one index and term, or two histories before one (log matching)", () => {
    const stage = new Stage();
    stage.send(appends(one, 1, undefined, [first, second]));
    breaks("log matching", () => stage.send(appends(one, 1, first, [entryOf(2, 1, "other")])));
    const forged = { ...first, term: toTerm(0) };
    breaks("log matching", () => stage.send(appends(one, 1, forged, [second])));
    breaks("log matching", () => stage.apply(one, entryOf(1, 1, "never sent")));
  });

  test("a hole in what is sent, terms that go back (C10)", () => {
    breaks("C10", () => new Stage().send(appends(one, 1, undefined, [first, entryOf(3, 1)])));
    breaks("C10", () => new Stage().send(appends(one, 1, undefined, [second])));
    breaks("C10", () => new Stage().send(appends(two, 2, third, [entryOf(4, 1)])));
  });

  test("another entry at a committed index (C1, C15)", () => {
    const stage = new Stage();
    stage.apply(one, first, second);
    stage.apply(two, first);
    breaks("state machine safety", () => stage.apply(two, entryOf(2, 2)));
  });

  test("a leader without what was committed (C14)", () => {
    const stage = new Stage();
    stage.claims.set(one, { ...(stage.claims.get(one) ?? assert.fail()) });
    stage.apply(one, first, second);
    breaks("leader completeness", () => {
      stage.says(two, { role: "leader", term: toTerm(3) }, { lastIndex: toLogIndex(1) });
    });
    const log = new LogView();
    log.append({ entries: [first, entryOf(2, 2)] });
    stage.logs.set(three, log);
    breaks("leader completeness", () => {
      stage.says(three, { role: "leader", term: toTerm(4) }, { lastIndex: toLogIndex(2) });
    });
    breaks("leader completeness", () => stage.send(appends(one, 5, entryOf(2, 4), [])));
  });

  test("a leader that cuts its own log", () => {
    const stage = new Stage();
    stage.says(one, { role: "leader", term: toTerm(1) }, { lastIndex: toLogIndex(5) });
    breaks("leader append-only", () => stage.says(one, {}, { lastIndex: toLogIndex(4) }));
  });

  test("two votes in a term, in two lives too (C8)", () => {
    const stage = new Stage();
    stage.send(grants(one, two, 1));
    stage.send(grants(one, two, 1));
    stage.checker.ended(stage.at(one));
    stage.start(one, 2);
    breaks("votes", () => stage.send(grants(one, three, 1)));
    stage.send(grants(one, three, 2));
  });

  test("terms, commit, votes and applied entries that go back", () => {
    const stage = new Stage();
    const at = { commitIndex: toLogIndex(2), lastIndex: toLogIndex(2) };
    stage.says(one, { term: toTerm(2), votedFor: two }, at);
    breaks("term monotonic", () => stage.says(one, { term: toTerm(1) }));
    const other = new Stage();
    other.says(one, { term: toTerm(2), votedFor: two }, at);
    breaks("votes monotonic", () => other.says(one, { votedFor: three }));
    const last = new Stage();
    last.says(one, { term: toTerm(2) }, at);
    breaks("commit monotonic", () => last.says(one, {}, { commitIndex: toLogIndex(1) }));
    breaks("applied monotonic", () => last.apply(two, first, third));
    breaks("applied monotonic", () => last.apply(three, first, first));
  });

  test("a log out of order", () => {
    const stage = new Stage();
    breaks("log order", () => stage.says(one, {}, { commitIndex: toLogIndex(1) }));
  });

  test("a change while another is in flight (M1)", () => {
    const stage = new Stage();
    const four = toMemberId(4n);
    const log = new LogView();
    const entries = [
      configurationOf(1, 1, [one, two, three]),
      configurationOf(2, 1, [one, two, three, four]),
      configurationOf(3, 1, [one, two, four]),
    ];
    log.append({ entries });
    stage.logs.set(one, log);
    stage.apply(one, entries[0] ?? first);
    const commitIndex = toLogIndex(1);
    stage.says(one, {}, { commitIndex, lastIndex: toLogIndex(3) });
    breaks("M1", () => stage.send(appends(one, 1, undefined, entries)));
    stage.says(one, {}, { commitIndex: toLogIndex(2) });
    stage.send(appends(one, 1, undefined, entries));
  });

  test("two changes of a term that are sent before the disk has them (M1)", () => {
    const stage = new Stage();
    const four = toMemberId(4n);
    stage.says(one, {}, { lastIndex: toLogIndex(2) });
    const entries = [first, configurationOf(2, 1, [one, two, three, four])];
    stage.says(one, {}, { commitIndex: toLogIndex(1) });
    stage.send(appends(one, 1, undefined, entries));
    const next = configurationOf(3, 1, [one, two, three]);
    stage.says(one, {}, { lastIndex: toLogIndex(3) });
    breaks("M1", () => stage.send(appends(one, 1, entries[1], [next])));
  });

  test("a change before the leader has committed in its term (M1, C19)", () => {
    const stage = new Stage();
    const own = entryOf(2, 2);
    const change = configurationOf(3, 2, [one, two]);
    stage.says(one, { term: toTerm(2) }, { commitIndex: toLogIndex(1), lastIndex: toLogIndex(3) });
    stage.send(appends(one, 2, first, [own]));
    breaks("M1", () => stage.send(appends(one, 2, own, [change])));

    const late = new Stage();
    late.says(one, { term: toTerm(2) }, { commitIndex: toLogIndex(2), lastIndex: toLogIndex(3) });
    late.send(appends(one, 2, first, [own, change]));
    // What an earlier leader left behind is not of this leader's making.
    const heir = new Stage();
    const after = entryOf(4, 3);
    heir.says(two, { term: toTerm(3) }, { commitIndex: toLogIndex(1), lastIndex: toLogIndex(4) });
    heir.send(appends(two, 3, first, [own, change, after]));
  });

  test("a learner that is far behind becomes a voter (M2)", () => {
    const change = configurationOf(21, 1, [one, two, three]);
    const status = (held: number): Partial<RaftStatus> => ({
      ...{ role: "leader", term: toTerm(1), configuration: toConfiguration([one, two], [three]) },
      leadership: {
        ...{ isCommitCurrent: true, transferTarget: undefined },
        followers: [followerOf(two, 20), followerOf(three, held)],
      },
    });
    const at = (index: number): Partial<RaftStatus["log"]> => {
      const atIndex = toLogIndex(index);
      return { commitIndex: atIndex, persistedIndex: atIndex, lastIndex: atIndex };
    };
    const stage = new Stage();
    stage.says(one, status(17), at(20));
    stage.says(one, { ...status(17), configurationIndex: toLogIndex(21) }, at(21));
    breaks("M2", () => stage.send(appends(one, 1, entryOf(20, 1), [change])));
    const ready = new Stage();
    ready.says(one, status(18), at(20));
    ready.says(one, { ...status(18), configurationIndex: toLogIndex(21) }, at(21));
    ready.send(appends(one, 1, entryOf(20, 1), [change]));
    assert.ok(ready.coverage.counts("promises").some(([name]) => name === "M2"));
  });

  test("an overwritten entry that a cache still had (C12)", () => {
    const stage = new Stage();
    const log = new LogView();
    log.append({ entries: [first, entryOf(2, 2), entryOf(3, 2)] });
    stage.logs.set(two, log);
    stage.send(appends(one, 1, undefined, [first, second]));
    stage.send(appends(two, 3, undefined, [first, entryOf(2, 2)]));
    // The same as an earlier leader has sent it, in front of what is right.
    breaks("C12", () => stage.send(appends(two, 3, first, [second])));
  });

  test("a change to voters who need not meet those before (C19)", () => {
    const stage = new Stage();
    stage.apply(one, configurationOf(1, 1, [one, two, three]));
    breaks("C19", () => {
      stage.apply(one, configurationOf(2, 1, [one, toMemberId(4n), toMemberId(5n)]));
    });
  });

  test("somebody else's name", () => {
    const stage = new Stage();
    const message = appends(two, 1, undefined, []);
    breaks("frames", () => stage.checker.frameLeaves(stage.at(one), three, ...frameOf(message)));
  });
});

test("overlapProblem lets single steps and joint phases pass, nothing else", () => {
  const of = (...voters: readonly number[]): ReturnType<typeof toConfiguration> =>
    toConfiguration(voters.map((id) => toMemberId(BigInt(id))));
  const joint = { ...of(3, 4, 5), votersOutgoing: of(1, 2, 3).voters };
  assert.equal(overlapProblem(of(1, 2, 3), of(1, 2, 3, 4)), undefined);
  assert.equal(overlapProblem(of(1, 2, 3), of(1, 2)), undefined);
  assert.equal(overlapProblem(of(1, 2, 3), joint), undefined);
  assert.equal(overlapProblem(joint, of(3, 4, 5)), undefined);
  assert.match(overlapProblem(of(1, 2, 3), of(3, 4, 5)) ?? "", /need not meet/);
  assert.match(overlapProblem(of(1, 2, 3), of(1, 2, 3, 4, 5)) ?? "", /need not meet/);
  assert.match(overlapProblem(of(1), of(2)) ?? "", /need not meet/);
});
