import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { problemOfTitle } from "./live-test.ts";

/** Sources with the title "it holds" in them, and what is said of it. */
const cases: ReadonlyArray<readonly [string, string, RegExp | undefined]> = [
  ["a test", 'test("it holds", () => { check(); });', undefined],
  ["with options", 'it("C1: it holds (P4)", { timeout: 1 }, () => { check(); });', undefined],
  ["a test without quotes", "test(`it holds`, () => check());", undefined],
  ["that waits for a program", 'test("it holds", { skip: isMissing }, () => check());', undefined],
  ["a fuzzer", 'fuzz("it holds", { inputs, runs: 5 }, (input) => check(input));', undefined],
  ["a group", 'describe("it holds", () => { test("a", () => check()); });', undefined],
  ["a group of a table", 'suite("it holds", () => { for (const a of b) test(a, c); });', undefined],
  [
    "made by a function of the file",
    'const one = (title) => test(title, () => check());\none("it holds", () => 1);',
    undefined,
  ],
  ["in a comment", '// test("it holds", () => { check(); });', /outside its comments/],
  ["in a block comment", '/* test("it holds", () => check()); */', /outside its comments/],
  ["nowhere", 'test("it fails", () => { check(); });', /outside its comments/],
  ["skipped", 'test.skip("it holds", () => { check(); });', /is skipped/],
  ["to be done", 'it.todo("it holds");', /is skipped/],
  ["skipped by an option", 'test("it holds", { skip: true }, () => check());', /is skipped/],
  ["skipped for a reason", 'test("it holds", { skip: "later" }, () => check());', /is skipped/],
  ["to be done by an option", 'test("it holds", { todo: true }, () => check());', /is skipped/],
  ["that skips itself", 'test("it holds", (t) => { t.skip(); check(); });', /is skipped/],
  ["in a group", 'describe.skip("a", () => { test("it holds", () => check()); });', /is skipped/],
  ["never", 'if (false) test("it holds", () => check());', /is skipped/],
  ["empty", 'test("it holds", () => {});', /tests nothing/],
  ["an empty group", 'describe("it holds", () => { check(); });', /groups no test that runs/],
  [
    "a group of skipped ones",
    'describe("it holds", () => { test.skip("a", () => check()); });',
    /groups no test that runs/,
  ],
  ["a message", 'test("a", () => { assert.ok(true, "it holds"); });', /is no title/],
  ["what another function takes", 'note("it holds");', /is no title/],
  [
    "in a table",
    'const cases = [{ title: "it holds" }];\nfor (const { title } of cases) test(title, run);',
    undefined,
  ],
  [
    "in a row that is a list",
    'for (const [a, b] of [["it holds", 1]]) test(`${a}!`, () => check(b));',
    undefined,
  ],
  [
    "in a row that is skipped",
    'for (const { name, skip } of [{ name: "it holds", skip: true }]) test(name, { skip }, run);',
    /is skipped/,
  ],
  [
    "in a table that is skipped",
    'const cases = [{ name: "it holds" }];\nfor (const { name } of cases) test.skip(name, run);',
    /no test is made of/,
  ],
  ["in a table alone", 'export const cases = [{ name: "it holds" }];', /no test is made of/],
  ["in a field of another kind", 'test(a, b); const c = { fault: "it holds" };', /is no title/],
];

describe("problemOfTitle", () => {
  for (const [title, text, problem] of cases) {
    test(`${problem === undefined ? "takes" : "refuses"} one ${title}`, () => {
      const said = problemOfTitle({ path: "a.test.ts", text }, "it holds");
      if (problem === undefined) assert.equal(said, undefined);
      else assert.match(said ?? "nothing", problem);
    });
  }

  test("takes a table that another file makes tests of", () => {
    const table = { path: "cases.ts", text: 'export const cases = [{ name: "it holds" }];' };
    const maker = (text: string): { readonly path: string; readonly text: string } => ({
      path: "cases.test.ts",
      text,
    });
    const made = maker("for (const each of cases) test(each.name, () => check());");
    assert.equal(problemOfTitle(table, "it holds", [made]), undefined);
    const skipped = maker("for (const each of cases) test.skip(each.name, () => check());");
    assert.match(problemOfTitle(table, "it holds", [skipped]) ?? "", /no test is made of/);
  });
});
