import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { mutants } from "./simulation/mutants.ts";

test("every mutant of run-mutants.ts still fits the code it is made from", () => {
  for (const { name, file, find } of mutants) {
    const source = readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8");
    assert.equal(source.split(find).length - 1, 1, `${name} in ${file}`);
  }
  assert.ok(mutants.length >= 30);
});
