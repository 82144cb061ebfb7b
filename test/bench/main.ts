/** The command `npm run bench`: see README.md beside this file. */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { runBench } from "./bench.ts";
import { questions } from "./catalogue.ts";
import { helpText, parseOptions, type BenchOptions } from "./options.ts";
import { reportTable, verdictTable } from "./report.ts";
import { summarize } from "./summary.ts";
import { judge } from "./targets.ts";

const cacheFolder = fileURLToPath(new URL("../../.cache/bench", import.meta.url));

// Ending in this way lets members be killed with the process (test/support/etcd-process.ts).
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const parsed = parseOptions(process.argv.slice(2));
switch (parsed.kind) {
  case "help":
    process.stdout.write(helpText);
    break;
  case "list":
    for (const { name, group, title } of questions) {
      process.stdout.write(`${name.padEnd(20)}${group.padEnd(12)}${title}\n`);
    }
    break;
  case "invalid":
    process.stderr.write(`${parsed.problem}\n`);
    process.exitCode = 2;
    break;
  case "run":
    try {
      await run(parsed.options);
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    }
}

async function run(options: BenchOptions): Promise<void> {
  const { rows: parts, groups } = options;
  const chosen = questions.filter(
    ({ name, group }) =>
      (parts.length === 0 || parts.some((part) => name.includes(part))) &&
      (groups.length === 0 || groups.includes(group)),
  );
  if (chosen.length === 0) {
    process.stderr.write("Cannot measure: no question has that name and group, see --list\n");
    process.exitCode = 2;
    return;
  }
  const begun = new Date().toISOString();
  const loadBefore = loadavg();
  const { samples, failures } = await runBench(chosen, options, {
    profileFolder: `${cacheFolder}/profiles`,
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  const rows = summarize(samples);
  const verdicts = judge(rows);
  process.stdout.write(`${reportTable(rows)}\n`);
  if (verdicts.length > 0) process.stdout.write(`\n${verdictTable(verdicts)}\n`);
  const path = options.jsonPath ?? `${cacheFolder}/latest.json`;
  await mkdir(dirname(path), { recursive: true });
  const machine = {
    node: process.version,
    cores: cpus().length,
    model: cpus()[0]?.model,
    loadBefore,
    loadAfter: loadavg(),
  };
  await writeFile(
    path,
    `${JSON.stringify({ begun, machine, options, verdicts, rows, samples, failures }, null, 1)}\n`,
  );
  process.stderr.write(`written: ${path}\n`);
  for (const failure of failures) process.stderr.write(`Cannot measure ${failure}\n`);
  if (failures.length > 0) process.exitCode = 1;
}
