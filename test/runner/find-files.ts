import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";

/** Which of the repository's test files to take. */
export interface FileSelection {
  /** True takes only files under a folder `interop`, false only the others. */
  readonly interop: boolean;
  /** Parts of paths; a file is taken when its path contains one of them. Empty takes all. */
  readonly include: readonly string[];
  /** Parts of paths that rule a file out. */
  readonly exclude: readonly string[];
}

/**
 * Finds the `*.test.ts` files below `packages/<name>/test`, `test` and `examples`.
 *
 * @returns Paths relative to `root`, in alphabetical order.
 */
export async function findTestFiles(
  root: string,
  selection: FileSelection,
): Promise<readonly string[]> {
  const packages = await readdir(join(root, "packages"), { withFileTypes: true });
  const folders = [
    ...packages
      .filter((entry) => entry.isDirectory())
      .map((entry) => join("packages", entry.name, "test")),
    "test",
    "examples",
  ];
  const found = await Promise.all(folders.map((folder) => testFilesBelow(root, folder)));
  return found
    .flat()
    .filter((path) => path.includes("/interop/") === selection.interop)
    .filter((path) => selection.include.length === 0 || matchesAny(path, selection.include))
    .filter((path) => !matchesAny(path, selection.exclude))
    .sort();
}

async function testFilesBelow(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
      throw error;
    },
  );
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes("node_modules/"));
}

function matchesAny(path: string, parts: readonly string[]): boolean {
  return parts.some((part) => path.includes(part.replace(/^\.\//, "")));
}
