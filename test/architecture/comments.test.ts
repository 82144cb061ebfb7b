import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type ts from "typescript";
import { carelessComments, type CommentProblem, undocumentedExports } from "./comments.ts";
import { assertNone } from "./problems.ts";
import { filesBelow, packageFolders, parseSource, writtenCode } from "./repository.ts";

function problemsOf(
  paths: readonly string[],
  check: (file: ts.SourceFile) => readonly CommentProblem[],
): readonly string[] {
  return paths.flatMap((path) =>
    check(parseSource(path)).map(({ line, text }) => `${path}:${line}: ${text}`),
  );
}

describe("every export has TSDoc that begins with a sentence", () => {
  for (const name of packageFolders()) {
    test(`packages/${name}`, () => {
      const sources = filesBelow(`packages/${name}/src`, /\.ts$/);
      assertNone(problemsOf(sources, undocumentedExports));
    });
  }
});

test("no comment promises work without an issue, or switches a check off without a reason", () => {
  const own = "test/architecture/comments";
  const paths = writtenCode().filter((path) => !path.startsWith(own));
  assertNone(problemsOf(paths, carelessComments));
});

describe("a careless comment is found", () => {
  const cases: ReadonlyArray<readonly [string, number]> = [
    ["export function cut(): void {}", 1],
    ["// Cuts the tail.\nexport function cut(): void {}", 1],
    ["/** cut */\nexport function cut(): void {}", 1],
    ["/** Cuts the tail. */\nexport function cut(): void {}", 0],
    ["/** Cuts. */\nexport function cut(): void;\nexport function cut(n?: number): void {}", 0],
    ["/** @internal */\nexport const a: number = 1;", 1],
    ["const a = 1; // TODO faster", 1],
    ["// TODO(#12) faster\nconst a = 1;", 0],
    ["// eslint-disable-next-line eqeqeq\nconst a = 1;", 1],
    ["// eslint-disable-next-line eqeqeq -- null is meant too\nconst a = 1;", 0],
    ["const text = 'TODO';", 0],
  ];
  for (const [text, count] of cases) {
    test(JSON.stringify(text), () => {
      const file = parseSource("sample.ts", text);
      const problems = [...undocumentedExports(file), ...carelessComments(file)];
      assert.equal(problems.length, count, JSON.stringify(problems));
    });
  }
});
