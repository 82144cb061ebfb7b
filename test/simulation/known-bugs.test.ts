import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { knownBugs } from "./known-bugs.ts";
import type { Guard } from "./known-bugs/known-bug.ts";
import { problemOfTitle, type SourceText } from "./known-bugs/live-test.ts";
import { mutants } from "./mutants/mutants.ts";
import { schedules } from "./schedules/schedules.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const rows = 57;

test("every known bug has its row, in order", () => {
  const wanted = Array.from({ length: rows }, (_, i) => `C${i + 1}`);
  assert.deepEqual(
    knownBugs.map(({ row }) => row),
    wanted,
  );
});

for (const { row, title, guards } of knownBugs) {
  test(`${row}: ${title}`, () => {
    // A mutant says that a guard is awake, and is none.
    assert.ok(
      guards.some(({ kind }) => kind !== "mutant"),
      "nothing guards it",
    );
    for (const guard of guards) assert.deepEqual(problemsOf(row, guard), []);
  });
}

test("every schedule guards the rows that it names", () => {
  for (const { name, rows: named } of schedules) {
    const guarded = knownBugs.filter(({ guards }) =>
      guards.some((guard) => guard.kind === "schedule" && guard.name === name),
    );
    const known = named.filter((row) => row.startsWith("C"));
    assert.deepEqual(guarded.map(({ row }) => row).sort(), known.sort(), name);
  }
});

test("every mutant of a row stands in that row", () => {
  for (const { name, row } of mutants) {
    const bug = knownBugs.find((known) => known.row === row);
    if (bug === undefined) continue;
    const isThere = bug.guards.some((guard) => guard.kind === "mutant" && guard.name === name);
    assert.ok(isThere, `${row} does not name mutant ${name}`);
  }
});

/** What is wrong with a guard: it must exist, and a test must run. */
function problemsOf(row: string, guard: Guard): readonly string[] {
  switch (guard.kind) {
    case "test": {
      const problem = problemOfTest(guard.file, guard.title);
      return problem === undefined ? [] : [problem];
    }
    case "schedule": {
      const schedule = schedules.find(({ name }) => name === guard.name);
      if (schedule === undefined) return [`there is no schedule "${guard.name}"`];
      return schedule.rows.includes(row) ? [] : [`schedule "${guard.name}" does not name ${row}`];
    }
    case "mutant": {
      const isThere = mutants.some(({ name }) => name === guard.name);
      return isThere ? [] : [`there is no mutant "${guard.name}"`];
    }
    case "does-not-apply":
      return guard.why === "" ? ["why not?"] : [];
  }
}

function problemOfTest(path: string, title: string): string | undefined {
  if (!existsSync(join(root, path))) return `there is no ${path}`;
  if (!path.endsWith(".ts")) return problemOfData(path, title);
  const name = `./${basename(path)}"`;
  const importers = testsIn(dirname(path)).filter(({ text }) => text.includes(name));
  return problemOfTitle(sourceText(path), title, importers);
}

/** Data is what its comments say where a test reads its folder and commands follow the comment. */
function problemOfData(path: string, title: string): string | undefined {
  const commands = sourceText(path).text.split(title)[1];
  if (commands === undefined) return `${path} has no "${title}"`;
  if (!/^----$/m.test(commands)) return `${path}: no command stands behind "${title}"`;
  const folder = dirname(path);
  const reads = `testDataDirectory(fileURLToPath(new URL("${basename(folder)}"`;
  const isRead = testsIn(dirname(folder)).some(({ text }) => text.includes(`\n${reads}`));
  return isRead ? undefined : `no test reads ${folder}`;
}

function testsIn(folder: string): readonly SourceText[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(".test.ts"));
  return names.map((name) => sourceText(join(folder, name)));
}

function sourceText(path: string): SourceText {
  return { path, text: readFileSync(join(root, path), "utf8") };
}
