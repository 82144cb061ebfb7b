import { byMutant, bySchedule, byTest, type KnownBug } from "./known-bug.ts";

const raftTests = "packages/raft/test/known-bugs.test.ts";

/** Log, elections and reads. */
export const consensusBugs: readonly KnownBug[] = [
  {
    row: "C1",
    title: "an entry of an old term counted as committed by its copies",
    guards: [
      byTest(
        "packages/raft/test/testdata/figure-8.txt",
        "an entry of an old term on a majority is not",
      ),
      byMutant("commit-old-term"),
    ],
  },
  {
    row: "C2",
    title: "a leader that answers reads without asking anybody",
    guards: [
      byTest(raftTests, "C2 etcd#741: a leader that was replaced answers no read"),
      bySchedule("a leader that was cut off is asked while the majority writes"),
      bySchedule("a follower is asked that is cut off with the old leader of five"),
      byMutant("read-without-quorum"),
    ],
  },
  {
    row: "C3",
    title: "a new leader that answers before it knows what is committed",
    guards: [
      byTest(
        raftTests,
        "C3 etcd#7331: a new leader answers no read before it has committed in its term",
      ),
      bySchedule("a new leader is asked before anything of its term is committed"),
      bySchedule("everybody is asked while leadership is handed over"),
      byMutant("read-before-own-term"),
    ],
  },
  {
    row: "C4",
    title: "a read confirmed by answers to an earlier question",
    guards: [
      byTest(raftTests, "C4 etcd#20418: late and repeated heartbeat answers confirm no later read"),
      bySchedule("late and repeated heartbeat answers meet the reads of leaders that were stopped"),
      byMutant("read-by-old-echo"),
    ],
  },
  {
    row: "C5",
    title: "a single member that answers while its log is being written",
    guards: [
      byTest(
        raftTests,
        "C5 etcd#14370: one member commits and applies nothing before its disk has it",
      ),
      bySchedule("the power of a single member goes while its log is being synced"),
      bySchedule("the leader's own copy is not on its disk, and a majority needs it"),
      byMutant("own-copy-not-durable"),
      byMutant("persisted-too-soon"),
    ],
  },
  {
    row: "C6",
    title: "all members lose power and what they had promised",
    guards: [
      byTest(
        "packages/wal/test/crash.test.ts",
        "WriteAheadLog survives a power cut at every file operation (B1, B2, C5, C6, C33)",
      ),
      bySchedule("all of 1 lose power under load, and all that was not synced"),
      bySchedule("all of 3 lose power under load, and all that was not synced"),
      bySchedule("all of 5 lose power under load, and all that was not synced"),
      byMutant("log-directory-not-synced"),
    ],
  },
  {
    row: "C7",
    title: "an acknowledgement before the sync, and a flipped bit that leads",
    guards: [
      byTest(
        "packages/wal/test/corruption.test.ts",
        "a flipped bit is an error or harmless, never a shorter or different log",
      ),
      byTest(
        "test/integration/corruption.test.ts",
        "in the middle of a log: refused, not cut (B6)",
      ),
      bySchedule("followers lose power right after each acknowledgement, and lead then"),
      bySchedule("a bit of a follower's log flips while it is down"),
      bySchedule("a bit of a follower's store flips while it is down"),
      byMutant("log-not-synced"),
    ],
  },
  {
    row: "C8",
    title: "a follower whose word leaves before its disk has it",
    guards: [
      byTest(
        raftTests,
        "C8 ZooKeeper 3911: no answer and no vote leaves before the disk has what it says",
      ),
      byTest(
        "test/simulation/checkers/durability-checker.test.ts",
        "everything, when the log skips its syncs (C8)",
      ),
      bySchedule("followers lose power right after each acknowledgement, and lead then"),
      bySchedule(
        "a process is killed with its log in the cache, and the power goes after its restart",
      ),
      byMutant("acknowledged-too-soon"),
      byMutant("vote-too-soon"),
      byMutant("recovered-log-not-synced"),
    ],
  },
  {
    row: "C9",
    title: "a received state kept in memory only, with later entries behind it",
    guards: [
      byTest(raftTests, "C9, C13 entries that follow a snapshot still being installed wait for it"),
      byTest("test/integration/kill-in-catch-up.test.ts", "the one that receives it"),
      bySchedule(
        "the leader dies as a follower has taken its state; the follower restarts and leads",
      ),
      bySchedule("a state arrives while the log's disk is stuck, and the power goes"),
      byMutant("snapshot-before-durable"),
      byMutant("released-too-much"),
    ],
  },
  {
    row: "C10",
    title: "a hole in the log after catching up, handed on by a leader",
    guards: [
      byTest(
        raftTests,
        "C10 ZooKeeper-4925: a hole in the log stops the member, in memory and at the start",
      ),
      bySchedule("a new member that began with a state leads, and brings up those who were away"),
      byMutant("heartbeat-commits-too-much"),
    ],
  },
  {
    row: "C11",
    title: "an overwritten tail that is back after a restart",
    guards: [
      byTest(
        raftTests,
        "C11 etcd#22442, C12 cockroach#36353: an overwrite leaves nothing of the old tail",
      ),
      byTest(
        "packages/wal/test/log-replay.test.ts",
        "C11: an overwrite at or below the snapshot removes the tail behind it",
      ),
      bySchedule("the log is cut short behind entries that were overwritten, and the power goes"),
      byMutant("overwrite-keeps-tail"),
    ],
  },
  {
    row: "C12",
    title: "a cache that keeps entries which were overwritten",
    guards: [
      byTest(
        raftTests,
        "C12 cockroach#36353: who was overwritten and leads sends what stands there now",
      ),
      bySchedule("the log is cut short behind entries that were overwritten, and the power goes"),
      byMutant("overwritten-writes-count"),
    ],
  },
  {
    row: "C13",
    title: "a state that cuts what is newer, or leaves what is in conflict",
    guards: [
      byTest(raftTests, "C13 hashicorp/raft#704, #212: snapshots against every shape of log"),
      bySchedule("states come late, twice and in pieces while the log goes on"),
      byMutant("state-keeps-old-entries"),
    ],
  },
  {
    row: "C14",
    title: "a member that is back with less than it promised",
    guards: [
      byTest(
        raftTests,
        "C14 NuRaft#185: a member whose disk went back in time stops, and its leader notices",
      ),
      byTest(
        "test/integration/membership.test.ts",
        "B16: a member with an older data directory stops",
      ),
      bySchedule("a majority restarts without what it had not synced, and the leader goes on"),
      bySchedule("an old copy of a data directory comes back, which has forgotten entries"),
      bySchedule("an old copy of a data directory comes back, which has forgotten a vote"),
      byMutant("vote-for-shorter-log"),
      byMutant("old-copy-believed"),
    ],
  },
  {
    row: "C15",
    title: "a leader that takes another term below its commit index",
    guards: [
      byTest(
        raftTests,
        "C15 yugabyte#23453: a conflict at or below the commit index stops the member",
      ),
      bySchedule("a majority restarts without what it had not synced, and the leader goes on"),
    ],
  },
  {
    row: "C16",
    title: "twenty bugs of a prototype that no fault had met",
    guards: [
      byTest(
        "test/simulation/simulation.test.ts",
        "every promise holds in clusters that the first seeds draw",
      ),
      byTest(
        "test/integration/kill.test.ts",
        "a majority of five, then a minority, drawn at random",
      ),
    ],
  },
  {
    row: "C17",
    title: "a transfer that elects the old leader or never ends",
    guards: [
      byTest(
        raftTests,
        "C17 hashicorp/raft#487, #493: whatever becomes of a transfer, writes resume",
      ),
      byTest(
        raftTests,
        "C17 B17: a removal of who is to lead waits for the end of the transfer, and ends it",
      ),
      bySchedule("leadership is handed to a member that is down, and service resumes"),
      bySchedule("leadership is handed to a member that is cut off, and service resumes"),
      bySchedule("leadership is handed to a member that stands still, and service resumes"),
      byMutant("transfer-never-given-up"),
    ],
  },
  {
    row: "C18",
    title: "one member behind a one-way cut that keeps everybody voting",
    guards: [
      byTest(
        "test/integration/network-scenarios.ts",
        "the leader is not heard by one follower (B9, C18)",
      ),
      bySchedule("the leader is not heard by one follower for half a minute"),
      bySchedule("the leader does not hear one follower for half a minute"),
      byMutant("leads-without-quorum"),
    ],
  },
];
