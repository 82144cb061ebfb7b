import { byMutant, bySchedule, byTest, notHere, type KnownBug } from "./known-bug.ts";

const raftTests = "packages/raft/test/known-bugs.test.ts";
const membershipTests = "test/integration/membership.test.ts";

/** Members that come and go. */
export const membershipBugs: readonly KnownBug[] = [
  {
    row: "C19",
    title: "a new leader that changes members before its first commit",
    guards: [
      byTest(
        raftTests,
        "C19 raft-dev 2015: a new leader changes no membership before its first commit",
      ),
      bySchedule("changes of members race each other, asked of all members at once"),
      bySchedule("the leader dies at some step of each change of members"),
      byMutant("change-before-own-term"),
    ],
  },
  {
    row: "C20",
    title: "a second change while the first is not committed",
    guards: [
      byTest(raftTests, "C20 redpanda#17675: no second change before the first is committed"),
      bySchedule("changes of members race each other, asked of all members at once"),
      bySchedule("a learner has an entry that one voter of two has not"),
      byMutant("learners-count"),
      byMutant("two-changes-in-flight"),
    ],
  },
  {
    row: "C21",
    title: "votes counted with the members of yesterday",
    guards: [
      byTest(
        raftTests,
        "C21 etcd#7280, cockroach#42251: the leader dies at every step of a removal",
      ),
      byTest(raftTests, "C21 who is removed may be gone once one member has the entry on its disk"),
      byTest(membershipTests, "the leader is killed at each step of a replacement"),
      bySchedule("the leader dies at some step of each change of members"),
      bySchedule("a change that only a leader has who is cut off is taken back"),
      byMutant("configuration-not-taken-back"),
    ],
  },
  {
    row: "C22",
    title: "a removed member that forms a quorum of its own",
    guards: [
      byTest(
        raftTests,
        "C22 RethinkDB: a removed member that was cut off forms no quorum when it is back",
      ),
      byTest(membershipTests, "a removed member cannot start again, nor under its old id"),
      bySchedule(
        "a member is removed while it is cut off, and another one comes before it is back",
      ),
      byMutant("removed-member-forgotten"),
    ],
  },
  {
    row: "C23",
    title: "a joint configuration that nobody leaves",
    guards: [
      byTest(
        raftTests,
        "C23 camunda#57386: the leader dies at any step of a joint change; the next ends it",
      ),
    ],
  },
  {
    row: "C24",
    title: "two lists of members that drift apart",
    guards: [
      byTest(membershipTests, "every member of three is replaced under load"),
      bySchedule("every member is replaced under load"),
      byMutant("promoted-unready"),
      notHere(
        "no command makes a new cluster of one member's data, nor members of a saved state; " +
          "with them the list that they leave must be that of the log",
      ),
    ],
  },
];
