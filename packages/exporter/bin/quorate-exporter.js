#!/usr/bin/env node
// The command "quorate-exporter". npm links it before anything is built, so it is not itself built:
// it runs what was built from src/main.ts, or says how to build that.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = new URL("../dist/main.js", import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  const folder = fileURLToPath(new URL("../../../", import.meta.url));
  console.error(`Cannot run quorate-exporter: it is not built; type npm run build in ${folder}`);
  process.exitCode = 1;
}
