import "./node-version.mjs";
import { existsSync } from "node:fs";

const { prepare } = await import("./prepare.mjs");
const { fail, root, runNode, sourceArguments } = await import("./process.mjs");

if (!existsSync(`${root}examples/demo.ts`))
  fail("Cannot play the demo: examples/demo.ts is missing.");
await prepare();
process.exitCode = await runNode([
  ...sourceArguments,
  "examples/demo.ts",
  ...process.argv.slice(2),
]);
