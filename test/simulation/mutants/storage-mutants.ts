import type { Mutant } from "./mutant.ts";

/** Bugs in the log's files, the store and the state machine. */
export const storageMutants: readonly Mutant[] = [
  {
    name: "log-not-synced",
    row: "C7",
    fault: "acknowledges appends without a sync",
    file: "packages/wal/src/write-ahead-log.ts",
    find: "if (cuts.at(-1)?.next !== active) await active.handle.datasync();",
    replace: "",
  },
  {
    name: "log-directory-not-synced",
    row: "C6",
    fault: "does not make the names of new log files durable",
    file: "packages/wal/src/write-ahead-log.ts",
    find: "    await files.syncDirectory(this.#directory);\n    this.#segments.push(next);",
    replace: "    this.#segments.push(next);",
  },
  {
    name: "log-head-not-synced",
    row: "C33",
    fault: "gives a new log file its name before what is in it is durable",
    file: "packages/wal/src/write-ahead-log.ts",
    find: "    await next.handle.datasync();\n    await files.rename",
    replace: "    await files.rename",
  },
  {
    name: "sync-error-ignored",
    row: "C35",
    fault: "goes on after a failed sync",
    file: "packages/wal/src/write-ahead-log.ts",
    find: "        this.#waiters = [...waiters, ...this.#waiters];\n        this.#fail(error);\n",
    replace: "        this.#waiters = [...waiters, ...this.#waiters];\n        continue;\n",
  },
  {
    name: "torn-tail-synced-only",
    row: "C35",
    fault: "trusts bytes that an earlier failed sync left in the cache",
    file: "packages/wal/src/recovery.ts",
    find: "if (durableBytes < end) handle.writeSync(",
    replace: "if (durableBytes < 0) handle.writeSync(",
  },
  {
    name: "recovered-log-not-synced",
    row: "C8",
    fault: "promises entries after a restart that are only in the cache",
    file: "packages/wal/src/recovery.ts",
    find: "    await handle.datasync();\n    await files.syncDirectory(directory);",
    replace: "    await files.syncDirectory(directory);",
  },
  {
    name: "overwrite-keeps-tail",
    row: "C11",
    fault: "keeps entries behind an overwrite when it reads the log",
    file: "packages/wal/src/log-replay.ts",
    find: "      this.#entries.length = index - this.#firstIndex;\n    }\n    let expected",
    replace:
      "      this.#entries.splice(index - this.#firstIndex, entries.length);\n    }\n    let expected",
  },
  {
    name: "hard-state-not-recovered",
    row: "D13",
    fault: "forgets term and vote that stand in a file's head",
    file: "packages/wal/src/log-replay.ts",
    find: "    this.#hardState = head.hardState;\n",
    replace: "",
  },
  {
    name: "released-too-much",
    row: "C9",
    fault: "cuts the log up to what the store has not on its disk",
    file: "packages/server/src/member/log-keeper.ts",
    find: "Math.min(applied - kept, this.#storage.state.durableIndex)",
    replace: "applied - kept",
  },
  {
    name: "snapshot-before-durable",
    row: "C9",
    fault: "installs a received state before the log knows of it",
    file: "packages/server/src/member/applier.ts",
    find: "    durable.then(restore).catch(",
    replace: "    restore().catch(",
  },
  {
    name: "applied-index-behind",
    row: "C25",
    fault: "writes the applied index into the next unit",
    file: "packages/state-machine/src/state-machine.ts",
    find:
      '    this.#backend.put("meta", appliedKey, writer.finish());\n' +
      "    this.#backend.endUnit(this.#appliedIndex);\n",
    replace:
      "    this.#backend.endUnit(this.#appliedIndex);\n" +
      '    this.#backend.put("meta", appliedKey, writer.finish());\n',
  },
  {
    name: "revision-after-compaction",
    row: "C27",
    fault: "lets the revision fall when a compaction removed the newest versions",
    file: "packages/mvcc/src/rebuild.ts",
    find: "currentRevision: Math.max(1, last, compactRevision),",
    replace: "currentRevision: Math.max(1, last),",
  },
  {
    name: "compaction-forgotten",
    row: "P9",
    fault: "forgets a compaction that a crash cut short",
    file: "packages/mvcc/src/rebuild.ts",
    find: "const compactRevision = Math.max(scheduled, finished);",
    replace: "const compactRevision = finished;",
  },
  {
    name: "tombstone-at-bound-dropped",
    row: "C41",
    fault: "drops the version at the compact revision itself",
    file: "packages/mvcc/src/key-index/key-history.ts",
    find: "      if (generation.main < bound) {",
    replace: "      if (generation.main <= bound) {",
  },
  {
    name: "negative-lease-reloaded-positive",
    row: "C32",
    fault: "reads negative lease ids as positive ones after a restart",
    file: "packages/state-machine/src/lease-table.ts",
    find: "decodeLease(BigInt.asIntN(64, idOfRowKey(key)), value)",
    replace: "decodeLease(BigInt.asUintN(63, idOfRowKey(key)), value)",
  },
  {
    name: "attachments-not-reloaded",
    row: "P8",
    fault: "forgets after a restart which keys hang on a lease",
    file: "packages/state-machine/src/lease-table.ts",
    find: "    for (const [key, id] of attached) this.attach(key, id);\n",
    replace: "    void attached;\n",
  },
  {
    name: "revoke-in-many-revisions",
    row: "L5",
    fault: "deletes the keys of a lease one revision after the other",
    file: "packages/state-machine/src/request-applier.ts",
    find: "for (const key of keys) txn?.deleteRange(key, rangeEndNone);\n      txn?.end();",
    replace:
      "txn?.end();\n" +
      "      for (const key of keys) { const one = store.beginWrite(); " +
      "one.deleteRange(key, rangeEndNone); one.end(); }",
  },
  {
    name: "overwritten-key-stays-attached",
    row: "L5",
    fault: "keeps a key on its lease when it is deleted",
    file: "packages/state-machine/src/lease-table.ts",
    find: "    removeKey(lease, key);\n    this.#leaseOfKey.delete(key);\n  }\n\n  #store",
    replace: "    void lease;\n  }\n\n  #store",
  },
  {
    name: "expiry-of-any-term",
    row: "C45",
    fault: "carries out expiries that an earlier leader proposed",
    file: "packages/state-machine/src/request-applier.ts",
    find: "if (request.term !== term) return { expired: [], isVoid: true };",
    replace: "",
  },
  {
    name: "expiry-by-local-state",
    row: "C28",
    fault: "applies by what only this member knows",
    file: "packages/state-machine/src/request-applier.ts",
    find: "    const ttl = Math.max(request.ttl, 1);",
    replace:
      "    const ttl = Math.max(request.ttl, 1 + (this.#state.store.stats().eventsTotal % 2));",
  },
];
