import { isBuiltin } from "node:module";
import { join, normalize } from "node:path";
import { type PackageRule, packageTable, testImports } from "./package-table.ts";
import { type ImportStatement, type Manifest, readManifest } from "./repository.ts";

const scope = "@quorate/";

/** A file of a package, as far as import rules care. */
export interface ImportingFile {
  /** Folder name of its package. */
  readonly packageName: string;
  /** Path relative to the repository. */
  readonly path: string;
  /** False for `src`, true for `test`. */
  readonly isTest: boolean;
}

/**
 * Judges one import by the package table.
 *
 * @returns What is wrong with it, or `undefined`.
 */
export function importProblem(
  file: ImportingFile,
  statement: ImportStatement,
  manifestOf: (packageName: string) => Manifest = (name) => readManifest(`packages/${name}`),
): string | undefined {
  const { specifier } = statement;
  if (specifier.startsWith(".")) return relativeProblem(file, specifier);
  const rule = packageTable[file.packageName];
  if (rule === undefined) return `package "${file.packageName}" is not in the table`;
  if (isBuiltin(specifier)) return builtinProblem(file, rule, specifier);
  if (specifier.startsWith(scope)) return siblingProblem(file, rule, statement, manifestOf);
  return file.isTest ? undefined : npmProblem(file, specifier, manifestOf);
}

function relativeProblem(file: ImportingFile, specifier: string): string | undefined {
  if (!/\.(ts|js|mjs|json)$/.test(specifier)) return `"${specifier}" lacks its file extension`;
  const target = normalize(join(file.path, "..", specifier));
  const own = `packages/${file.packageName}/`;
  if (file.isTest && target.startsWith("test/support/")) return undefined;
  if (!target.startsWith(own)) return `"${specifier}" leaves the package: import it by its name`;
  if (!file.isTest && !target.startsWith(`${own}src/`)) return `"${specifier}" leaves src`;
  return undefined;
}

function builtinProblem(
  file: ImportingFile,
  rule: PackageRule,
  specifier: string,
): string | undefined {
  if (!specifier.startsWith("node:")) return `"${specifier}" is to be written "node:${specifier}"`;
  if (rule.isPure === true && !file.isTest) return `"${specifier}" in a pure package`;
  return undefined;
}

function siblingProblem(
  file: ImportingFile,
  rule: PackageRule,
  statement: ImportStatement,
  manifestOf: (packageName: string) => Manifest,
): string | undefined {
  const [name = "", ...rest] = statement.specifier.slice(scope.length).split("/");
  const own = name === file.packageName;
  if (own && !file.isTest) return `"${statement.specifier}" is this package: import relatively`;
  const allowed = file.isTest ? [...rule.imports, ...testImports, file.packageName] : rule.imports;
  if (!allowed.includes(name)) return `${file.packageName} may not import ${name}`;
  const entry = rest.length === 0 ? "." : `./${rest.join("/")}`;
  if (manifestOf(name).exports?.[entry] === undefined) {
    return `"${statement.specifier}" is a deep import: ${name} does not export "${entry}"`;
  }
  return undefined;
}

function npmProblem(
  file: ImportingFile,
  specifier: string,
  manifestOf: (packageName: string) => Manifest,
): string | undefined {
  const parts = specifier.split("/");
  const name = specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
  const dependencies = manifestOf(file.packageName).dependencies ?? {};
  if (name !== undefined && name in dependencies) return undefined;
  return `"${specifier}" is not in the dependencies of packages/${file.packageName}/package.json`;
}

/**
 * Finds a cycle in the directions of imports.
 *
 * @returns The names along it, first and last the same, or `undefined` when there is none.
 */
export function findCycle(
  table: Readonly<Record<string, Pick<PackageRule, "imports">>>,
): readonly string[] | undefined {
  const finished = new Set<string>();
  const walk = (name: string, trail: readonly string[]): readonly string[] | undefined => {
    const start = trail.indexOf(name);
    if (start !== -1) return [...trail.slice(start), name];
    if (finished.has(name)) return undefined;
    for (const next of table[name]?.imports ?? []) {
      const cycle = walk(next, [...trail, name]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(name);
    return undefined;
  };
  for (const name of Object.keys(table)) {
    const cycle = walk(name, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
