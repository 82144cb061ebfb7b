import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ChildProgram } from "../../support/child-program.ts";
import {
  anyStoreMissing,
  comparedStores,
  startComparedStore,
} from "../../support/compared-stores.ts";
import type { StoreKind } from "../../support/store.ts";

// The system's Python, which the package of the client is installed for.
const python = "/usr/bin/python3";
const program = fileURLToPath(new URL("client.py", import.meta.url));

function missing(): string | false {
  if (anyStoreMissing !== false) return anyStoreMissing;
  const { status } = spawnSync(python, ["-c", "import etcd3"], { stdio: "ignore" });
  return status === 0 ? false : `no package etcd3 for ${python}`;
}

/** Runs the whole script against a new store of one member. */
async function transcript(
  kind: StoreKind,
  flags: readonly string[] = [],
): Promise<readonly string[]> {
  await using cluster = await startComparedStore(kind, { flags });
  const port = String(cluster.member(0).clientPort);
  const { code, stdout, stderr } = await ChildProgram.run(python, [program, "127.0.0.1", port], {
    timeoutMillis: 60_000,
  });
  assert.equal(code, 0, `${kind}:\n${stdout}\n${stderr}`);
  return stdout.trim().split("\n");
}

test("python3-etcd3 sees the same of both stores", { skip: missing() }, async () => {
  const [model, other] = await Promise.all(comparedStores.map((kind) => transcript(kind)));
  assert.match(model?.at(-1) ?? "", /"step": "end"/);
  assert.deepEqual(other, model);
});

test("python3-etcd3 sees the same of both transports", { skip: missing() }, async () => {
  const flags = ["--grpc-transport=native", "--grpc-transport=grpc-js"];
  const [native, other] = await Promise.all(flags.map((flag) => transcript("quorate", [flag])));
  assert.match(native?.at(-1) ?? "", /"step": "end"/);
  assert.deepEqual(other, native);
});
