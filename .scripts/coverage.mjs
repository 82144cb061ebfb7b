import "./node-version.mjs";

const { prepare } = await import("./prepare.mjs");
const { runNode, sourceArguments } = await import("./process.mjs");

await prepare();
process.exitCode = await runNode([
  "node_modules/c8/bin/c8.js",
  "--include=packages/*/src/**",
  "--exclude=packages/*/src/gen/**",
  "--reporter=text-summary",
  "--reporter=html",
  process.execPath,
  ...sourceArguments,
  "test/run.ts",
  ...process.argv.slice(2),
]);
