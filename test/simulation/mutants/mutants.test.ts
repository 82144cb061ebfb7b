import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { mutants } from "./mutants.ts";

test("each planted bug has its own name and one place in the sources", () => {
  assert.ok(mutants.length >= 30, "D13 asks for 30 bugs");
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
  for (const { name, file, find, replace } of mutants) {
    const source = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
    assert.equal(source.split(find).length, 2, `${name} in ${file}`);
    assert.notEqual(find, replace, name);
  }
});
