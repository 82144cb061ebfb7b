import "./node-version.mjs";

const { prepare } = await import("./prepare.mjs");
await prepare();
