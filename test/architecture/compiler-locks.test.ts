import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import ts from "typescript";
import { createCachingHost, readCompilerConfig } from "./caching-host.ts";
import { packageTable } from "./package-table.ts";
import { readManifest, root } from "./repository.ts";

// Two locks are the compiler's own: `references` keep a package from seeing what it may not import,
// and `types: []` keeps a pure package from seeing Node. Each is proved here on a source file that
// exists only in memory, compiled with the package's real tsconfig.json.
//
// The first lock needs `paths` in the root tsconfig.json: what the compiler finds through a link in
// node_modules it takes for an installed library, and never asks whether it lies inside `rootDir`.

/** Compiles one more source file inside a package, and returns the codes of what that adds. */
function diagnosticsOf(packageName: string, text: string): readonly number[] {
  const folder = join(root, "packages", packageName);
  const config = readCompilerConfig(join(folder, "tsconfig.json"));
  const samplePath = join(folder, "src", "sample-of-a-test.ts");
  const program = ts.createProgram({
    rootNames: [samplePath],
    options: config.options,
    host: createCachingHost(samplePath, text, config.options),
    ...(config.projectReferences === undefined
      ? {}
      : { projectReferences: config.projectReferences }),
  });
  const sample = program.getSourceFile(samplePath);
  return [...program.getOptionsDiagnostics(), ...program.getSemanticDiagnostics(sample)].map(
    (diagnostic) => diagnostic.code,
  );
}

const fileOutsideRootDir = 6059;
const missingName = new Set([2304, 2580, 2584, 2591]);

describe("lock 1: an import outside a package's references does not compile", () => {
  for (const [name, rule] of Object.entries(packageTable)) {
    const forbidden = Object.keys(packageTable).find(
      (other) => other !== name && !reachable(name).has(other),
    );
    if (forbidden !== undefined) {
      test(`${name} cannot import ${forbidden}`, () => {
        const codes = diagnosticsOf(name, `import "@quorate/${forbidden}";\nexport {};\n`);
        assert.ok(codes.includes(fileOutsideRootDir), `diagnostics: ${codes.join(", ")}`);
      });
    }
    const allowed = rule.imports.find((other) => isDependency(name, other));
    if (allowed === undefined) continue;
    test(`${name} can import ${allowed}`, () => {
      const codes = diagnosticsOf(name, `import "@quorate/${allowed}";\nexport {};\n`);
      assert.ok(!codes.includes(fileOutsideRootDir), `diagnostics: ${codes.join(", ")}`);
    });
  }
});

/**
 * What a package's references lead to: the compiler lets those through, the import test does not.
 */
function reachable(name: string, found: Set<string> = new Set<string>()): ReadonlySet<string> {
  for (const next of packageTable[name]?.imports ?? []) {
    if (found.has(next)) continue;
    found.add(next);
    reachable(next, found);
  }
  return found;
}

function isDependency(name: string, other: string): boolean {
  return `@quorate/${other}` in (readManifest(`packages/${name}`).dependencies ?? {});
}

describe("lock 2: a pure package does not see Node", () => {
  const pure = Object.entries(packageTable).filter(([, rule]) => rule.isPure === true);
  const samples = [
    "export const id: number = process.pid;",
    "export const bytes: unknown = Buffer.alloc(1);",
    "export const timer: unknown = setTimeout(() => {}, 1);",
    "console.log(1);\nexport {};",
  ];
  for (const [name] of pure) {
    for (const sample of samples) {
      test(`${name}: ${sample.split("\n")[0]}`, () => {
        const codes = diagnosticsOf(name, sample);
        const found = codes.some((code) => missingName.has(code));
        assert.ok(found, `diagnostics: ${codes.join(", ")}`);
      });
    }

    test(`${name}: a source that needs nothing compiles`, () => {
      assert.deepEqual(diagnosticsOf(name, "export const one: number = 1;"), []);
    });
  }

  test("the compiler does not stop grpc, which is not pure", () => {
    assert.deepEqual(diagnosticsOf("grpc", "export const id: number = process.pid;"), []);
  });
});
