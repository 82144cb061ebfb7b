/**
 * Readers of the log that are stuck or gone: the member serves on, keeps a bounded queue, and tells
 * how many lines were lost when the reader is back (B23, C51).
 *
 * `QUORATE_KILL_EVERY=1` fills the queue as well, which takes 25,000 lines.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { mkdtemp, open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import type { MemberProcess } from "../support/member-process.ts";

const isLong = process.env["QUORATE_KILL_EVERY"] === "1";
/** More than a pipe takes, 64 KiB. */
const stuckLines = 800;
const residentBytesMax = 500 * 1024 * 1024;

describe("a log whose reader", { skip: quorateMissing }, () => {
  test("is stuck holds nothing up, not even the end", { timeout: 60_000 }, async () => {
    await using piped = await PipedMember.start();
    await piped.readUntil(/ready to serve client requests/);
    const slowest = await writeLines(piped.member, stuckLines);
    assert.ok(slowest < 2_000, `a call took ${slowest} ms while the log was stuck`);
    const end = await piped.member.stop(15_000);
    assert.equal(end.signal, "SIGTERM", "it ends in good order");
  });

  const skip = isLong ? false : "set QUORATE_KILL_EVERY=1: its queue takes 4 MiB of lines to fill";
  test("comes back is told what was lost", { timeout: 300_000, skip }, async () => {
    await using piped = await PipedMember.start();
    await piped.readUntil(/ready to serve client requests/);
    let slowest = 0;
    while ((await lostLines(piped.member)) === 0) {
      slowest = Math.max(slowest, await writeLines(piped.member, 1_000));
    }
    assert.ok(slowest < 2_000, `a call took ${slowest} ms while the log was stuck`);
    const bytes = piped.member.residentBytes ?? 0;
    assert.ok(bytes < residentBytesMax, `it holds ${bytes} bytes of memory`);
    const told = await piped.readUntil(/dropped log lines because the reader was stuck/);
    assert.ok(Number(/"lines":(\d+)/.exec(told)?.[1]) > 0);
    const end = await piped.member.stop();
    assert.equal(end.signal, "SIGTERM", "it ends in good order");
  });

  test("is gone does not end the member, lines are counted", { timeout: 60_000 }, async () => {
    await using piped = await PipedMember.start();
    await piped.readUntil(/ready to serve client requests/);
    await piped.close();
    const slowest = await writeLines(piped.member, 200);
    assert.ok(slowest < 2_000, `a call took ${slowest} ms without a reader of the log`);
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
  /** Where the data are, if that is to be removed. */
  readonly #memory: string | undefined;
  #text = "";

  private constructor(cluster: ClusterProcesses, pipe: FileHandle, memory: string | undefined) {
    this.cluster = cluster;
    this.member = cluster.member(0);
    this.#memory = memory;
    this.#pipe = pipe;
  }

  static async start(): Promise<PipedMember> {
    const memory = existsSync("/dev/shm") ? await mkdtemp("/dev/shm/quorate-") : undefined;
    const cluster = await ClusterProcesses.create(1, {
      flags: ["--warning-apply-duration=1ns"],
      // Entries are what lines come from, and a disk in memory takes many.
      parent: () => memory,
    });
    const path = join(cluster.directory, "log.pipe");
    execFileSync("mkfifo", [path]);
    const pipe = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    cluster.member(0).launch({ wrapper: ["sh", "-c", `exec "$0" "$@" 2>${path}`] });
    return new PipedMember(cluster, pipe, memory);
  }

  /** Reads lines until one matches; leaves the rest where it is. */
  async readUntil(pattern: RegExp): Promise<string> {
    const chunk = Buffer.alloc(65_536);
    return until(30_000, `${pattern}`, async () => {
      const { bytesRead } = await this.#pipe.read(chunk).catch(() => ({ bytesRead: 0 }));
      this.#text = (this.#text + chunk.toString("utf8", 0, bytesRead)).slice(-200_000);
      return this.#text.split("\n").find((line) => pattern.test(line));
    });
  }

  async close(): Promise<void> {
    await this.#pipe.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => undefined);
    await this.cluster.close();
    if (this.#memory !== undefined) await rm(this.#memory, { recursive: true, force: true });
  }
}

/**
 * Makes so many entries; each that the member applies is worth a line here.
 *
 * @returns Time of the slowest call in milliseconds.
 */
async function writeLines(member: MemberProcess, count: number): Promise<number> {
  await using client = connect({ endpoints: [member.endpoint] });
  let slowest = 0;
  for (let line = 0; line < count; line += 1) {
    const begin = performance.now();
    await client.put("key", String(line), { deadlineMillis: 10_000 });
    slowest = Math.max(slowest, performance.now() - begin);
  }
  return slowest;
}

async function lostLines(member: MemberProcess): Promise<number> {
  const answer = await fetch(`http://${member.endpoint}/metrics`, {
    signal: AbortSignal.timeout(10_000),
  });
  const count = /^quorate_log_lines_dropped_total (\d+)$/m.exec(await answer.text())?.[1];
  assert.ok(count, "the metric is there");
  return Number(count);
}
