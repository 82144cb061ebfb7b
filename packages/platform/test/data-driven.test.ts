import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runDataDriven, testDataDirectory } from "../src/testing/index.ts";
import type { DataDrivenHandler } from "../src/testing/index.ts";

const testdata = join(dirname(fileURLToPath(import.meta.url)), "testdata");

const echo: DataDrivenHandler = (command) => {
  if (command.name === "paragraphs") return "one\n\ntwo";
  const named = [...command.args].map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return [`positional: ${JSON.stringify(command.positional)}`, ...named, command.input].join("\n");
};

testDataDirectory(testdata, () => echo);

describe("runDataDriven", () => {
  const directory = mkdtempSync(join(tmpdir(), "quorate-data-driven-"));
  after(() => {
    rmSync(directory, { recursive: true });
  });

  test("names file, line and the lines that differ", async () => {
    const path = join(directory, "mismatch.txt");
    writeFileSync(path, "# prose\n\nshow\n----\nsame\nold\n");
    await assert.rejects(
      runDataDriven(path, () => "same\nnew", false),
      (error: Error) => {
        assert.equal(error.name, "AssertionError");
        assert.equal(error.message, `${path}:3: show\n  same\n- old\n+ new`);
        return true;
      },
    );
  });

  test("names file and line of a command that throws", async () => {
    const path = join(directory, "throws.txt");
    writeFileSync(path, "boom\n----\n");
    await assert.rejects(
      runDataDriven(path, () => Promise.reject(new Error("broken"))),
      /throws\.txt:1: boom threw: Error: broken/,
    );
  });

  test("refuses a command without a separator", async () => {
    const path = join(directory, "open.txt");
    writeFileSync(path, "put a\n");
    await assert.rejects(
      runDataDriven(path, () => ""),
      /open\.txt:1: "put a" has no "----"/,
    );
  });

  test("REWRITE=1 replaces outputs, keeps prose, and the result passes", async () => {
    const path = join(directory, "rewrite.txt");
    writeFileSync(path, "# prose\nparagraphs\n----\nstale\n\n# more\necho 1\n----\n");
    await runDataDriven(path, echo, true);
    assert.equal(
      readFileSync(path, "utf8"),
      "# prose\nparagraphs\n----\n----\none\n\ntwo\n----\n----\n\n# more\necho 1\n----\n" +
        'positional: ["1"]\n',
    );
    await runDataDriven(path, echo, false);
  });
});
