import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** Absolute path of the repository, with a slash at its end. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** Fields of a package.json that the architecture speaks about. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly type: string;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
}

/** One import, export-from or `import()` of a source file. */
export interface ImportStatement {
  readonly specifier: string;
  /** Line number, from 1. */
  readonly line: number;
}

/** Names of the folders below `packages/`, in alphabetical order. */
export function packageFolders(): readonly string[] {
  return readdirSync(join(root, "packages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Reads `package.json` of a folder given relative to the repository. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readText(join(folder, "package.json"))) as Manifest;
}

/** Reads a text file given relative to the repository. */
export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Whether a path relative to the repository exists. */
export function pathExists(path: string): boolean {
  return existsSync(join(root, path));
}

/**
 * Lists the files below a folder given relative to the repository; none when it does not exist.
 * What is built, installed or generated is left out.
 *
 * @param pattern - Matched against the path relative to the repository.
 * @returns Paths relative to the repository.
 */
export function filesBelow(folder: string, pattern: RegExp): readonly string[] {
  if (!pathExists(folder)) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => pattern.test(path) && !/(^|\/)(node_modules|dist|gen)\//.test(path))
    .sort();
}

/** TypeScript and JavaScript that people write: sources, tests, examples, scripts. */
export function writtenCode(): readonly string[] {
  return ["packages", "test", "examples", ".scripts"].flatMap((folder) =>
    filesBelow(folder, /\.(ts|js|mjs)$/),
  );
}

/** Parses one source file given relative to the repository; nothing is resolved. */
export function parseSource(path: string, text: string = readText(path)): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
}

/** Collects every way a file names another module. */
export function importsOf(file: ts.SourceFile): readonly ImportStatement[] {
  const found: ImportStatement[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    found.push({ specifier: specifier.text, line });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(node, node.moduleSpecifier);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node, node.argument.literal);
    } else if (ts.isCallExpression(node) && isModuleCall(node)) {
      add(node, node.arguments[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isModuleCall(node: ts.CallExpression): boolean {
  const callee = node.expression;
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  return ts.isIdentifier(callee) && callee.text === "require";
}
