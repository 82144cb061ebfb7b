import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Coverage } from "./coverage.ts";
import { checkedPromises } from "./coverage-promises.ts";
import { faultKinds } from "./plan/parse-plan.ts";
import { rarePaths } from "./rare-paths.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** The sources beside their tests. */
function sources(): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((each) => each.endsWith(".ts") && !each.includes(".test."))
    .map((file) => readFileSync(join(folder, file), "utf8"));
}

/** Names that sources pass to `Coverage.sometimes`; parts that differ from call to call are `*`. */
function namesInSources(): readonly string[] {
  const names = new Set<string>();
  for (const source of sources()) {
    for (const [, name = ""] of source.matchAll(/\.sometimes\(\s*["`]([^"`]+)["`]/g)) {
      names.add(name.replaceAll(/\$\{[^}]*\}/g, "*"));
    }
  }
  return [...names];
}

/** Names that sources pass to `Coverage.checked`, one by one or in a loop over several. */
function promisesInSources(): readonly string[] {
  const names = new Set<string>();
  for (const source of sources()) {
    for (const [, name = ""] of source.matchAll(/\.checked\(\s*["`]([^"`]+)["`]/g)) names.add(name);
    for (const [, list = ""] of source.matchAll(/const promise of \[([^\]]*)\]/g)) {
      for (const [, name = ""] of list.matchAll(/"([^"]+)"/g)) names.add(name);
    }
  }
  return [...names];
}

/** Whether a name is of a form such as `damage of the * was seen`. */
function isOf(form: string, name: string): boolean {
  const [begin = "", end] = form.split("*");
  return end === undefined ? form === name : name.startsWith(begin) && name.endsWith(end);
}

/** Counted only where they happen: none of them is a hole. */
const unlisted = ["schedule: *", "fault * struck nobody"];

test("every rare path that is counted is listed, and the other way round", () => {
  const forms = namesInSources().filter((form) => !unlisted.includes(form));
  assert.ok(forms.length > 30, "names are found in the sources");
  const missing = forms.filter((form) => !rarePaths.some((name) => isOf(form, name)));
  const invented = rarePaths.filter((name) => !forms.some((form) => isOf(form, name)));
  assert.deepEqual({ missing, invented }, { missing: [], invented: [] });
});

test("every promise that is counted is listed, and the other way round", () => {
  const names = promisesInSources();
  const listed = new Set<string>(checkedPromises);
  const missing = names.filter((name) => !listed.has(name));
  const invented = checkedPromises.filter((name) => !names.includes(name));
  assert.deepEqual({ missing, invented }, { missing: [], invented: [] });
});

test("every promise is judged in the simulator, or by tests that PROMISES.md names", () => {
  const text = readFileSync(join(folder, "PROMISES.md"), "utf8");
  const [promised = "", elsewhere = ""] = text.split("### Judged elsewhere");
  const cellsOf = (part: string): readonly (readonly string[])[] => {
    const lines = part.split("\n").filter((line) => /^\| [PWLKMVR]\d+ /.test(line));
    return lines.map((line) => line.split("|").map((cell) => cell.trim()));
  };
  const numbers = cellsOf(promised).map(([, number = ""]) => number);
  assert.ok(numbers.length > 35, "promises are found");
  const judged = new Set<string>(checkedPromises.map((name) => name.split(" ")[0] ?? ""));
  for (const [, number = "", path = ""] of cellsOf(elsewhere)) {
    const test = readFileSync(join(folder, "../..", path.replaceAll("`", "")), "utf8");
    assert.ok(test.includes(number), `${path} names ${number}`);
    judged.add(number);
  }
  assert.deepEqual(
    numbers.filter((number) => !judged.has(number)),
    [],
  );
});

test("Coverage.ofEverything knows what was never reached", () => {
  const coverage = Coverage.ofEverything();
  assert.deepEqual(
    coverage.counts("faults").map(([kind]) => kind),
    [...faultKinds].sort(),
  );
  assert.ok(coverage.counts("sometimes").every(([, count]) => count === 0));
  for (const kind of faultKinds) if (kind !== "wipe") coverage.fault(kind);
  for (const name of rarePaths) coverage.sometimes(name, name !== "held lease was lost");
  for (const name of checkedPromises) if (name !== "W10") coverage.checked(name);
  assert.deepEqual(coverage.holes(), ["wipe", "promise W10", "held lease was lost"]);
});
