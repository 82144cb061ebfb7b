import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { DescriptorSink, JsonLogger, NodeClock, openLogSink } from "../src/index.ts";
import type { Clock, JsonLoggerOptions, LogSink } from "../src/index.ts";

const clock: Clock = {
  monotonicMillis: () => 0,
  wallMillis: () => Date.UTC(2026, 10, 22, 11, 0, 0, 123),
};

/** A reader that takes bytes only when told to. */
class ManualSink implements LogSink {
  text = "";
  isStuck = false;
  #waiting: (() => void) | undefined;

  write(bytes: Uint8Array, done: (error: null, written: number) => void): void {
    this.#waiting = () => {
      this.text += Buffer.from(bytes).toString();
      done(null, bytes.length);
    };
    if (!this.isStuck)
      queueMicrotask(() => {
        this.release();
      });
  }

  writeSync(bytes: Uint8Array): number {
    this.text += Buffer.from(bytes).toString();
    return bytes.length;
  }

  release(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}

function create(options: JsonLoggerOptions = {}): { sink: ManualSink; logger: JsonLogger } {
  const sink = new ManualSink();
  return { sink, logger: new JsonLogger(options, { sink, clock }) };
}

describe("JsonLogger lines", () => {
  test("are JSON objects with etcd's names and time layout", async () => {
    const { sink, logger } = create();
    logger.info("became leader", {
      term: 3,
      memberId: 0x8e9e05c52164694dn,
      names: ["a", 'b"'],
      isLearner: false,
      absent: undefined,
      ratio: Number.NaN,
    });
    assert.equal(await logger.close(1_000), true);
    assert.equal(
      sink.text,
      '{"level":"info","ts":"2026-11-22T11:00:00.123000Z","msg":"became leader","term":3,' +
        '"memberId":"10276657743932975437","names":["a","b\\""],"isLearner":false,"ratio":"NaN"}\n',
    );
  });

  test("of the console format are columns, one line a call", async () => {
    const { sink, logger } = create({ format: "console" });
    logger.warn("two\nlines", { a: 1 });
    logger.error("bare");
    await logger.close(1_000);
    assert.equal(
      sink.text,
      '2026-11-22T11:00:00.123000Z\tWARN\ttwo\\nlines\t{"a":1}\n' +
        "2026-11-22T11:00:00.123000Z\tERROR\tbare\n",
    );
  });

  test("of a child carry its fields; the level changes for all at run time", async () => {
    const { sink, logger } = create({ debugComponents: ["wal"] });
    const wal = logger.child({ component: "wal" });
    const raft = logger.child({ component: "raft" }).child({ term: 1 });
    wal.debug("shown");
    raft.debug("hidden");
    logger.setLevel("error");
    raft.warn("hidden");
    raft.error("shown", { term: 2 });
    logger.setLevel("debug");
    raft.debug("shown");
    assert.equal(raft.isEnabled("debug"), true);
    await logger.close(1_000);
    const lines = sink.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    assert.deepEqual(
      lines.map((line) => ({ ...line, ts: "" })),
      [
        { level: "debug", ts: "", msg: "shown", component: "wal" },
        { level: "error", ts: "", msg: "shown", component: "raft", term: 2 },
        { level: "debug", ts: "", msg: "shown", component: "raft", term: 1 },
      ],
    );
  });
});

describe("JsonLogger with a stuck reader (B23, C51)", () => {
  test("keeps the bound, drops and counts the rest, and reports the loss", async () => {
    const { sink, logger } = create({ queueBytesMax: 1_000 });
    sink.isStuck = true;
    for (let i = 0; i < 100; i++) logger.info("line", { i });
    const { queuedBytes, droppedLines } = logger.status();
    assert.ok(queuedBytes <= 1_000 && queuedBytes > 900, String(queuedBytes));
    assert.equal(droppedLines, 86);
    assert.equal(await logger.close(1), false);
    sink.isStuck = false;
    sink.release();
    assert.equal(await logger.close(1_000), true);
    const lines = sink.text.trim().split("\n");
    assert.equal(lines.length, 15);
    assert.match(lines[13] ?? "", /"i":13\b/);
    assert.match(lines[14] ?? "", /dropped log lines because the reader was stuck","lines":86}$/);
    assert.equal(logger.status().queuedBytes, 0);
  });

  test("last words are written before the call returns, after what was queued", () => {
    const { sink, logger } = create();
    sink.isStuck = true;
    logger.info("first");
    logger.info("second");
    logger.lastWords("disk failed", { errno: "EIO" });
    assert.match(sink.text, /second.*\n.*"error".*disk failed","errno":"EIO"}\n$/);
  });

  const program = join(dirname(fileURLToPath(import.meta.url)), "programs", "log-and-exit.ts");

  /** Runs the program with a stdout that nobody reads until it has exited. */
  async function runUnread(
    redirect: string,
    ...args: readonly string[]
  ): Promise<{
    readonly code: number | null;
    readonly report: Report;
    readonly stdout: string;
  }> {
    // The shell makes a real pipe; spawn alone makes a socket.
    const command = redirect === "" ? `exec "$@"` : `"$@" | { cat <&3 >/dev/null; cat; }`;
    const child = spawn(
      "sh",
      [
        "-c",
        `${command}`,
        "sh",
        process.execPath,
        "--conditions=@quorate/source",
        "--import",
        "tsx",
        program,
        ...args,
      ],
      { stdio: ["ignore", "pipe", "pipe", "pipe"] },
    );
    let report = "";
    let stdout = "";
    child.stderr?.on("data", (data: Buffer) => {
      report += data.toString();
      // The report is written at the very end: from now on stdout is read.
      child.stdio[3]?.destroy();
      child.stdout?.on("data", (part: Buffer) => (stdout += part.toString()));
    });
    await once(child, "close");
    return { code: child.exitCode, report: JSON.parse(report) as Report, stdout };
  }

  interface Report {
    readonly droppedLines: number;
    readonly isFlushed: boolean;
    readonly elapsedMillis: number;
  }

  for (const [name, redirect] of [
    ["socket", ""],
    ["pipe", "pipe"],
  ] as const) {
    test(`a process whose stdout is an unread ${name} keeps turning and exits`, async () => {
      const { code, report, stdout } = await runUnread(redirect);
      if (redirect === "") assert.equal(code, 7);
      assert.ok(report.droppedLines > 1_000, JSON.stringify(report));
      assert.equal(report.isFlushed, false);
      assert.ok(report.elapsedMillis < 30_000, JSON.stringify(report));
      assert.match(stdout, /^{"level":"info".*"i":0,/);
    });
  }

  test("a process that dies gives up its last words after 100 ms", async () => {
    const { report } = await runUnread("pipe", "last-words");
    assert.ok(report.elapsedMillis < 30_000, JSON.stringify(report));
  });
});

describe("openLogSink", () => {
  const root = mkdtempSync(join(tmpdir(), "quorate-log-"));
  after(() => {
    rmSync(root, { recursive: true });
  });

  test("writes files in order, lines of one turn in one piece", async () => {
    const path = join(root, "log");
    const descriptor = openSync(path, "a");
    const logger = new JsonLogger(
      {},
      { sink: new DescriptorSink(descriptor), clock: new NodeClock() },
    );
    for (let i = 0; i < 1_000; i++) logger.info("line", { i });
    assert.equal(await logger.close(5_000), true);
    const lines = readFileSync(path, "utf8").trim().split("\n");
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { i: number }).i),
      Array.from({ length: 1_000 }, (_, i) => i),
    );
    closeSync(descriptor);
  });

  test("a reader that is gone costs lines, not the process", async () => {
    const path = join(root, "gone");
    const descriptor = openSync(path, "a");
    closeSync(descriptor);
    const logger = new JsonLogger(
      {},
      { sink: new DescriptorSink(descriptor), clock: new NodeClock() },
    );
    logger.info("one");
    assert.equal(await logger.close(1_000), false);
    logger.info("two");
    assert.equal(logger.status().droppedLines, 2);
    logger.lastWords("three");
  });

  test("finds a sink for the streams of this process, whatever they are", () => {
    assert.equal(typeof openLogSink(2).write, "function");
  });
});
