import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { root } from "../architecture/repository.ts";
import { findTestFiles } from "./find-files.ts";
import { runTestFile, type TestFileResult } from "./test-file.ts";

const scratch = mkdtempSync(join(tmpdir(), "quorate-runner-"));
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

async function runText(
  text: string,
  options: { readonly timeoutMillis?: number; readonly namePattern?: string } = {},
): Promise<TestFileResult> {
  const path = join(mkdtempSync(join(scratch, "file-")), "sample.test.mts");
  const head =
    'import { describe, test } from "node:test";\nimport assert from "node:assert/strict";\n';
  writeFileSync(path, head + text);
  const { signal } = new AbortController();
  return await runTestFile(path, { root, timeoutMillis: 30_000, ...options }, signal);
}

describe("runTestFile", () => {
  test("records what passed, failed and was skipped, suites not counted", async () => {
    const result = await runText(`
      describe("suite", () => {
        test("one", () => {});
        test("two", () => assert.equal(1, 2));
        test.skip("three");
      });
      test("four", (t) => t.test("inner", () => {}));
    `);
    const seen = result.records.map(({ name, status }) => `${name} ${status}`).sort();
    assert.deepEqual(seen, [
      "four passed",
      "inner passed",
      "one passed",
      "three skipped",
      "two failed",
    ]);
    assert.equal(result.problem, undefined);
    const failed = result.records.find(({ status }) => status === "failed");
    assert.match(failed?.error ?? "", /1 !== 2/);
  });

  test("records a suite that is skipped as one test, with its reason", async () => {
    const result = await runText(`
      describe("suite", { skip: "no disk" }, () => {
        test("one", () => {});
      });
      test("two", { skip: "no net" }, () => {});
    `);
    const seen = result.records.map(({ name, status, reason }) => `${name} ${status}: ${reason}`);
    assert.deepEqual(seen.sort(), ["suite skipped: no disk", "two skipped: no net"]);
    assert.equal(result.problem, undefined);
  });

  test("keeps what the file printed", async () => {
    const result = await runText('test("one", () => console.log("said", 42));');
    assert.match(result.output, /said 42/);
  });

  const broken: ReadonlyArray<readonly [string, string, RegExp]> = [
    ["holds no test", "", /contains no test/],
    ["ends the process", 'test("one", () => process.exit(7));', /ended with code 7/],
    ["kills the process", 'process.kill(process.pid, "SIGKILL");', /was ended by SIGKILL/],
    ["does not load", 'import "./missing.mjs";', /ended with code 1/],
    [
      "leaves a timer behind",
      'test("one", () => { setInterval(() => {}, 1000); });',
      /did not end within 1\.5 s; \d+ tests had/,
    ],
  ];
  for (const [title, text, problem] of broken) {
    test(`calls a file broken that ${title}`, async () => {
      const hangs = text.includes("setInterval");
      const result = await runText(text, hangs ? { timeoutMillis: 1_500 } : {});
      assert.match(result.problem ?? "none", problem);
    });
  }

  test("runs only the titles asked for", async () => {
    const result = await runText('test("one", () => {});\ntest("two", () => assert.fail());', {
      namePattern: "one",
    });
    assert.deepEqual(
      result.records.filter(({ status }) => status !== "skipped").map(({ name }) => name),
      ["one"],
    );
  });
});

describe("findTestFiles", () => {
  const tree = join(scratch, "tree");
  const paths = [
    "packages/a/test/a.test.ts",
    "packages/a/test/support.ts",
    "packages/a/test/interop/b.test.ts",
    "packages/a/src/c.test.ts",
    "test/architecture/d.test.ts",
    "test/interop/e.test.ts",
    "examples/f.test.ts",
  ];
  for (const path of paths) {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    writeFileSync(join(tree, path), "");
  }
  const cases = [
    {
      title: "leaves the interop suite out",
      selection: { interop: false, include: [], exclude: [] },
      found: ["examples/f.test.ts", "packages/a/test/a.test.ts", "test/architecture/d.test.ts"],
    },
    {
      title: "finds the interop suite alone",
      selection: { interop: true, include: [], exclude: [] },
      found: ["packages/a/test/interop/b.test.ts", "test/interop/e.test.ts"],
    },
    {
      title: "filters by parts of paths",
      selection: { interop: false, include: ["./packages/a", "examples"], exclude: ["f.test"] },
      found: ["packages/a/test/a.test.ts"],
    },
  ];
  for (const { title, selection, found } of cases) {
    test(title, async () => {
      assert.deepEqual(await findTestFiles(tree, selection), found);
    });
  }
});
