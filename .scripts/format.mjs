import "./node-version.mjs";

const { install } = await import("./prepare.mjs");
const { prettierArguments } = await import("./prettier.mjs");
const { runNode } = await import("./process.mjs");

await install();
process.exitCode = await runNode(prettierArguments("--write"));
