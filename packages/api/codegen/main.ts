// Writes the generated sources of this package: `npm run generate -w @quorate/api`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "./generate.ts";

const folder = join(import.meta.dirname, "..");
for (const [path, source] of await generate(folder)) writeFileSync(join(folder, path), source);
