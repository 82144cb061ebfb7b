import { byMutant, bySchedule, byTest, notHere, type KnownBug } from "./known-bug.ts";

const watchHubTests = "packages/mvcc/test/watch-hub.test.ts";
const lessorTests = "packages/server/test/lessor.test.ts";

/** Watches, leases, locks, clients and the runtime. */
export const serviceBugs: readonly KnownBug[] = [
  {
    row: "C38",
    title: "watchers that travel back in time with a received state",
    guards: [
      byTest(
        watchHubTests,
        "C38 C42 after a snapshot install nobody sees a revision twice, or misses one",
      ),
      bySchedule("watchers of a follower that is cut off until it gets a state"),
      byMutant("restored-watchers-travel-back"),
      byMutant("restored-watchers-skip"),
    ],
  },
  {
    row: "C39",
    title: "progress that overtakes events",
    guards: [
      byTest(
        watchHubTests,
        "C39 W6 manual progress only when every watcher of the stream is caught up",
      ),
      bySchedule("progress is asked of a stream whose watchers are behind"),
      bySchedule(
        "progress is asked while a revision too large for one answer is told in fragments",
      ),
      byMutant("progress-overtakes"),
    ],
  },
  {
    row: "C40",
    title: "slow watchers that starve and skip over a compaction",
    guards: [
      byTest(
        watchHubTests,
        "C40 W3 hundreds of slow watchers lose nothing while compaction passes",
      ),
      byTest(
        "test/integration/watchers.test.ts",
        "and that compaction overtakes are told so, without a gap before it (W9, C40)",
      ),
      bySchedule("compaction overtakes watchers whose client does not read"),
      bySchedule("hundreds of watchers on one stream fall behind and are compacted away"),
      bySchedule("a stream takes nothing for a while, again and again, and misses nothing"),
      byMutant("skipped-over-compaction"),
      byMutant("full-streams-lose"),
      byMutant("parked-for-ever"),
    ],
  },
  {
    row: "C41",
    title: "a deletion at the compact revision that is not told",
    guards: [
      byTest(watchHubTests, "C41 a deletion at the compact revision reaches a watcher from there"),
      bySchedule("a deletion is compacted at, and watched from, before and after a restart"),
      byMutant("tombstone-at-bound-dropped"),
    ],
  },
  {
    row: "C42",
    title: "events below the start of a watcher of the future",
    guards: [
      byTest(watchHubTests, "C42 W8 a watcher of the future gets no event below its start"),
      bySchedule("a watcher waits on a lagging member for revisions to come"),
      byMutant("future-start-ignored"),
    ],
  },
  {
    row: "C43",
    title: "events told twice, and compacted watchers told again and again",
    guards: [
      byTest(
        watchHubTests,
        "C43 each of 2,000 compacted watchers is told once and counts no longer as slow",
      ),
      bySchedule("hundreds of watchers on one stream fall behind and are compacted away"),
      byMutant("served-twice"),
    ],
  },
  {
    row: "C44",
    title: "deletions that a follower of the registry sleeps through",
    guards: [
      bySchedule("instances go while the watch of their registry is cut off and compacted away"),
      byMutant("registry-misses-deletes"),
    ],
  },
  {
    row: "C45",
    title: "a leader that was replaced and still ends or renews leases",
    guards: [
      byTest(
        lessorTests,
        "Lessor that leads no more proposes no expiry and gives renewals back (L3)",
      ),
      byTest(
        "test/integration/pause-scenarios.ts",
        "the leader, while its leases run out on its own clock only (L1, L3, C45)",
      ),
      bySchedule("a leader whose disk is stuck is replaced, and goes on to count leases"),
      bySchedule("a leader stands still while its leases are renewed with another, and goes on"),
      byMutant("expiry-of-any-term"),
      byMutant("renewed-without-quorum"),
    ],
  },
  {
    row: "C46",
    title: "a renewal between the end of the keys and the end of the lease",
    guards: [
      byTest(
        lessorTests,
        "Lessor answers a renewal that waits for a revoke when its lease was granted again",
      ),
      bySchedule("renewals of a lease race its revocation, through every member"),
      bySchedule("renewals race the end of a lease by its time"),
      byMutant("renewed-while-expiring"),
    ],
  },
  {
    row: "C47",
    title: "a lock given to whose lease has ended",
    guards: [
      bySchedule("the holder of a lock stands still for longer than its lease, and writes then"),
      bySchedule("who waits for a lock in the middle of the queue is gone before the holder"),
      bySchedule("who waits for a lock is taken out of the queue, and its session lives on"),
      byMutant("lock-without-own-key"),
      bySchedule("who waits for a lock is told that it is first when its key is gone already"),
      byMutant("lock-without-looking-again"),
      byMutant("lock-without-own-key"),
      byMutant("fence-always-holds"),
    ],
  },
  {
    row: "C48",
    title: "a client that sends transactions twice",
    guards: [
      byTest(
        "packages/client/test/retry.test.ts",
        "P6: a write whose connection broke after it was received is not sent again",
      ),
      bySchedule("members are killed in the midst of transactions that must not be repeated"),
      bySchedule("writes wait for stuck disks until their time is over, and take effect then"),
      byMutant("client-repeats-writes"),
      byMutant("client-calls-unknown-definite"),
      byMutant("unknown-called-refused"),
    ],
  },
  {
    row: "C49",
    title: "a new leader that is busy with its leases until it is deposed",
    guards: [
      byTest(
        lessorTests,
        "Lessor ends 10,000 leases of one moment in a quarter second, 1,000 an entry (L2)",
      ),
      byTest(
        lessorTests,
        "Lessor takes leases over in turns: the last is renewed before it is reached (C49)",
      ),
      byTest(
        "packages/state-machine/test/scale.test.ts",
        "C49: leases by the hundred thousand are granted, reloaded and expired",
      ),
      bySchedule("a new leader takes over thousands of leases"),
    ],
  },
  {
    row: "C50",
    title: "delays of a month that become a millisecond",
    guards: [
      byTest(
        "packages/platform/test/timers.test.ts",
        "a delay longer than the longest part is the sum of its parts (C50)",
      ),
      byTest(
        "packages/platform/src/testing/timers-suite.ts",
        "a delay of 30 days does not fire at once (C50)",
      ),
      bySchedule("leases of a month and of three centuries stay, whoever leads"),
    ],
  },
  {
    row: "C51",
    title: "a stuck reader of the log that stops the member",
    guards: [
      byTest(
        "packages/platform/test/json-logger.test.ts",
        "JsonLogger with a stuck reader (B23, C51)",
      ),
      byTest("test/integration/log-pipe.test.ts", "is stuck holds nothing up, not even the end"),
    ],
  },
  {
    row: "C52",
    title: "aggregation windows that two leaders flush, or none",
    guards: [
      notHere(
        "there is no aggregator; with it a workload must kill and pause its leader at " +
          "every step of a flush and compare what arrives downstream with what was " +
          "measured",
      ),
    ],
  },
];
