import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { basename, dirname } from "node:path";
import { describe, test } from "node:test";
import ts from "typescript";
import { assertNone } from "./problems.ts";
import {
  filesBelow,
  packageFolders,
  parseSource,
  pathExists,
  readText,
  root,
  writtenCode,
} from "./repository.ts";

const topLevelNames = [
  "README.md",
  "deploy",
  "examples",
  "package-lock.json",
  "package.json",
  "packages",
  "test",
  "tsconfig.json",
];
const lineCountMax = 800;
const columnCountMax = 100;
/** Names that say nothing of what is inside: a drawer, not a noun. */
const drawerNames = /^(utils?|helpers?|types|common|shared|misc|core|constants|stuff)$/;
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** What is wrong with the name of a file or of a folder on its way. */
function nameProblem(path: string): string | undefined {
  const parts = [...dirname(path).split("/"), basename(path).replace(/\..*$/, "")];
  for (const part of parts.filter((name) => name !== "." && !name.startsWith("."))) {
    if (!kebabCase.test(part)) return `"${part}" is not kebab-case`;
    if (drawerNames.test(part)) return `"${part}" is a drawer: name the noun inside`;
  }
  return undefined;
}

function problemsOf(check: (path: string) => string | undefined): readonly string[] {
  return writtenCode().flatMap((path) => {
    const problem = check(path);
    return problem === undefined ? [] : [`${path}: ${problem}`];
  });
}

describe("files", () => {
  test("the top level holds only the names the house allows", () => {
    const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" });
    const names = new Set(tracked.split("\0").map((path) => path.split("/")[0] ?? ""));
    const surplus = [...names].filter(
      (name) => name !== "" && !name.startsWith(".") && !topLevelNames.includes(name),
    );
    assertNone(surplus);
  });

  test("are named by their noun, in kebab-case", () => {
    assertNone(problemsOf(nameProblem));
  });

  test("a drawer and a camel-case name would be found", () => {
    assert.match(nameProblem("packages/wal/src/utils.ts") ?? "", /drawer/);
    assert.match(nameProblem("packages/wal/src/common/crc.ts") ?? "", /drawer/);
    assert.match(nameProblem("packages/wal/src/segmentFile.ts") ?? "", /kebab-case/);
    assert.equal(nameProblem("packages/wal/test/segment.fuzz.test.ts"), undefined);
  });

  test(`have at most ${lineCountMax} lines`, () => {
    const problems = problemsOf((path) => {
      const count = readText(path).split("\n").length - 1;
      return count > lineCountMax ? `${count} lines` : undefined;
    });
    assertNone(problems);
  });
});

describe(`lines have at most ${columnCountMax} columns, addresses aside`, () => {
  for (const [folder, paths] of byFolder(writtenCode())) {
    test(folder, () => {
      const problems = paths.flatMap((path) =>
        readText(path)
          .split("\n")
          .map((line, index) => ({ place: `${path}:${index + 1}`, line }))
          .filter(({ line }) => line.length > columnCountMax && !line.includes("://"))
          .map(({ place, line }) => `${place}: ${line.length} columns`),
      );
      assertNone(problems);
    });
  }
});

describe("packages", () => {
  for (const name of packageFolders()) {
    const folder = `packages/${name}`;

    test(`${folder} has a README.md with an example and a DESIGN.md`, () => {
      assert.ok(pathExists(`${folder}/README.md`), "README.md is missing");
      assert.ok(pathExists(`${folder}/DESIGN.md`), "DESIGN.md is missing");
      assert.match(readText(`${folder}/README.md`), /^```(ts|sh)/m, "README.md has no example");
    });

    test(`${folder}: an index.ts only lists exports by name`, () => {
      const surplus = filesBelow(`${folder}/src`, /\/index\.ts$/).flatMap((path) => {
        const file = parseSource(path);
        return file.statements
          .filter((statement) => !isNamedReExport(statement))
          .map((statement) => `${path}: ${statement.getText(file).split("\n")[0]}`);
      });
      assertNone(surplus);
    });

    test(`${folder} has tests`, () => {
      assert.notDeepEqual(filesBelow(`${folder}/test`, /\.test\.ts$/), []);
    });
  }
});

function isNamedReExport(statement: ts.Statement): boolean {
  if (!ts.isExportDeclaration(statement)) return false;
  const clause = statement.exportClause;
  return clause !== undefined && ts.isNamedExports(clause);
}

/** Groups paths by what their owners care about: a package, or a top-level folder. */
function byFolder(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, string[]>();
  for (const path of paths) {
    const parts = path.split("/");
    const folder = parts.slice(0, parts[0] === "packages" ? 2 : 1).join("/");
    folders.set(folder, [...(folders.get(folder) ?? []), path]);
  }
  return folders;
}
