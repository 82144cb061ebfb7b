import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordsVariable } from "./records-variable.ts";
import type { TestRecord } from "./reporter.ts";

/** How to run one test file. */
export interface TestFileOptions {
  /** Absolute path of the repository; the process runs there. */
  readonly root: string;
  /** Time after which the process group is killed and the file counts as failed. */
  readonly timeoutMillis: number;
  /** Regular expression of test titles to run; absent means all. */
  readonly namePattern?: string | undefined;
}

/** What became of one test file. */
export interface TestFileResult {
  /** Path relative to the repository. */
  readonly path: string;
  readonly durationMillis: number;
  readonly records: readonly TestRecord[];
  /** Why the file as a whole failed although no test says so. */
  readonly problem?: string;
  /** What the process wrote to its standard output and error. */
  readonly output: string;
}

/**
 * Runs one test file in a process of its own, which leads its own process group: whatever it leaves
 * behind is killed with it.
 *
 * @param signal - Kills the process group when aborted.
 */
export async function runTestFile(
  path: string,
  options: TestFileOptions,
  signal: AbortSignal,
): Promise<TestFileResult> {
  const scratch = await mkdtemp(join(tmpdir(), "quorate-test-"));
  try {
    const recordsPath = join(scratch, "records.jsonl");
    const started = performance.now();
    const end = await runProcess(path, recordsPath, options, signal);
    const records = parseRecords(await readFile(recordsPath, "utf8").catch(() => ""));
    const problem = problemOf(end, records, options);
    return {
      path,
      durationMillis: performance.now() - started,
      records,
      ...(problem === undefined ? {} : { problem }),
      output: end.output,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly isTimedOut: boolean;
  readonly output: string;
}

function nodeArguments(options: TestFileOptions): string[] {
  return [
    "--conditions=@quorate/source",
    "--import",
    import.meta.resolve("tsx"),
    `--test-reporter=${new URL("./reporter.ts", import.meta.url).href}`,
    "--test-reporter-destination=stdout",
    ...(options.namePattern === undefined ? [] : [`--test-name-pattern=${options.namePattern}`]),
  ];
}

async function runProcess(
  path: string,
  recordsPath: string,
  options: TestFileOptions,
  signal: AbortSignal,
): Promise<ProcessEnd> {
  const child = spawn(process.execPath, [...nodeArguments(options), path], {
    cwd: options.root,
    env: { ...process.env, [recordsVariable]: recordsPath },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const killGroup = (): void => {
    killProcessGroup(child.pid);
  };
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    killGroup();
  }, options.timeoutMillis);
  signal.addEventListener("abort", killGroup);
  try {
    const [code, endSignal] = await new Promise<[number | null, NodeJS.Signals | null]>(
      (resolve, reject) => {
        child.once("error", reject);
        // A grandchild left behind keeps the pipes open: do not wait for "close".
        child.once("exit", (exitCode, exitSignal) => {
          setImmediate(resolve, [exitCode, exitSignal]);
        });
      },
    );
    return { code, signal: endSignal, isTimedOut, output: Buffer.concat(chunks).toString("utf8") };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", killGroup);
    killGroup();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function killProcessGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // The whole group has ended already.
  }
}

function parseRecords(text: string): readonly TestRecord[] {
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  return complete
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TestRecord);
}

function problemOf(
  end: ProcessEnd,
  records: readonly TestRecord[],
  options: TestFileOptions,
): string | undefined {
  if (end.isTimedOut) {
    const limit = `${options.timeoutMillis / 1000} s; ${records.length} tests had`;
    return `did not end within ${limit}: a test hangs, or leaves a timer, socket or process behind`;
  }
  if (end.signal !== null) return `the process was ended by ${end.signal}`;
  const hasFailure = records.some((record) => record.status === "failed");
  if (end.code !== 0 && !hasFailure) return `the process ended with code ${end.code}`;
  if (end.code === 0 && hasFailure) return "a test failed, but the process ended with code 0";
  if (records.length === 0 && options.namePattern === undefined) return "contains no test";
  return undefined;
}
