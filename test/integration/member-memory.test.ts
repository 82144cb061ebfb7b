/** The check of memory finds a member that hoards. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { checkMemory, memoryOf } from "./member-memory.ts";

/** Code that a member runs before its own; takes 128 MiB that belong to no file. */
const hoarding = "globalThis.hoard = Buffer.alloc(128 * 1024 * 1024, 1)";

test("checkMemory finds a member that hoards", { skip: quorateMissing }, async () => {
  await using cluster = await ClusterProcesses.start(1);
  const before = memoryOf(cluster.members);
  checkMemory(cluster.members, 0);
  checkMemory(cluster.members, 0, before);
  const environment = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURI(hoarding)}` };
  await cluster.member(0).restart({ environment });
  assert.throws(() => checkMemory(cluster.members, 0), /MiB of memory are too much \(B24\)/);
  assert.throws(() => checkMemory(cluster.members, 0, before), /B24/);
  // So many revisions would explain it.
  checkMemory(cluster.members, 128 * 1024);
});
