import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { filesBelow, readText, root } from "../architecture/repository.ts";
import { longForms, longFormSeconds, longFormValue } from "./long-forms.ts";

const files = ["packages", "test"].flatMap((folder) => filesBelow(folder, /\.ts$/));

describe("longFormSeconds", () => {
  test("gives each test of a file the seconds that it runs for", () => {
    const text =
      'fuzz(\n  "one", () => {});\n  test("two");\n// test("none");\ntest.skip("three");';
    assert.equal(longFormSeconds(text, { QUORATE_FUZZ_SECONDS: "600" }), 1_800);
  });

  test("gives a file more for each round", () => {
    assert.equal(longFormSeconds("", { QUORATE_NETWORK_ROUNDS: "3" }), 540);
    assert.equal(longFormSeconds("", { QUORATE_KILL_EVERY: "1", QUORATE_SEEDS: "2" }), 14_760);
  });

  test("adds nothing where nothing is set", () => {
    assert.equal(longFormSeconds('test("one");', {}), 0);
  });
});

describe("longFormValue", () => {
  for (const text of ["abc", "", " ", "0", "-1", "Infinity", "1e999", "5 s"]) {
    test(`refuses "${text}" by a sentence`, () => {
      const environment = { QUORATE_FUZZ_SECONDS: text };
      assert.throws(() => longFormValue("QUORATE_FUZZ_SECONDS", environment), {
        message: `Cannot use QUORATE_FUZZ_SECONDS="${text}": it is a number above zero`,
      });
    });
  }

  test("takes numbers", () => {
    assert.equal(longFormValue("QUORATE_FUZZ_SECONDS", { QUORATE_FUZZ_SECONDS: "0.5" }), 0.5);
    assert.equal(longFormValue("QUORATE_FUZZ_SECONDS", {}), undefined);
  });
});

describe("the table", () => {
  test("has every variable by which a test is made longer", () => {
    const length =
      /process\.env\["(QUORATE_\w+_(?:SECONDS|ROUNDS|EVERY|SEEDS|STEPS|MEBIBYTES))"\]/g;
    const read = files.flatMap((path) => [...readText(path).matchAll(length)].map(([, n]) => n));
    assert.ok(read.length > 3, `only ${read.length} found`);
    const known: readonly (string | undefined)[] = longForms.map(({ name }) => name);
    assert.deepEqual(
      read.filter((name) => !known.includes(name)),
      [],
    );
  });

  test("has no variable that nobody reads", () => {
    const texts = files.filter((path) => !path.includes("runner/long-forms")).map(readText);
    for (const { name } of longForms) {
      assert.ok(
        texts.some((text) => text.includes(`"${name}"`)),
        name,
      );
    }
  });
});

describe("npm test", () => {
  const cases: ReadonlyArray<readonly [string, readonly string[], Record<string, string>, RegExp]> =
    [
      [
        "a long form that is no number",
        [],
        { QUORATE_FUZZ_SECONDS: "abc" },
        /^Cannot use QUORATE_FUZZ_SECONDS="abc": it is a number above zero\n$/,
      ],
      [
        "a time that is no number",
        ["--timeout", "soon"],
        {},
        /^Cannot use --timeout soon: it is a number above zero\n$/,
      ],
      [
        "a number of files at once that is none",
        ["--concurrency", "0"],
        {},
        /^Cannot use --concurrency 0: it is a number above zero\n$/,
      ],
    ];
  for (const [title, options, environment, sentence] of cases) {
    test(`refuses ${title}`, () => {
      const run = spawnSync(
        process.execPath,
        ["--conditions=@quorate/source", "--import", "tsx", "test/run.ts", ...options, "runner"],
        { cwd: root, encoding: "utf8", timeout: 60_000, env: { ...process.env, ...environment } },
      );
      assert.match(run.stderr, sentence);
      assert.equal(run.status, 2);
      assert.equal(run.stdout, "");
    });
  }

  test("names every long form in its help", () => {
    const run = spawnSync(
      process.execPath,
      ["--conditions=@quorate/source", "--import", "tsx", join(root, "test/run.ts"), "--help"],
      { cwd: root, encoding: "utf8", timeout: 60_000 },
    );
    for (const { name } of longForms) assert.ok(run.stdout.includes(name), name);
  });
});
