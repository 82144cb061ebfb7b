import "./node-version.mjs";
import { spawnSync } from "node:child_process";

const { prepare } = await import("./prepare.mjs");
const { root, runNode, sourceArguments } = await import("./process.mjs");

const installed = spawnSync("bash", [".scripts/install-interop.sh"], {
  cwd: root,
  stdio: "inherit",
});
if (installed.status !== 0) process.exit(1);
await prepare();
const runner = ["test/run.ts", "--interop", ...process.argv.slice(2)];
process.exitCode = await runNode([...sourceArguments, ...runner]);
