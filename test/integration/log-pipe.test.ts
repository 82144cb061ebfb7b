/**
 * Readers of the log that are stuck or gone: the member serves on, keeps a bounded queue, and tells
 * how many lines were lost when the reader is back; a log on a full disk is no more (B5, B23, C51).
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import type { MemberProcess } from "../support/member-process.ts";
import { Tmpfs, tmpfsMissing } from "../support/tmpfs.ts";

/** What a pipe takes; of its 16 pages each is full when the next line does not fit whole. */
const pipeBytes = 65_536;
const fullPipeBytes = (15 / 16) * pipeBytes;
/** More lines than that; each has 80 bytes. */
const stuckLines = 2_000;
/** Paths of nearly the 4,096 bytes that Linux takes: what names one is a long line. */
const longName = "d".repeat(250);
const longPath = Array.from({ length: 14 }, () => longName).join("/");
/** Each write needs a new segment of the log, and a line that names it. */
const segmentBytes = 16_384;
/** Who is answered waits for the answer alone. */
const callMillisMax = 2_000;
const residentBytesMax = 500 * 1024 * 1024;

describe("a log whose reader", { skip: quorateMissing }, () => {
  test("is stuck holds nothing up, not even the end", { timeout: 60_000 }, async () => {
    await using piped = await PipedMember.start();
    await piped.readUntil(/ready to serve client requests/);
    const slowest = await writeLines(piped.member, stuckLines);
    assert.ok(slowest < callMillisMax, `a call took ${slowest} ms while the log was stuck`);
    await assertServes(piped.member);
    const end = await piped.member.stop(15_000);
    assert.equal(end.signal, "SIGTERM", "it ends in good order");
    const bytes = await piped.drain();
    assert.ok(bytes >= fullPipeBytes, `the pipe was full: ${bytes} bytes were in it`);
  });

  test("comes back is told what was lost", { timeout: 150_000 }, async () => {
    await using piped = await PipedMember.start(longPath);
    await piped.readUntil(/ready to serve client requests/);
    let slowest = 0;
    while ((await lostLines(piped.member)) === 0) {
      slowest = Math.max(slowest, await writeLines(piped.member, 100, segmentBytes));
    }
    assert.ok(slowest < callMillisMax, `a call took ${slowest} ms while the log was stuck`);
    await assertServes(piped.member);
    const bytes = piped.member.residentBytes ?? 0;
    assert.ok(bytes < residentBytesMax, `it holds ${bytes} bytes of memory`);
    const told = await piped.readUntil(/dropped log lines because the reader was stuck/);
    assert.ok(Number(/"lines":(\d+)/.exec(told)?.[1]) > 0);
    const end = await piped.member.stop();
    assert.equal(end.signal, "SIGTERM", "it ends in good order");
  });

  test(
    "is a file on a full disk holds nothing up (B5)",
    { timeout: 60_000, skip: tmpfsMissing },
    async () => {
      using disk = new Tmpfs(pipeBytes);
      await using cluster = await ClusterProcesses.create(1, {
        flags: ["--warning-apply-duration=1ns"],
      });
      const member = cluster.member(0);
      const path = join(disk.path, "log");
      await writeFile(path, "");
      member.launch({ wrapper: ["sh", "-c", `exec "$0" "$@" 2>${path}`] });
      await until(30_000, "the member to be ready", async () => {
        return (await readFile(path, "utf8")).includes("ready to serve") ? true : undefined;
      });
      await disk.fill();
      const slowest = await writeLines(member, stuckLines);
      assert.ok(slowest < callMillisMax, `a call took ${slowest} ms on a full disk`);
      await assertServes(member);
      assert.ok((await lostLines(member)) > 0, "lost lines are counted");
      const end = await member.stop(15_000);
      assert.equal(end.signal, "SIGTERM", "it ends in good order");
    },
  );

  test("is gone does not end the member, lines are counted", { timeout: 60_000 }, async () => {
    await using piped = await PipedMember.start();
    await piped.readUntil(/ready to serve client requests/);
    await piped.close();
    const slowest = await writeLines(piped.member, 200);
    assert.ok(slowest < callMillisMax, `a call took ${slowest} ms without a reader of the log`);
    await assertServes(piped.member);
    assert.ok((await lostLines(piped.member)) >= 200, "every lost line is counted");
    const end = await piped.member.stop(15_000);
    assert.equal(end.signal, "SIGTERM", "it ends in good order");
  });
});

/** A lone member that logs into a named pipe; only what is asked for is read from it. */
class PipedMember implements AsyncDisposable {
  readonly cluster: ClusterProcesses;
  readonly member: MemberProcess;
  readonly #pipe: FileHandle;
  /** Removed in the end. */
  readonly #memory: string;
  #text = "";

  private constructor(cluster: ClusterProcesses, pipe: FileHandle, memory: string) {
    this.cluster = cluster;
    this.member = cluster.member(0);
    this.#memory = memory;
    this.#pipe = pipe;
  }

  /** @param below - Where the data are, below a temporary directory. */
  static async start(below = ""): Promise<PipedMember> {
    const memory = await mkdtemp(existsSync("/dev/shm") ? "/dev/shm/quorate-" : "/tmp/quorate-");
    const parent = join(memory, below);
    await mkdir(parent, { recursive: true });
    const cluster = await ClusterProcesses.create(1, {
      flags: ["--warning-apply-duration=1ns", `--wal-segment-bytes=${segmentBytes}`],
      // Entries are what lines come from, and a disk in memory takes many.
      parent: () => parent,
    });
    const path = join(cluster.directory, "log.pipe");
    execFileSync("mkfifo", [path]);
    const pipe = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    cluster.member(0).launch({ wrapper: ["sh", "-c", `exec "$0" "$@" 2>${path}`] });
    return new PipedMember(cluster, pipe, memory);
  }

  /** Reads lines until one matches; leaves the rest where it is. */
  async readUntil(pattern: RegExp): Promise<string> {
    const chunk = Buffer.alloc(pipeBytes);
    return until(30_000, `${pattern}`, async () => {
      const { bytesRead } = await this.#pipe.read(chunk).catch(() => ({ bytesRead: 0 }));
      this.#text = (this.#text + chunk.toString("utf8", 0, bytesRead)).slice(-200_000);
      return this.#text.split("\n").find((line) => pattern.test(line));
    });
  }

  /** Reads what is left when no writer is; returns how many bytes that were. */
  async drain(): Promise<number> {
    const chunk = Buffer.alloc(pipeBytes);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await this.#pipe.read(chunk);
      if (bytesRead === 0) return bytes;
      bytes += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.#pipe.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => undefined);
    await this.cluster.close();
    await rm(this.#memory, { recursive: true, force: true });
  }
}

/**
 * Makes so many entries; each that the member applies is worth a line here.
 *
 * @returns Time of the slowest call in milliseconds.
 */
async function writeLines(member: MemberProcess, count: number, valueBytes = 1): Promise<number> {
  await using client = connect({ endpoints: [member.endpoint] });
  let slowest = 0;
  for (let line = 0; line < count; line += 1) {
    const begin = performance.now();
    await client.put("key", "x".repeat(valueBytes), { deadlineMillis: 10_000 });
    slowest = Math.max(slowest, performance.now() - begin);
  }
  return slowest;
}

/** Linearizable reads are answered, and `/health` is true when it says so (C51). */
async function assertServes(member: MemberProcess): Promise<void> {
  await using client = connect({ endpoints: [member.endpoint] });
  const begin = performance.now();
  const { kvs } = await client.range("key", { deadlineMillis: callMillisMax });
  assert.equal(kvs.length, 1);
  const signal = AbortSignal.timeout(callMillisMax);
  const answer = await fetch(`http://${member.endpoint}/health`, { signal });
  assert.match(await answer.text(), /"health":\s*"true"/);
  const millis = performance.now() - begin;
  assert.ok(millis < callMillisMax, `a read and /health took ${millis} ms`);
}

async function lostLines(member: MemberProcess): Promise<number> {
  const answer = await fetch(`http://${member.endpoint}/metrics`, {
    signal: AbortSignal.timeout(10_000),
  });
  const count = /^quorate_log_lines_dropped_total (\d+)$/m.exec(await answer.text())?.[1];
  assert.ok(count, "the metric is there");
  return Number(count);
}
