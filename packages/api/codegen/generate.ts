import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { emitIndex } from "./emit-index.ts";
import { emitPackage } from "./emit-package.ts";
import { emitServices } from "./emit-services.ts";
import { toFileStem } from "./names.ts";
import { loadSchema } from "./schema.ts";

/**
 * Generates the sources of the package that follow from its .proto files.
 *
 * @param folder - Of the package: holds `proto` and `src`.
 * @returns Text by path relative to `folder`, formatted.
 */
export async function generate(folder: string): Promise<Map<string, string>> {
  const schema = loadSchema(join(folder, "proto"));
  const index = readFileSync(join(folder, "src/index.ts"), "utf8");
  const sources = new Map([
    ["src/gen/services.ts", emitServices(schema)],
    ["src/index.ts", emitIndex(index, schema)],
  ]);
  for (const one of schema.packages) {
    sources.set(`src/gen/${toFileStem(one.name)}.ts`, emitPackage(one, schema));
  }
  const formatted = new Map<string, string>();
  for (const [path, source] of sources) {
    formatted.set(path, await format(source, { parser: "typescript", printWidth: 100 }));
  }
  return formatted;
}

// Run as a program: writes the sources.
if (process.argv[1] === import.meta.filename) {
  const folder = join(import.meta.dirname, "..");
  for (const [path, source] of await generate(folder)) writeFileSync(join(folder, path), source);
}
