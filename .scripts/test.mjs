import "./node-version.mjs";

const { prepare } = await import("./prepare.mjs");
const { runNode, sourceArguments } = await import("./process.mjs");

if (!process.argv.includes("--help")) await prepare();
process.exitCode = await runNode([...sourceArguments, "test/run.ts", ...process.argv.slice(2)]);
