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
const given = process.argv.slice(2);
const runner = ["test/run.ts", "--interop"];
process.exitCode = await runNode([...sourceArguments, ...runner, ...given]);

// What is built for any etcd is held against both stores: once more, on this one.
const onQuorate = ["failover", "kv", "watch"].map((name) => `client/test/interop/${name}`);
if (given.length === 0) {
  console.log("once more on Quorate: the client and the recipes");
  const environment = { QUORATE_TEST_STORE: "quorate" };
  const again = [...sourceArguments, ...runner, "packages/recipes", ...onQuorate];
  const code = await runNode(again, { environment });
  process.exitCode ||= code;
}
