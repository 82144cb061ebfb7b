import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toConfiguration, toLogIndex, toTerm } from "@quorate/raft";
import type { Entry, MemberId, Message } from "@quorate/raft";
import { Coverage } from "../coverage.ts";
import type { ObservedProcess } from "../world/observer.ts";
import { CheckFailure } from "./check-failure.ts";
import { DurabilityChecker } from "./durability-checker.ts";
import {
  configurationOf,
  entryOf,
  frameOf,
  hardStateOf,
  LogMachine,
} from "./durability-fixture.ts";
import { one, three, two, type Cheats } from "./durability-fixture.ts";
import { readSegmentRecords } from "./durability-records.ts";

interface Setting {
  readonly checker: DurabilityChecker;
  readonly coverage: Coverage;
  readonly machine: LogMachine;
  readonly process: ObservedProcess;
}

async function begin(cheats: Cheats = {}): Promise<Setting> {
  const coverage = new Coverage();
  const checker = new DurabilityChecker(coverage);
  const machine = new LogMachine(one, 1n, cheats);
  const process = await machine.start();
  checker.started(process);
  return { checker, coverage, machine, process };
}

/** Ends the process, lets `between` happen to the disk, and starts the next one. */
async function restart(
  { checker, machine, process }: Setting,
  between: () => Promise<void> | void = () => machine.crash(),
): Promise<ObservedProcess> {
  checker.ended(process);
  machine.files.killProcess();
  await between();
  const next = await machine.start();
  checker.started(next);
  return next;
}

function acknowledges(index: number, term: number = 1): Message {
  return {
    ...{ kind: "append-response", from: one, to: two, term: toTerm(term), isRejected: false },
    ...{ index: toLogIndex(index), hintIndex: toLogIndex(0), hintTerm: toTerm(0) },
  };
}

function appends(term: number, previous: Entry, ...entries: readonly Entry[]): Message {
  return {
    ...{ kind: "append", from: two, to: one, term: toTerm(term), entries: [...entries] },
    ...{ previousIndex: previous.index, previousTerm: previous.term, commit: toLogIndex(0) },
  };
}

function votes(to: MemberId, term: number = 1): Message {
  const head = { from: one, to, term: toTerm(term) };
  return { ...head, kind: "vote-response", isPreVote: false, isRejected: false };
}

function campaigns(lastIndex: number, term: number = 1): Message {
  return {
    ...{ kind: "vote", from: one, to: two, term: toTerm(term), isPreVote: false },
    ...{ lastIndex: toLogIndex(lastIndex), lastTerm: toTerm(term), isLeaderTransfer: false },
  };
}

function send({ checker, process }: Setting, message: Message): void {
  checker.frameLeaves(process, message.to, ...frameOf(message));
}

function isBroken(promise: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CheckFailure, String(error));
    assert.equal(error.promise, promise, error.message);
    return true;
  };
}

const entries = [entryOf(1, 1), entryOf(2, 1), entryOf(3, 1)];

describe("DurabilityChecker: what leaves a member (D8)", () => {
  test("passes what the log has confirmed, through many segments", async () => {
    const setting = await begin();
    for (let index = 1; index <= 100; index++) {
      const value = "x".repeat(300);
      await setting.machine.append([entryOf(index, 1, value)], hardStateOf(1, two));
      send(setting, acknowledges(index));
    }
    send(setting, votes(two));
    await setting.machine.append([], hardStateOf(2, one));
    send(setting, campaigns(100, 2));
    send(setting, votes(three));
    assert.equal(new Map(setting.coverage.counts("promises")).get("D8 acknowledgements"), 100);
    assert.ok(setting.machine.files.names("/data/member/wal").length > 5);
  });

  test("passes what was confirmed before its segments were released, unasked", async () => {
    const setting = await begin();
    for (let index = 1; index <= 100; index++) {
      const entry = entryOf(index, 1, "x".repeat(300));
      await setting.machine.append([entry], hardStateOf(1, two));
    }
    const before = setting.machine.files.names("/data/member/wal").length;
    await setting.machine.release({
      ...{ index: toLogIndex(90), term: toTerm(1) },
      configuration: toConfiguration([one, two, three]),
    });
    assert.ok(setting.machine.files.names("/data/member/wal").length < before);
    send(setting, acknowledges(100));
  });

  test("an acknowledgement before the disk has it", async () => {
    const setting = await begin();
    await setting.machine.append([], hardStateOf(1));
    const durable = setting.machine.append(entries);
    assert.throws(() => send(setting, acknowledges(3)), isBroken("D8"));
    await durable;
    send(setting, acknowledges(3));
    assert.throws(() => send(setting, acknowledges(4)), isBroken("D8"));
  });

  test("a vote, a campaign, an answer in a term that are not on the disk", async () => {
    const setting = await begin();
    await setting.machine.append(entries, hardStateOf(1, two));
    assert.throws(() => send(setting, votes(three)), isBroken("D8"));
    assert.throws(() => send(setting, campaigns(3)), isBroken("D8"));
    const durable = setting.machine.append([], hardStateOf(2, one));
    for (const lie of [votes(one, 2), campaigns(3, 2), acknowledges(3, 2)]) {
      assert.throws(() => send(setting, lie), isBroken("D8"));
    }
    await durable;
    send(setting, campaigns(3, 2));
    assert.throws(() => send(setting, campaigns(4, 2)), isBroken("D8"));
  });

  test("an acknowledgement of an overwrite that only a longer old log hides", async () => {
    const setting = await begin();
    await setting.machine.append(entries, hardStateOf(1));
    await setting.machine.append([], hardStateOf(2));
    const leader = { ...setting.process, memberId: two };
    const sent = appends(2, entryOf(1, 1), entryOf(2, 2));
    setting.checker.frameLeaves(leader, one, ...frameOf(sent));
    assert.throws(() => send(setting, acknowledges(2, 2)), isBroken("D8"), "nothing is written");
    const durable = setting.machine.append([entryOf(2, 2)]);
    assert.throws(() => send(setting, acknowledges(2, 2)), isBroken("D8"), "nothing is synced");
    await durable;
    send(setting, acknowledges(2, 2));
    send(setting, acknowledges(1, 2));
  });

  test("everything, when the log skips its syncs (C8)", async () => {
    const setting = await begin();
    setting.machine.cheats.skipsDatasync = true;
    await setting.machine.append(entries, hardStateOf(1));
    assert.throws(() => send(setting, acknowledges(1)), isBroken("D8"));
  });

  test("everything in a segment whose name is not on the disk (B2)", async () => {
    const setting = await begin();
    setting.machine.cheats.skipsDirectorySync = true;
    await assert.rejects(async () => {
      for (let index = 1; index <= 40; index++) {
        await setting.machine.append([entryOf(index, 1, "x".repeat(300))], hardStateOf(1));
        send(setting, acknowledges(index));
      }
    }, isBroken("D8"));
  });

  test("nothing, when the disk has lied: nobody can know", async () => {
    const setting = await begin();
    setting.machine.files.setFaultPolicy(({ kind }) =>
      kind === "datasync" ? { kind: "lying-sync" } : undefined,
    );
    await setting.machine.append(entries, hardStateOf(1));
    send(setting, acknowledges(3));
    await restart(setting);
  });
});

test("DurabilityChecker.writtenLog: what was written, unless the disk has lost some", async () => {
  const setting = await begin();
  const { checker, machine, process } = setting;
  await machine.append(entries.slice(0, 2), hardStateOf(1));
  assert.equal(checker.writtenLog(process)?.lastIndex, 2);
  machine.files.setFaultPolicy(({ kind }) =>
    kind === "write" ? { kind: "lost-write" } : undefined,
  );
  await machine.append(entries.slice(2));
  assert.equal(checker.writtenLog(process), undefined);
});

async function cluster(): Promise<{
  readonly checker: DurabilityChecker;
  readonly machines: readonly LogMachine[];
  readonly processes: readonly ObservedProcess[];
}> {
  const checker = new DurabilityChecker(new Coverage());
  const machines = [one, two, three].map((id) => new LogMachine(id, id));
  const processes: ObservedProcess[] = [];
  for (const machine of machines) {
    const process = await machine.start();
    processes.push(process);
    checker.started(process);
    const first = [configurationOf(1, 1, [one, two, three])];
    await machine.append(first, hardStateOf(1, undefined, 1));
    checker.applied(process, first[0] ?? entryOf(1, 1));
  }
  return { checker, machines, processes };
}

describe("DurabilityChecker: what is committed (P4)", () => {
  test("is on a majority when it is applied first, and on the own disk", async () => {
    const { checker, machines, processes } = await cluster();
    const [first, second] = machines;
    const [process, other] = processes;
    assert.ok(first && second && process && other);
    await first.append([entryOf(2, 1)]);
    assert.throws(() => checker.applied(process, entryOf(2, 1)), isBroken("P4"));
    await second.append([entryOf(2, 1), entryOf(3, 1)]);
    await first.append([entryOf(3, 1)]);
    checker.applied(process, entryOf(3, 1));
    assert.throws(() => checker.applied(other, entryOf(4, 1)), isBroken("P4"));
  });

  test("counts the voters of a change that was appended, not those who left", async () => {
    const { checker, machines, processes } = await cluster();
    const [first, second, last] = machines;
    const [process] = processes;
    assert.ok(first && second && last && process);
    const leave = configurationOf(2, 1, [one]);
    await first.append([leave]);
    checker.applied(process, leave);
    await first.append([entryOf(3, 1)]);
    checker.applied(process, entryOf(3, 1));
  });
});

test("DurabilityChecker: a disk that forgot is forgiven what it had promised (P4)", async () => {
  const { checker, machines, processes } = await cluster();
  const [first, second] = machines;
  const [process, other] = processes;
  assert.ok(first && second && process && other);
  const image = second.files.image();
  await second.append([entryOf(2, 1), entryOf(3, 1)]);
  checker.ended(other);
  second.files.killProcess();
  second.files.restore(image);
  await first.append([entryOf(2, 1), entryOf(3, 1), entryOf(4, 1), entryOf(5, 1)]);
  checker.applied(process, entryOf(2, 1));
  const next = await second.start();
  checker.started(next);
  checker.applied(process, entryOf(3, 1));
  assert.throws(() => checker.applied(process, entryOf(4, 1)), isBroken("P4"));
  await second.append([entryOf(2, 1), entryOf(3, 1), entryOf(4, 1), entryOf(5, 1)]);
  checker.applied(process, entryOf(5, 1));
});

describe("DurabilityChecker: what a restart finds", () => {
  test("what was durable, and any part of the rest", async () => {
    for (const damage of ["drop-all", "keep-all", "random"] as const) {
      const setting = await begin();
      await setting.machine.append(entries, hardStateOf(1, two));
      void setting.machine.append([entryOf(4, 1)]).catch(() => undefined);
      const next = await restart(setting, () => setting.machine.crash(damage));
      await setting.machine.append([entryOf(5 - (damage === "keep-all" ? 0 : 1), 1)]);
      await restart({ ...setting, process: next });
    }
  });

  test("what was written in the last moment of the process", async () => {
    const setting = await begin();
    await setting.machine.append(entries, hardStateOf(1));
    setting.checker.ended(setting.process);
    void setting.machine.append([entryOf(4, 1)]).catch(() => undefined);
    await restart(setting, () => setting.machine.crash("keep-all"));
    assert.equal(setting.machine.claims.status.log.lastIndex, 4);
  });

  test("a record whose write was cut off, though all that was missing was zeros", async () => {
    const setting = await begin();
    await setting.machine.append(entries, hardStateOf(1));
    // The same machine where the write went well.
    const twin = new LogMachine(one, 1n);
    await twin.start();
    await twin.append(entries, hardStateOf(1));
    await twin.append([entryOf(4, 1, "\0".repeat(24))]);
    const path = `/data/member/wal/${twin.files.names("/data/member/wal")[0] ?? ""}`;
    const records = readSegmentRecords(path, twin.files.contents(path), undefined);
    const [mark, record] = records.slice(-3);
    assert.ok(mark?.content.kind === "sync-mark" && record?.content.kind === "append");
    const next = await restart(setting, async () => {
      const file = await setting.machine.files.open(path, "write");
      file.writeSync([mark.bytes], mark.offset);
      file.writeSync([record.bytes.subarray(0, -16)], record.offset);
      await file.datasync();
    });
    assert.equal(next.status().log.lastIndex, 4);
  });

  test("less than what was durable, when the end of it was read wrong", async () => {
    const setting = await begin();
    await setting.machine.append(entries, hardStateOf(1));
    await setting.machine.append([entryOf(4, 1)]);
    const { files } = setting.machine;
    const path = `/data/member/wal/${files.names("/data/member/wal")[0] ?? ""}`;
    const next = await restart(setting, () => {
      setting.machine.crash();
      const last = readSegmentRecords(path, files.contents(path), undefined).at(-1);
      assert.ok(last?.content.kind === "append");
      const bit = 8 * (last.offset + 30);
      files.setFaultPolicy(({ kind }) => (kind === "read" ? { kind: "bit-flip", bit } : undefined));
    });
    assert.equal(next.status().log.lastIndex, 3);
  });

  test("less than what was durable (C14, P4)", async () => {
    const setting = await begin();
    await setting.machine.append(entries.slice(0, 1), hardStateOf(1));
    const [name] = setting.machine.files.names("/data/member/wal");
    const path = `/data/member/wal/${name}`;
    const before = setting.machine.files.contents(path);
    await setting.machine.append(entries.slice(1));
    await assert.rejects(
      restart(setting, async () => {
        const file = await setting.machine.files.open(path, "write");
        file.writeSync([before], 0);
        await file.datasync();
      }),
      isBroken("C11"),
    );
  });

  test("another log than was written", async () => {
    const setting = await begin();
    await setting.machine.append(entries, hardStateOf(1));
    const other = new LogMachine(one, 7n);
    await other.start();
    await other.append([entryOf(1, 1, "other")], hardStateOf(1));
    const [name] = setting.machine.files.names("/data/member/wal");
    const path = `/data/member/wal/${name}`;
    await assert.rejects(
      restart(setting, async () => {
        const file = await setting.machine.files.open(path, "create-or-truncate");
        file.writeSync([other.files.contents(path)], 0);
        await file.datasync();
      }),
      isBroken("C11"),
    );
  });

  test("what only the cache holds: the next power cut takes it (C35)", async () => {
    const setting = await begin();
    await setting.machine.append(entries.slice(0, 1), hardStateOf(1));
    setting.machine.cheats.skipsDatasync = true;
    await setting.machine.append(entries.slice(1));
    await assert.rejects(
      restart(setting, () => undefined),
      isBroken("C35"),
    );
  });

  test("consensus that starts with other things than its log says", async () => {
    for (const lie of ["lastIndex", "votedFor", "term"] as const) {
      const setting = await begin();
      await setting.machine.append(entries, hardStateOf(1, two));
      setting.checker.ended(setting.process);
      setting.machine.crash();
      const next = await setting.machine.start();
      const { status } = setting.machine.claims;
      setting.machine.claims.status =
        lie === "lastIndex"
          ? { ...status, log: { ...status.log, lastIndex: toLogIndex(4) } }
          : { ...status, ...(lie === "term" ? { term: toTerm(0) } : { votedFor: undefined }) };
      assert.throws(() => setting.checker.started(next), isBroken("C33"));
    }
  });

  test("an older image: a fault that is known, not a broken promise (B16)", async () => {
    const setting = await begin();
    const image = setting.machine.files.image();
    await setting.machine.append(entries, hardStateOf(1));
    await restart(setting, () => setting.machine.files.restore(image));
  });
});
