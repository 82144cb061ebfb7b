import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findCycle, type ImportingFile, importProblem } from "./import-rules.ts";
import { packageTable } from "./package-table.ts";
import { assertNone } from "./problems.ts";
import {
  filesBelow,
  importsOf,
  packageFolders,
  parseSource,
  readManifest,
  readText,
} from "./repository.ts";

const folders = packageFolders();

/** Imports of `@quorate/*` that a package.json lists, without the scope. */
function siblings(dependencies: Readonly<Record<string, string>> | undefined): readonly string[] {
  return Object.keys(dependencies ?? {})
    .filter((name) => name.startsWith("@quorate/"))
    .map((name) => name.slice("@quorate/".length))
    .sort();
}

describe("the package table", () => {
  test("names exactly the folders of packages/", () => {
    assert.deepEqual(Object.keys(packageTable).sort(), folders);
  });

  test("has no cycle, and names only packages it lists", () => {
    assert.equal(findCycle(packageTable), undefined);
    for (const { imports } of Object.values(packageTable)) {
      for (const name of imports) assert.ok(name in packageTable, `"${name}" is not a package`);
    }
  });

  test("a cycle would be found", () => {
    const table = { a: { imports: ["b"] }, b: { imports: ["c"] }, c: { imports: ["b"] } };
    assert.deepEqual(findCycle(table), ["b", "c", "b"]);
  });
});

for (const name of folders) {
  describe(`packages/${name}`, () => {
    const rule = packageTable[name];
    const manifest = readManifest(`packages/${name}`);

    test("package.json carries the house's fields", () => {
      const house = readManifest(".");
      assert.equal(manifest.name, `@quorate/${name}`);
      assert.equal(manifest.version, house.version);
      assert.equal(manifest.license, house.license);
      assert.equal(manifest.type, "module");
      for (const [entry, targets] of Object.entries(manifest.exports ?? {})) {
        const conditions = Object.keys(targets);
        assert.deepEqual(conditions, ["@quorate/source", "types", "default"], entry);
      }
    });

    test("every entry of exports is mapped in the root tsconfig.json", () => {
      const { compilerOptions } = JSON.parse(readText("tsconfig.json")) as {
        readonly compilerOptions: { readonly paths: Readonly<Record<string, unknown>> };
      };
      const unmapped = Object.keys(manifest.exports ?? {})
        .map((entry) => `@quorate/*${entry.slice(1)}`)
        .filter((pattern) => !(pattern in compilerOptions.paths));
      assertNone(unmapped);
    });

    test("package.json depends only on what the table allows", () => {
      const forbidden = siblings(manifest.dependencies).filter(
        (sibling) => rule?.imports.includes(sibling) !== true,
      );
      assertNone(forbidden);
    });

    test("tsconfig.json references exactly the packages it depends on", () => {
      const config = JSON.parse(readText(`packages/${name}/tsconfig.json`)) as {
        readonly references?: ReadonlyArray<{ readonly path: string }>;
      };
      const references = (config.references ?? []).map(({ path }) => path.replace("../", ""));
      assert.deepEqual(references.sort(), siblings(manifest.dependencies));
    });

    test("every import keeps to the table", () => {
      const problems = [false, true].flatMap((isTest) =>
        filesBelow(`packages/${name}/${isTest ? "test" : "src"}`, /\.ts$/).flatMap((path) =>
          importsOf(parseSource(path)).flatMap((statement) => {
            const problem = importProblem({ packageName: name, path, isTest }, statement);
            return problem === undefined ? [] : [`${path}:${statement.line}: ${problem}`];
          }),
        ),
      );
      assertNone(problems);
    });
  });
}

describe("the lock file", () => {
  const lock = JSON.parse(readText("package-lock.json")) as {
    readonly packages: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };

  for (const folder of ["", ...folders.map((name) => `packages/${name}`)]) {
    test(`knows the dependencies of "${folder}/package.json"`, () => {
      const manifest = readManifest(folder);
      const locked = lock.packages[folder] ?? {};
      assert.deepEqual(locked["dependencies"] ?? {}, manifest.dependencies ?? {});
      assert.deepEqual(locked["devDependencies"] ?? {}, manifest.devDependencies ?? {});
    });
  }
});

describe("a forbidden import is named", () => {
  const source: ImportingFile = {
    packageName: "state-machine",
    path: "packages/state-machine/src/kv.ts",
    isTest: false,
  };
  const pure: ImportingFile = {
    packageName: "raft",
    path: "packages/raft/src/node.ts",
    isTest: false,
  };
  const cases: ReadonlyArray<readonly [ImportingFile, string, RegExp | undefined]> = [
    [source, 'import { MvccStore } from "@quorate/mvcc";', undefined],
    [source, 'import { RaftNode } from "@quorate/raft";', /state-machine may not import raft/],
    [source, 'export { RaftNode } from "@quorate/raft";', /state-machine may not import raft/],
    [source, 'const raft = await import("@quorate/raft");', /may not import raft/],
    [source, 'type Node = import("@quorate/raft").RaftNode;', /may not import raft/],
    [source, 'import { Tree } from "@quorate/mvcc/src/tree.ts";', /deep import/],
    [source, 'import { Tree } from "../../mvcc/src/tree.ts";', /leaves the package/],
    [source, 'import { fixture } from "../test/fixture.ts";', /leaves src/],
    [source, 'import { lease } from "./lease";', /lacks its file extension/],
    [source, 'import { apply } from "@quorate/state-machine";', /import relatively/],
    [source, 'import { parse } from "yaml";', /not in the dependencies/],
    [source, 'import { readFile } from "fs";', /is to be written "node:fs"/],
    [pure, 'import { readFile } from "node:fs";', /in a pure package/],
    [{ ...pure, isTest: true }, 'import { readFile } from "node:fs";', undefined],
    [{ ...pure, isTest: true }, 'import { VirtualClock } from "@quorate/platform";', undefined],
    [{ ...pure, isTest: true }, 'import { Wal } from "@quorate/wal";', /may not import wal/],
  ];
  for (const [file, text, expected] of cases) {
    test(`${file.path}${file.isTest ? " (test)" : ""}: ${text}`, () => {
      const [statement] = importsOf(parseSource(file.path, text));
      assert.ok(statement !== undefined, "the import is found");
      const problem = importProblem(file, statement);
      if (expected === undefined) assert.equal(problem, undefined);
      else assert.match(problem ?? "no problem", expected);
    });
  }
});
