/**
 * Applies each mutant to a copy of the package and runs the tests on it: `node
 * --conditions=@quorate/source --import tsx run-mutants.ts [NAME...]` from the root. A mutant that
 * survives is a hole in the tests, and the exit code says so. Takes some minutes.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mutants, type Mutant } from "./mutants.ts";

const tests = ["known-bugs", "paper", "log", "quorum", "flow", "script", "simulation"];
const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
const root = join(packageFolder, "../..");

/** A folder in which `@quorate/raft` is a copy and everything else is the real thing. */
function prepareCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), "raft-mutants-"));
  const modules = join(root, "node_modules");
  mkdirSync(join(copy, "node_modules/@quorate"), { recursive: true });
  for (const name of readdirSync(modules)) {
    if (name !== "@quorate") symlinkSync(join(modules, name), join(copy, "node_modules", name));
  }
  symlinkSync(join(root, "packages/platform"), join(copy, "node_modules/@quorate/platform"));
  for (const part of ["src", "test", "package.json"]) {
    cpSync(join(packageFolder, part), join(copy, "packages/raft", part), { recursive: true });
  }
  symlinkSync(join(copy, "packages/raft"), join(copy, "node_modules/@quorate/raft"));
  return copy;
}

/** The first test file that fails; undefined when the mutant survives. */
function findCatcher(copy: string, mutant: Mutant): string | undefined {
  const file = join(copy, "packages/raft/src", mutant.file);
  const source = readFileSync(file, "utf8");
  writeFileSync(
    file,
    source.replace(mutant.find, () => mutant.replace),
  );
  try {
    return tests.find((name) => {
      const path = join("packages/raft/test", `${name}.test.ts`);
      const flags = ["--conditions=@quorate/source", "--import", "tsx", "--test", path];
      // A mutant that never ends is caught as well.
      const run = spawnSync(process.execPath, flags, { cwd: copy, timeout: 120_000 });
      return run.status !== 0;
    });
  } finally {
    writeFileSync(file, source);
  }
}

const wanted = process.argv.slice(2);
const copy = prepareCopy();
let survivors = 0;
for (const mutant of mutants) {
  if (wanted.length > 0 && !wanted.includes(mutant.name)) continue;
  const catcher = findCatcher(copy, mutant);
  if (catcher === undefined) survivors += 1;
  console.log(`${catcher ?? "SURVIVES"}: ${mutant.name}: it ${mutant.fault}`);
}
rmSync(copy, { recursive: true });
process.exitCode = survivors === 0 ? 0 : 1;
