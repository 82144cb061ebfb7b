import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Coverage } from "./coverage.ts";
import { faultKinds } from "./plan/parse-plan.ts";
import { rarePaths } from "./rare-paths.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** Names that sources pass to `Coverage.sometimes`; parts that differ from call to call are `*`. */
function namesInSources(): readonly string[] {
  const names = new Set<string>();
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((each) => each.endsWith(".ts") && !each.includes(".test."))) {
    const source = readFileSync(join(folder, file), "utf8");
    for (const [, name = ""] of source.matchAll(/\.sometimes\(\s*["`]([^"`]+)["`]/g)) {
      names.add(name.replaceAll(/\$\{[^}]*\}/g, "*"));
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

test("Coverage.ofEverything knows what was never reached", () => {
  const coverage = Coverage.ofEverything();
  assert.deepEqual(
    coverage.counts("faults").map(([kind]) => kind),
    [...faultKinds].sort(),
  );
  assert.ok(coverage.counts("sometimes").every(([, count]) => count === 0));
  for (const kind of faultKinds) if (kind !== "wipe") coverage.fault(kind);
  for (const name of rarePaths) coverage.sometimes(name, name !== "held lease was lost");
  assert.deepEqual(coverage.holes(), ["wipe", "held lease was lost"]);
});
