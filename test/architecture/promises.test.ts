/** Numbers of promises, faults and bugs that comments and tests cite: each can be looked up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { knownBugs } from "../simulation/known-bugs.ts";
import { filesBelow, readText } from "./repository.ts";

/** `(P4)`, `(B6, B16; W11)`. */
const citation = /\((?:[A-Z]\d{1,2}(?:[,;] |\)))+/g;

function numbersIn(text: string): readonly string[] {
  return [...text.matchAll(citation)].flatMap(([cited]) => cited.match(/[A-Z]\d{1,2}/g) ?? []);
}

const listed = new Set(
  [...readText("test/simulation/PROMISES.md").matchAll(/^\| ([A-Z]\d{1,2}) +\|/gm)].map(
    ([, number]) => number,
  ),
);
for (const { row } of knownBugs) listed.add(row);

test("the list of promises is found", () => {
  assert.ok(listed.has("P1") && listed.has("B25") && listed.has("C57"), [...listed].join(" "));
});

test("every number that is cited is in test/simulation/PROMISES.md or a known bug", () => {
  const files = ["packages", "test", "examples"].flatMap((folder) =>
    filesBelow(folder, /\.(ts|md|proto|txt)$/),
  );
  let cited = 0;
  for (const file of files) {
    for (const number of numbersIn(readText(file))) {
      cited += 1;
      assert.ok(listed.has(number), `${file} cites ${number}, which is listed nowhere`);
    }
  }
  assert.ok(cited > 300, `${cited} citations`);
});
