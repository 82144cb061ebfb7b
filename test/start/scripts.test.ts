import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { filesBelow, readManifest, readText, root } from "../architecture/repository.ts";
import { type ChildEnd, runChild } from "../readme/child.ts";

const scratch = mkdtempSync(join(tmpdir(), "quorate-scripts-"));
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

async function run(command: string, commandArguments: readonly string[]): Promise<ChildEnd> {
  return await runChild({
    command,
    arguments: commandArguments,
    directory: root,
    timeoutMillis: 60_000,
  });
}

/** Commands that the documents tell people to type, and the options each must know. */
const documented: ReadonlyArray<{ readonly script: string; readonly lines: readonly string[] }> = [
  { script: "check", lines: ["npm run check", "npm run check -- --only lint"] },
  {
    script: "test",
    lines: ["npm test", "npm test -- packages/wal", 'npm test -- packages/wal --name "torn tail"'],
  },
];

describe("documented commands", () => {
  const scripts = readManifest(".").scripts ?? {};

  for (const [name, command] of Object.entries(scripts)) {
    test(`npm run ${name} has its program`, () => {
      const path = command.replace(/^node /, "");
      assert.ok(existsSync(join(root, path)), `${path} does not exist`);
    });
  }

  for (const { script, lines } of documented) {
    test(`npm run ${script} knows the options of: ${lines.join("; ")}`, async () => {
      const end = await run(process.execPath, [`.scripts/${script}.mjs`, "--help"]);
      assert.equal(end.code, 0, end.stderr);
      const options = lines.flatMap((line) => line.match(/--[a-z][a-z-]*/g) ?? []);
      for (const option of options) assert.ok(end.stdout.includes(option), `${option} is unknown`);
    });
  }

  test("a step that does not exist is named", async () => {
    const end = await run(process.execPath, [".scripts/check.mjs", "--only", "lnit"]);
    assert.equal(end.code, 1);
    assert.match(end.stderr, /^Cannot find step "lnit": the steps are format, compile, /);
  });
});

describe("npm test", () => {
  test("does not call it green when no file matches", async () => {
    const end = await run(process.execPath, [".scripts/test.mjs", "no-such-file"]);
    assert.equal(end.code, 1);
    assert.match(end.stderr, /Cannot run any test: no test file matches\./);
  });
});

describe("shell scripts", () => {
  const paths = [".ci/run", ...filesBelow(".scripts", /\.sh$/)];
  for (const path of paths) {
    test(`${path} is well-formed`, async () => {
      const end = await run("bash", ["-n", path]);
      assert.equal(end.code, 0, end.stderr);
    });
  }

  test("install-interop.sh says what to ask for where it may not install", async () => {
    const end = await runChild({
      command: "/bin/bash",
      arguments: [".scripts/install-interop.sh"],
      directory: root,
      environment: { PATH: scratch },
      timeoutMillis: 10_000,
    });
    assert.equal(readdirSync(scratch).length, 0);
    assert.equal(end.code, 1);
    assert.match(end.stderr, /^Cannot run the interop suite: etcd-client etcd-server .* missing/);
  });
});

test("the workflow runs what decides landing", () => {
  assert.match(readText(".github/workflows/ci.yml"), /\.ci\/run$/m);
});

describe("the command quorate", () => {
  test("is linked by npm ci, before anything is built", () => {
    const { bin } = readManifest("packages/server");
    const path = bin?.["quorate"] ?? "";
    const mode = statSync(join(root, "packages/server", path)).mode;
    assert.equal(mode & 0o111, 0o111, `${path} is not executable`);
  });

  test("says how to build where it is not built", async () => {
    const folder = mkdtempSync(join(scratch, "not-built-"));
    mkdirSync(join(folder, "packages/server/bin"), { recursive: true });
    const copy = join(folder, "packages/server/bin/quorate.mjs");
    copyFileSync(join(root, "packages/server/bin/quorate.js"), copy);
    const end = await run(process.execPath, [copy]);
    assert.equal(end.code, 1);
    assert.match(end.stderr, /^Cannot run quorate: it is not built; type npm run build in \S+\n$/);
  });

  test("prints its version from any folder", async () => {
    const end = await runChild({
      command: process.execPath,
      arguments: [join(root, "packages/server/bin/quorate.js"), "--version"],
      directory: tmpdir(),
      timeoutMillis: 10_000,
    });
    assert.equal(end.code, 0, end.stderr);
    assert.match(end.stdout, /Quorate \d+\.\d+\.\d+/);
  });
});
