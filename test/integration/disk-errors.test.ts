/**
 * Disks that report errors, once or for good: a member that cannot trust its disk any more ends at
 * once with a reason and a non-zero code, the others go on, and after a restart nothing that was
 * acknowledged is missing (B3, B4, B5, B11, C35, P4, P8).
 *
 * `QUORATE_KILL_EVERY=1` shows all errors to a lone member, not only every other one.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import type { MemberProcess, ProcessEnd } from "../support/member-process.ts";
import { AttachedStrace, straceMissing, straceWrapper } from "../support/strace.ts";
import {
  acknowledgedWrites,
  checkAll,
  describeRun,
  leaderOf,
  Load,
  outageMillisMax,
  serviceAfter,
  statusOf,
} from "./kill-checks.ts";
import { lookAt } from "./kill-sites.ts";
import { RealTime, type WriterRecord } from "./writers.ts";

const skip = quorateMissing || straceMissing;

const isLong = process.env["QUORATE_KILL_EVERY"] === "1";

/** A call that fails, and where. */
interface DiskError {
  readonly call: string;
  readonly file: "log" | "log directory" | "prepared segment" | "database";
  readonly error: "EIO" | "ENOSPC" | "EROFS";
  readonly when: string;
}

/** What Node and what LMDB says of them. */
const errorTexts = {
  EIO: /EIO|Input\/output error/,
  ENOSPC: /ENOSPC|No space left/,
  EROFS: /EROFS|Read-only file system/,
} as const;

/** Each ends the member. */
const fatalErrors: readonly DiskError[] = [
  { call: "fdatasync", file: "log", error: "EIO", when: "2" },
  { call: "pwrite64", file: "log", error: "ENOSPC", when: "6" },
  { call: "pwrite64", file: "log", error: "EROFS", when: "9+" },
  // Not the first, which is in the start.
  { call: "fsync", file: "log directory", error: "EIO", when: "2+" },
  { call: "fdatasync", file: "database", error: "EIO", when: "2" },
  { call: "pwrite64,writev,pwritev", file: "database", error: "ENOSPC", when: "4+" },
];

/** Each keeps it from starting. */
const startErrors: readonly DiskError[] = [
  { call: "pread64,read", file: "log", error: "EIO", when: "1+" },
  { call: "pread64", file: "database", error: "EIO", when: "1+" },
  { call: "openat", file: "log", error: "EIO", when: "1+" },
  { call: "fsync", file: "log directory", error: "EIO", when: "1" },
];

const flags = ["--backend-batch-interval=50ms", "--wal-segment-bytes=65536"];
/** Errors of the newest log file are counted: it must not be full before they strike. */
const roomyFlags = ["--backend-batch-interval=50ms", "--wal-segment-bytes=1048576"];
const electionMillis = 1_000;
/** A leader waits two elections for its disk; one more is for what is in its way. */
const noticeMillisMax = 3 * electionMillis;
/** V1: by then somebody else leads and serves. */
const leaveMillisMax = 5 * electionMillis;
/** What a sync of a slow disk takes; whoever waits for one waits longer than the next. */
const slowSyncMillis = 4_000;
const writeMillisMax = slowSyncMillis / 4;

describe("a disk that reports errors", { skip }, () => {
  test("ends one of three, the others serve (B3)", { timeout: 180_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags: roomyFlags });
    const realTime = new RealTime();
    const records: WriterRecord[] = [];
    for (const [at, failing] of fatalErrors.entries()) {
      const member = cluster.member(at % 3);
      await member.stop();
      member.launch({ wrapper: await wrapperOf(member, failing) });
      await using load = new Load(cluster.endpoints, realTime, `.${at}`);
      await endUnderLoad(member, failing);
      const others = cluster.members.filter((each) => each !== member);
      const outage = await serviceAfter(others);
      assert.ok(outage < outageMillisMax, `service was away for ${outage} ms (V1)`);
      records.push(...(await load.end()));
      await member.start();
    }
    await checkAll(cluster, records);
    console.log(describeRun(records, { errors: fatalErrors.length }));
  });

  test("ends a lone member, which loses nothing (B3, P4)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(1, { flags: roomyFlags });
    const member = cluster.member(0);
    const realTime = new RealTime();
    const records: WriterRecord[] = [];
    const some = fatalErrors.filter((_, at) => isLong || at % 2 === 0);
    for (const [at, failing] of some.entries()) {
      await member.stop();
      member.launch({ wrapper: await wrapperOf(member, failing) });
      await using load = new Load(cluster.endpoints, realTime, `.${at}`);
      await endUnderLoad(member, failing);
      records.push(...(await load.end()));
      await member.start();
      await checkAll(cluster, records);
    }
    console.log(describeRun(records, { errors: some.length }));
  });

  test("keeps a member from starting, with a reason (B4)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(1, { flags });
    await acknowledgedWrites(cluster, 10);
    const member = cluster.member(0);
    for (const failing of startErrors) {
      await member.stop();
      member.launch({ wrapper: await wrapperOf(member, failing) });
      const { code } = await member.ended();
      const said = member.lifeLog.at(-1) ?? "";
      assert.equal(code, 1, `${describeError(failing)}: ends with 1, said ${said}`);
      assert.match(said, /^quorate: Cannot /, describeError(failing));
      assert.match(said, errorTexts[failing.error], describeError(failing));
      await member.start();
      await acknowledgedWrites(cluster, 10);
    }
  });

  test("of a leader hangs: another one leads (B11)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags: roomyFlags });
    const slow = await leaderOf(cluster);
    const others = cluster.members.filter((member) => member !== slow);
    await using load = new Load(cluster.endpoints);
    await acknowledgedWrites(cluster, 20);
    await using hanging = await slowSyncs(slow, 3 * leaveMillisMax);
    const begin = performance.now();
    const outage = await serviceAfter(others);
    await until(30_000, "another leader", async () => {
      return (await leaderOf(cluster)) === slow ? undefined : true;
    });
    const left = performance.now() - begin;
    const line = await slow.logged(/disk is stuck; handing leadership over/);
    const noticed = Number(/"sync-millis":(\d+)/.exec(line)?.[1]);
    assert.ok(outage < outageMillisMax, `service was away for ${outage} ms (V1)`);
    assert.ok(noticed < noticeMillisMax, `it noticed after ${noticed} ms (B11)`);
    assert.ok(left < leaveMillisMax, `it led for ${left} ms with a disk that hangs (B11, V1)`);
    const records = await load.end();
    await hanging[Symbol.asyncDispose]();
    await slow.restart();
    await checkAll(cluster, records);
    console.log(describeRun(records, { outage, noticed, left }));
  });

  test("of a follower is slow: no other waits (B11)", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags: roomyFlags });
    const leader = await leaderOf(cluster);
    const [slow, fast] = cluster.members.filter((member) => member !== leader);
    assert.ok(slow && fast);
    const { raftTerm } = await statusOf(leader);
    await using load = new Load(cluster.endpoints);
    await acknowledgedWrites(cluster, 20);
    const slowing = await slowSyncs(slow, slowSyncMillis);
    const slowest = await slowestWrite(leader, fast, 2 * slowSyncMillis);
    const synced = await syncSeconds(slow);
    await slowing[Symbol.asyncDispose]();
    const records = await load.end();
    assert.ok(synced > slowSyncMillis / 1_000, `its disk was slow: ${synced} s of syncs`);
    assert.ok(slowest < writeMillisMax, `a write took ${slowest} ms (B11)`);
    assert.equal(await leaderOf(cluster), leader, "the same member leads");
    assert.equal((await statusOf(leader)).raftTerm, raftTerm, "nobody stood for election");
    await checkAll(cluster, records);
    console.log(describeRun(records, { slowest, synced }));
  });

  test("while a segment is made ready is no reason to end (B5)", { timeout: 60_000 }, async () => {
    await using cluster = await ClusterProcesses.start(1, { flags });
    const member = cluster.member(0);
    await member.stop();
    const full = { call: "pwrite64,ftruncate", file: "prepared segment", error: "ENOSPC" } as const;
    await member.start({ wrapper: await wrapperOf(member, { ...full, when: "1" }) });
    await using client = connect({ endpoints: cluster.endpoints });
    const count = 400;
    const value = "x".repeat(500);
    const before = (await client.range("key")).revision;
    for (let write = 0; write < count; write += 1) {
      await client.put("key", value, { deadlineMillis: 10_000 });
    }
    const said = member.lifeLog.find((line) =>
      line.includes("cannot prepare the next log segment"),
    );
    assert.match(said ?? "", errorTexts.ENOSPC, "the error struck");
    await member.restart();
    const { kvs, revision } = await client.range("key", { deadlineMillis: 10_000 });
    const [kv] = kvs;
    assert.deepEqual([kv?.version, kv?.modRevision], [count, before + count], "all are there (P4)");
    assert.equal(kv?.text(), value);
    assert.equal(revision, before + count);
    await checkAll(cluster, []);
  });
});

/** Writes values that fill segments until a member has ended, as one that gave up has to. */
async function endUnderLoad(member: MemberProcess, failing: DiskError): Promise<void> {
  await using client = connect({ endpoints: [member.endpoint] });
  const ended = member.ended();
  const writing = async (): Promise<ProcessEnd> => {
    while (member.isRunning && !client.closed.aborted) {
      await client
        .put("filler", "x".repeat(4_000), { deadlineMillis: 2_000 })
        .catch(() => undefined);
    }
    return await ended;
  };
  const { code, signal } = await Promise.race([ended, writing()]);
  const log = member.lifeLog.slice(-5).join("\n");
  const said = member.lifeLog.find((line) => line.includes("cannot go on safely")) ?? "";
  assert.match(said, errorTexts[failing.error], `${describeError(failing)}:\n${log}`);
  // lmdb-js 3.5.6 writes the text of a failed write beyond its buffer of 100 bytes (`mdb.c`), which
  // glibc may notice while the process ends with what it has to say said.
  const isAborted = failing.file === "database" && signal === "SIGABRT";
  assert.ok(code === 1 || isAborted, `${describeError(failing)}: ${code} ${signal}\n${log}`);
}

/** Lets each sync of a member's log take so long, from now on. */
async function slowSyncs(member: MemberProcess, millis: number): Promise<AttachedStrace> {
  const { segments } = await lookAt(member.dataDirectory);
  assert.ok(member.pid !== undefined);
  const what = `delay_enter=${millis * 1_000}`;
  const injection = { call: "fdatasync", paths: segments.slice(-1), when: "1+", what };
  return await AttachedStrace.attach(member.pid, injection);
}

/** All time that a member has waited for the disk of its log. */
async function syncSeconds(member: MemberProcess): Promise<number> {
  const signal = AbortSignal.timeout(10_000);
  const text = await (await fetch(`http://${member.endpoint}/metrics`, { signal })).text();
  return Number(/^etcd_disk_wal_fsync_duration_seconds_sum (\S+)$/m.exec(text)?.[1]);
}

/** Writes through two members in turn for a while; returns the time of the slowest write. */
async function slowestWrite(
  one: MemberProcess,
  other: MemberProcess,
  millis: number,
): Promise<number> {
  await using first = connect({ endpoints: [one.endpoint] });
  await using second = connect({ endpoints: [other.endpoint] });
  const end = performance.now() + millis;
  let slowest = 0;
  while (performance.now() < end) {
    for (const client of [first, second]) {
      const begin = performance.now();
      await client.put("slowest", "probe", { deadlineMillis: 20_000 });
      slowest = Math.max(slowest, performance.now() - begin);
    }
  }
  return slowest;
}

async function wrapperOf(member: MemberProcess, failing: DiskError): Promise<readonly string[]> {
  const { data, segments, prepared } = await lookAt(member.dataDirectory);
  const paths = {
    log: segments.slice(-1),
    "log directory": [`${data}/member/wal`],
    "prepared segment": [prepared],
    database: [`${data}/member/snap/db`],
  };
  const { call, file, error, when } = failing;
  return straceWrapper({ call, paths: paths[file], when, what: `error=${error}` });
}

function describeError({ call, file, error }: DiskError): string {
  return `${error} of ${call} on ${file}`;
}
