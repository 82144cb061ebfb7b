import "./node-version.mjs";
import { existsSync } from "node:fs";

const { prepare } = await import("./prepare.mjs");
const { fail, root, runNode, sourceArguments } = await import("./process.mjs");

if (!existsSync(`${root}test/bench/main.ts`))
  fail("Cannot measure: test/bench/main.ts is missing.");
await prepare();
process.exitCode = await runNode([
  ...sourceArguments,
  "test/bench/main.ts",
  ...process.argv.slice(2),
]);
