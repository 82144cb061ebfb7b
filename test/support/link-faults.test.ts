/**
 * What this machine lets the tests have of faults on real processes. What is missing is a reason to
 * skip, and with `QUORATE_REQUIRE_FAULTS=1` a failure.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { unlessRequired } from "./fault-means.ts";
import { startLinkFaults } from "./link-faults-start.ts";
import { namespacesMissing } from "./namespaces.ts";
import { straceMissing, straceWrapper } from "./strace.ts";
import { Tmpfs, tmpfsMissing } from "./tmpfs.ts";

const linksMissing = unlessRequired(namespacesMissing());
const withoutRoot = process.getuid?.() === 0 ? false : "not root";
const required = "QUORATE_REQUIRE_FAULTS";

test("strace fails a call", { skip: straceMissing }, () => {
  const failing = { call: "openat", paths: ["/dev/null"], when: "1", what: "error=EIO" };
  const [program = "", ...argv] = [...straceWrapper(failing), "cat", "/dev/null"];
  const { status, stderr } = spawnSync(program, argv, { encoding: "utf8" });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /Input\/output error/);
});

test("a file system can be full", { skip: tmpfsMissing }, async () => {
  using disk = new Tmpfs(65_536);
  await disk.fill();
  await assert.rejects(writeFile(join(disk.path, "file"), "x"), { code: "ENOSPC" });
});

test("links are namespaces of the kernel", { skip: linksMissing }, async () => {
  await using faults = startLinkFaults(2);
  assert.equal(faults.kind, "namespaces");
});

test("links are relays where there is no ip command", { skip: withoutRoot }, async (t) => {
  setVariable(t, "PATH", "/nowhere");
  assert.equal(namespacesMissing(), "no ip command");
  setVariable(t, required, undefined);
  await using faults = startLinkFaults(2);
  assert.equal(faults.kind, "proxies");
  assert.throws(() => startLinkFaults(2, "namespaces"), /no ip command/);
  setVariable(t, required, "1");
  assert.throws(() => startLinkFaults(2), /no ip command/);
  await using chosen = startLinkFaults(2, "proxies");
  assert.equal(chosen.kind, "proxies");
});

test("links are relays where the kernel refuses namespaces", { skip: withoutRoot }, async (t) => {
  await failWith(t, "mount --make-shared /run/netns failed: Operation not permitted");
  setVariable(t, required, undefined);
  await using faults = startLinkFaults(2);
  assert.equal(faults.kind, "proxies");
  setVariable(t, required, "1");
  assert.throws(() => startLinkFaults(2), /Operation not permitted/);
});

test("links are not relays after a bug", { skip: withoutRoot }, async (t) => {
  await failWith(t, 'Error: argument "m0" is wrong: not a valid ifname');
  setVariable(t, required, undefined);
  assert.throws(() => startLinkFaults(2), /not a valid ifname/);
});

test("what is missing is a reason to skip, and a failure where all is required", (t) => {
  setVariable(t, required, undefined);
  assert.equal(unlessRequired("no strace"), "no strace");
  assert.equal(unlessRequired(false), false);
  setVariable(t, required, "1");
  assert.equal(unlessRequired(false), false);
  assert.throws(() => unlessRequired("no strace"), /no strace/);
});

/** Until the end of a test. */
function setVariable(t: TestContext, name: string, value: string | undefined): void {
  const before = process.env[name];
  t.after(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** Programs that are there and do nothing but complain. */
async function failWith(t: TestContext, complaint: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "quorate-programs-"));
  t.after(() => rm(directory, { recursive: true }));
  for (const program of ["ip", "tc", "ss"]) {
    const path = join(directory, program);
    await writeFile(path, `#!/bin/sh\n[ "$1" = -V ] || { echo '${complaint}' >&2; exit 1; }\n`);
    await chmod(path, 0o755);
  }
  setVariable(t, "PATH", directory);
}
