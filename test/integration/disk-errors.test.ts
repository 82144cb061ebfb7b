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
import type { MemberProcess, ProcessEnd } from "../support/member-process.ts";
import { straceMissing, straceWrapper } from "../support/strace.ts";
import {
  acknowledgedWrites,
  checkAll,
  describeRun,
  lead,
  leaderOf,
  Load,
  outageMillisMax,
  serviceAfter,
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
    await using cluster = await ClusterProcesses.start(3, { flags });
    const [slow, ...others] = cluster.members;
    assert.ok(slow);
    await slow.stop();
    const [path = ""] = (await lookAt(slow.dataDirectory)).segments.slice(-1);
    // The first ones of each thread are those of the start and of its election.
    const hang = { call: "fdatasync", paths: [path], when: "6+", what: "delay_enter=6000000" };
    await slow.start({ wrapper: straceWrapper(hang) });
    await lead(cluster, slow);
    await using load = new Load(cluster.endpoints);
    await slow.logged(/disk is stuck; handing leadership over/);
    const outage = await serviceAfter(others);
    assert.ok(outage < outageMillisMax, `service was away for ${outage} ms (V1)`);
    assert.notEqual(await leaderOf(cluster), slow);
    const records = await load.end();
    await slow.restart();
    await checkAll(cluster, records);
    console.log(describeRun(records, { outage }));
  });

  test("while a segment is made ready is no reason to end (B5)", { timeout: 60_000 }, async () => {
    await using cluster = await ClusterProcesses.start(1, { flags });
    const member = cluster.member(0);
    await member.stop();
    const full = { call: "pwrite64,ftruncate", file: "prepared segment", error: "ENOSPC" } as const;
    await member.start({ wrapper: await wrapperOf(member, { ...full, when: "1" }) });
    await using client = connect({ endpoints: cluster.endpoints });
    for (let write = 0; write < 400; write += 1) {
      await client.put("key", "x".repeat(500), { deadlineMillis: 10_000 });
    }
    await member.restart();
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
