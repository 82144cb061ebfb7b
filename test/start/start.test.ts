import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { connect } from "@quorate/client";
import { root } from "../architecture/repository.ts";
import { type ChildEnd, runChild, waitForOutput } from "../readme/child.ts";
import { freePorts } from "../support/free-port.ts";

const scratch = mkdtempSync(join(tmpdir(), "quorate-start-"));
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** Runs `node .scripts/NAME.mjs` as npm does for `npm start`, `npm test` and the others. */
async function runScript(
  name: string,
  scriptArguments: readonly string[],
  nodeArguments: readonly string[] = [],
): Promise<ChildEnd> {
  return await runChild({
    command: process.execPath,
    arguments: [...nodeArguments, `.scripts/${name}.mjs`, ...scriptArguments],
    directory: root,
    environment: { npm_execpath: undefined },
    timeoutMillis: 60_000,
  });
}

function assertOneSentence(end: ChildEnd, pattern: RegExp): void {
  assert.notEqual(end.code, 0);
  assert.match(end.stderr.trim(), pattern);
  assert.equal(end.stderr.trim().split("\n").length, 1, end.stderr);
  assert.equal(end.stdout, "");
}

async function memberFlags(directory: string): Promise<readonly string[]> {
  const [clientPort, peerPort] = await freePorts(2);
  return [
    `--data-dir=${directory}`,
    `--listen-client-urls=http://127.0.0.1:${clientPort}`,
    `--advertise-client-urls=http://127.0.0.1:${clientPort}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
  ];
}

describe("on a Node that is too old", () => {
  const oldNode = 'Object.defineProperty(process.versions, "node", { value: "18.20.4" });';
  const preload = `--import=data:text/javascript,${encodeURIComponent(oldNode)}`;

  for (const name of ["start", "test", "demo", "bench", "check", "build", "format", "interop"]) {
    test(`.scripts/${name}.mjs ends with one sentence`, async () => {
      const end = await runScript(name, [], [preload]);
      assertOneSentence(end, /^Cannot run on Node 18\.20\.4: Quorate needs Node >=20\.19/);
    });
  }
});

describe("npm start", () => {
  test("names a port that is in use", async () => {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", () => resolve()));
    const address = listener.address();
    assert.ok(address !== null && typeof address === "object");
    const flags = (await memberFlags(scratch)).filter((flag) => !flag.includes("listen-client"));
    const busy = `--listen-client-urls=http://127.0.0.1:${address.port}`;
    const end = await runScript("start", [...flags, busy]);
    listener.close();
    const sentence = `^Cannot start: 127\\.0\\.0\\.1:${address.port} is in use by another program`;
    assertOneSentence(end, new RegExp(sentence));
  });

  test("names a data directory that it cannot write", async () => {
    const file = join(scratch, "file");
    writeFileSync(file, "");
    const end = await runScript("start", await memberFlags(join(file, "data")));
    assertOneSentence(
      end,
      /^Cannot start: the data directory "\S+" is not writable \(ENOTDIR\)\.$/,
    );
  });

  test("serves, says what to type next, and keeps its data over a SIGTERM", async () => {
    const flags = await memberFlags(join(scratch, "data"));
    const endpoint = flags[1]?.replace(/^.*\/\//, "") ?? "";
    await whileStarted(flags, async (output) => {
      assert.match(output, new RegExp(`Quorate serves http://${endpoint}; its data is in `));
      await using client = connect({ endpoints: [endpoint] });
      await client.put("greeting", "hello");
    });
    await whileStarted(flags, async () => {
      await using client = connect({ endpoints: [endpoint] });
      assert.equal((await client.get("greeting"))?.text(), "hello");
    });
  });
});

/** Runs `npm start` until `use` is done; then a SIGTERM has to end it in good order. */
async function whileStarted(
  flags: readonly string[],
  use: (output: string) => Promise<void>,
): Promise<void> {
  const child = spawn(process.execPath, [".scripts/start.mjs", ...flags], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  try {
    await use(await waitForOutput(child, /etcdctl --endpoints=\S+ get greeting/));
  } finally {
    child.kill("SIGTERM");
  }
  // The member ends by the signal it got, as etcd does; a shell says 128 + 15.
  assert.equal(await exit, 143);
}
