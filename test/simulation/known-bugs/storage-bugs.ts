import { byMutant, bySchedule, byTest, notHere, type KnownBug } from "./known-bug.ts";

const applyCrashTests = "packages/state-machine/test/crash.test.ts";
const storeCrashTests = "packages/mvcc/test/crash.test.ts";
const backendComplianceTests = "packages/mvcc/test/backend-compliance.ts";
const writeAheadLogTests = "packages/wal/test/write-ahead-log.test.ts";
const logDamageTests = "packages/wal/test/corruption.test.ts";

/** What is applied, stored and synced. */
export const storageBugs: readonly KnownBug[] = [
  {
    row: "C25",
    title: "an applied index that is not written with its data",
    guards: [
      byTest(
        applyCrashTests,
        "C25: whatever was flushed, index and data belong together after a crash",
      ),
      byTest(
        storeCrashTests,
        "C25 C37 kill -9 leaves whole units, at least up to the durable mark",
      ),
      bySchedule("members die at each write and sync of their stores, under load"),
      byMutant("applied-index-behind"),
    ],
  },
  {
    row: "C26",
    title: "a crash in maintenance, and maintenance beside maintenance",
    guards: [
      byTest(
        backendComplianceTests,
        "C26 maintenance of every kind runs together and in any order",
      ),
      byTest("packages/mvcc/test/crash-points.test.ts", "C26 a defragmentation leaves everything"),
      byTest(
        "test/integration/kill-at-operation.test.ts",
        "in a start, under load, in maintenance",
      ),
    ],
  },
  {
    row: "C27",
    title: "a revision that falls after a crash in compaction",
    guards: [
      byTest(
        storeCrashTests,
        "C27 P7 the revision never goes down: delete all, compact, crash in each slice",
      ),
      bySchedule("everything is deleted and compacted, and each batch is struck by a crash"),
      byMutant("compaction-forgotten"),
    ],
  },
  {
    row: "C28",
    title: "a read inside a transaction that fails on one member alone",
    guards: [
      byTest(
        storeCrashTests,
        "C28 a range at an old revision in a transaction fails before any write",
      ),
      bySchedule("transactions that look back race the compaction of what they look at"),
      byMutant("old-range-not-validated"),
    ],
  },
  {
    row: "C29",
    title: "half of a transaction that is committed before the crash",
    guards: [
      byTest(
        applyCrashTests,
        "C25, C29: an entry that breaks at any write is fatal and leaves nothing behind",
      ),
      bySchedule("transactions that look back race the compaction of what they look at"),
      byMutant("transaction-not-validated"),
    ],
  },
  {
    row: "C30",
    title: "a client that gives up, and a member that dies of it",
    guards: [
      byTest("test/integration/clients.test.ts", "leave exact histories, and nothing behind"),
      bySchedule("calls of all kinds are cancelled at any of their steps"),
    ],
  },
  {
    row: "C31",
    title: "changes of users and roles that members hold differently",
    guards: [
      notHere(
        "users and roles are not served; with them their state belongs into the state " +
          "hash and into received states, and their changes into a workload",
      ),
    ],
  },
  {
    row: "C32",
    title: "negative lease ids that are not reloaded",
    guards: [
      byTest(
        "packages/state-machine/test/scale.test.ts",
        "C49: leases by the hundred thousand are granted, reloaded and expired",
      ),
      bySchedule("leases with negative and huge ids outlive a restart of all, and end in time"),
      byMutant("negative-lease-reloaded-positive"),
    ],
  },
  {
    row: "C33",
    title: "two appends before one sync, and half a record at the end",
    guards: [
      byTest(
        "packages/wal/test/crash.test.ts",
        "WriteAheadLog survives a power cut at every file operation (B1, B2, C5, C6, C33)",
      ),
      byTest(writeAheadLogTests, "WriteAheadLog.append groups commits (C33)"),
      byMutant("log-head-not-synced"),
    ],
  },
  {
    row: "C34",
    title: "lengths and indexes in a log that end the process",
    guards: [
      byTest(logDamageTests, "decoders take any bytes (C34: CVE-2020-15106, CVE-2020-15112)"),
      byTest(
        "packages/state-machine/test/batch.test.ts",
        "C34: any bytes are decoded or refused with a typed error, without long loops",
      ),
      byTest(
        "packages/wal/test/wal.fuzz.test.ts",
        "a damaged state of a peer is refused, an undamaged one accepted",
      ),
    ],
  },
  {
    row: "C35",
    title: "a failed sync that is tried again and believed",
    guards: [
      byTest(writeAheadLogTests, "WriteAheadLog after a failed sync (B3, C35)"),
      byTest(
        "test/integration/disk-errors.test.ts",
        "ends a lone member, which loses nothing (B3, P4)",
      ),
      bySchedule("a sync of the log fails once, and the power goes after the restart"),
      bySchedule("the name of a new log file cannot be made durable, and the power goes"),
      byMutant("sync-error-ignored"),
      byMutant("torn-tail-synced-only"),
    ],
  },
  {
    row: "C36",
    title: "damage taken for a torn tail, and names that were not synced",
    guards: [
      byTest(logDamageTests, "WriteAheadLog.open on damaged files (B6, B7, C7, C14, C34, C36)"),
      byTest(
        "test/integration/corruption.test.ts",
        "at the end of a log: refused, or refetched (B6)",
      ),
      bySchedule("a bit of a follower's log flips while it is down"),
      bySchedule("a bit of a follower's store flips while it is down"),
      bySchedule("the name of a new log file cannot be made durable, and the power goes"),
      byMutant("damage-taken-for-torn-tail"),
      byMutant("name-error-ignored"),
      byMutant("row-checksum-ignored"),
    ],
  },
  {
    row: "C37",
    title: "a write that the database calls done before it is flushed",
    guards: [
      byTest(backendComplianceTests, "C37 an unflushed unit is gone or there as a whole"),
      byTest(
        storeCrashTests,
        "C25 C37 kill -9 leaves whole units, at least up to the durable mark",
      ),
      // A kill leaves the page cache: only this one sees a promise without its sync.
      byTest(storeCrashTests, "C37 no mark is told before a sync has come back"),
    ],
  },
];
