import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { blockProblem, matchesOutput, parseBlocks } from "./blocks.ts";
import { textsOf } from "./run-blocks.ts";

describe("parseBlocks", () => {
  test("reads language, attributes, place and text", () => {
    const markdown =
      "# T\n\n```sh needs=etcdctl,curl\necho 1\n```\n\ntext\n\n```ts compile\n\n```\n";
    const blocks = parseBlocks("README.md", markdown);
    assert.deepEqual(
      blocks.map(({ line, language, text }) => ({ line, language, text })),
      [
        { line: 3, language: "sh", text: "echo 1" },
        { line: 9, language: "ts", text: "" },
      ],
    );
    assert.equal(blocks[0]?.attributes.get("needs"), "etcdctl,curl");
    assert.equal(blocks[1]?.attributes.has("compile"), true);
  });

  test("takes the margin of an indented block away", () => {
    const [block] = parseBlocks("README.md", "- item\n\n  ```sh\n  echo 1\n    echo 2\n  ```\n");
    assert.equal(block?.text, "echo 1\n  echo 2");
  });

  test("refuses a block that does not end", () => {
    assert.throws(() => parseBlocks("README.md", "```sh\necho 1\n"), /does not end/);
  });
});

describe("blockProblem", () => {
  const cases: ReadonlyArray<readonly [string, RegExp | undefined]> = [
    ["ts", undefined],
    ["ts compile", undefined],
    ["ts comple", /unknown attribute comple/],
    ["sh tested-by=test/start.test.ts", undefined],
    ["sh checked-by=test/start.test.ts", undefined],
    ["sh teste-by=test/start.test.ts", /unknown attribute teste-by/],
    ["", /language "" is none of/],
    ["bash", /language "bash" is none of/],
  ];
  for (const [info, expected] of cases) {
    test(`\`\`\`${info}`, () => {
      const [block] = parseBlocks("README.md", `\`\`\`${info}\nx\n\`\`\``);
      assert.ok(block !== undefined);
      const problem = blockProblem(block);
      if (expected === undefined) assert.equal(problem, undefined);
      else assert.match(problem ?? "", expected);
    });
  }
});

describe("matchesOutput", () => {
  const cases: ReadonlyArray<readonly [string, string, boolean]> = [
    ["a\nb\n", "a\nb", true],
    ["a \nb", "a\nb", true],
    ["a\nb", "a", false],
    ["a\nb\nc", "a\n...", true],
    ["a\nb\nc", "a\n...\nc", true],
    ["a\nc", "a\n...\nc", true],
    ["a\nb\nc", "...\nb", false],
    ["", "...", true],
    ["", "a", false],
  ];
  for (const [actual, expected, result] of cases) {
    test(`${JSON.stringify(actual)} against ${JSON.stringify(expected)}`, () => {
      assert.equal(matchesOutput(actual, expected), result);
    });
  }
});

test("textsOf finds what a program says, and not what is said about it", () => {
  const program = '// npm run a\nrun("npm run b"); /* "npm run c" */ say(`npm run d`);';
  assert.deepEqual(textsOf(program), ["npm run b", "npm run d"]);
});
