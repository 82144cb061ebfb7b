import "./node-version.mjs";

const { install } = await import("./prepare.mjs");
const { runNode, sourceArguments } = await import("./process.mjs");

await install();
process.exitCode = await runNode([
  ...sourceArguments,
  "test/simulation/mutants/main.ts",
  ...process.argv.slice(2),
]);
