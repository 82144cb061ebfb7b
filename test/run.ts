import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findTestFiles } from "./runner/find-files.ts";
import { LongFormError, longForms, longFormSeconds } from "./runner/long-forms.ts";
import { runTestFile, type TestFileOptions, type TestFileResult } from "./runner/test-file.ts";

const help = `usage: npm test -- [options] [part of a path ...]

  --interop            run only the files under a folder "interop"
  --exclude PART       leave out files whose path contains PART (repeatable)
  --name PATTERN       run only tests whose title matches the regular expression
  --concurrency N      files at once; default: number of cores
  --timeout SECONDS    longest time for one file; default: 180, interop 300, and what
                       the long forms that are asked for take

Long forms, in the environment:

${longForms.map(({ name, meaning }) => `  ${name.padEnd(25)}${meaning}`).join("\n")}
`;

const root = fileURLToPath(new URL("../", import.meta.url));
const durationsPath = join(root, ".cache/test-durations.json");

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof LongFormError)) throw error;
  console.error(error.message);
  return 2;
});

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      interop: { type: "boolean", default: false },
      exclude: { type: "string", multiple: true, default: [] },
      name: { type: "string" },
      concurrency: { type: "string", default: String(availableParallelism()) },
      timeout: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const selection = { ...values, include: positionals };
  const paths = await findTestFiles(root, selection);
  if (paths.length === 0) {
    console.error("Cannot run any test: no test file matches.");
    return 1;
  }
  const concurrency = positive("--concurrency", values.concurrency);
  const asked = values.timeout === undefined ? undefined : positive("--timeout", values.timeout);
  const limits = new Map<string, number>();
  for (const path of paths) {
    const added = longFormSeconds(await readFile(join(root, path), "utf8"));
    limits.set(path, asked ?? (values.interop ? 300 : 180) + added);
  }
  const started = performance.now();
  const results = await runAll(paths, concurrency, (path) => ({
    root,
    timeoutMillis: (limits.get(path) ?? 0) * 1000,
    namePattern: values.name,
  }));
  return summarize(results, performance.now() - started);
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new LongFormError(`Cannot use ${option} ${text}: it is a number above zero`);
}

async function runAll(
  paths: readonly string[],
  concurrency: number,
  optionsOf: (path: string) => TestFileOptions,
): Promise<readonly TestFileResult[]> {
  const durations = await readDurations();
  // Longest first, unknown ones before: the last file to end is then a short one.
  const duration = (path: string): number => durations[path] ?? Number.MAX_SAFE_INTEGER;
  const queue = [...paths].sort((one, other) => duration(other) - duration(one));
  const interruption = interruptionSignal();
  const results: TestFileResult[] = [];
  const worker = async (): Promise<void> => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      if (interruption.aborted) return;
      const result = await runTestFile(path, optionsOf(path), interruption);
      results.push(result);
      report(result);
    }
  };
  await Promise.all(Array.from({ length: Math.ceil(concurrency) }, worker));
  if (interruption.aborted) process.exit(130);
  await writeDurations({ ...durations, ...durationsOf(results) });
  return results;
}

/** Aborts when the terminal or a supervisor asks this process to stop. */
function interruptionSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(name, () => {
      controller.abort();
    });
  }
  return controller.signal;
}

function report(result: TestFileResult): void {
  const failed = result.records.filter((record) => record.status === "failed");
  const isGreen = failed.length === 0 && result.problem === undefined;
  const seconds = (result.durationMillis / 1000).toFixed(1);
  const count = `${result.records.length} tests`;
  console.log(`${isGreen ? "ok  " : "FAIL"} ${result.path} (${count}, ${seconds} s)`);
  for (const { status, name, reason } of result.records) {
    const why = reason === undefined ? "" : ` (${reason})`;
    if (status === "skipped") console.log(`     skipped: ${name}${why}`);
  }
  if (isGreen) return;
  for (const record of failed) {
    console.log(`\n  ✖ ${record.name}`);
    if (record.error !== undefined) console.log(indent(record.error));
  }
  if (result.problem !== undefined) console.log(`\n  ✖ ${result.path}: ${result.problem}`);
  if (result.output.trim() !== "") {
    console.log(`\n  output of ${result.path}:\n${indent(result.output.trim())}\n`);
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, "    ");
}

function summarize(results: readonly TestFileResult[], durationMillis: number): number {
  const records = results.flatMap((result) => result.records);
  const count = (status: string): number =>
    records.filter((record) => record.status === status).length;
  const problems = results.filter((result) => result.problem !== undefined).length;
  const [passed, failed, skipped] = [count("passed"), count("failed") + problems, count("skipped")];
  console.log(`\n# files ${results.length}`);
  console.log(`# tests ${records.length}`);
  console.log(`# pass ${passed}`);
  console.log(`# fail ${failed}`);
  console.log(`# skipped ${skipped}`);
  console.log(`# todo ${count("todo")}`);
  console.log(`# duration_ms ${Math.round(durationMillis)}`);
  console.log(`${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`);
  if (passed + failed === 0) console.error("Cannot call this green: no test ran.");
  return failed > 0 || passed === 0 ? 1 : 0;
}

async function readDurations(): Promise<Readonly<Record<string, number>>> {
  try {
    return JSON.parse(await readFile(durationsPath, "utf8")) as Record<string, number>;
  } catch {
    // The first run on this clone, or a record cut short: any order will do.
    return {};
  }
}

function durationsOf(results: readonly TestFileResult[]): Record<string, number> {
  return Object.fromEntries(
    results.map((result) => [result.path, Math.round(result.durationMillis)]),
  );
}

async function writeDurations(durations: Readonly<Record<string, number>>): Promise<void> {
  await mkdir(join(root, ".cache"), { recursive: true });
  await writeFile(durationsPath, JSON.stringify(durations));
}
