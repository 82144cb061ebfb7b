/** The command `npm run bench`: see README.md beside this file. */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { runBench } from "./bench.ts";
import { questions } from "./catalogue.ts";
import { helpText, parseOptions, type BenchOptions } from "./options.ts";
import { reportTable } from "./report.ts";
import { summarize } from "./summary.ts";

const cacheFolder = fileURLToPath(new URL("../../.cache/bench", import.meta.url));

// Ending in this way lets members be killed with the process (test/support/etcd-process.ts).
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const parsed = parseOptions(process.argv.slice(2));
switch (parsed.kind) {
  case "help":
    process.stdout.write(helpText);
    break;
  case "list":
    for (const { name, title } of questions) process.stdout.write(`${name.padEnd(24)}${title}\n`);
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
  const chosen = questions.filter(
    ({ name }) => options.rows.length === 0 || options.rows.some((part) => name.includes(part)),
  );
  if (chosen.length === 0) {
    process.stderr.write("Cannot measure: no question has that name, see --list\n");
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
  process.stdout.write(`${reportTable(rows)}\n`);
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
    `${JSON.stringify({ begun, machine, options, rows, samples, failures }, null, 1)}\n`,
  );
  process.stderr.write(`written: ${path}\n`);
  for (const failure of failures) process.stderr.write(`Cannot measure ${failure}\n`);
  if (failures.length > 0) process.exitCode = 1;
}
