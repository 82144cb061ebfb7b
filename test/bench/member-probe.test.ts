import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { beginProbes, endProbes, probeArguments } from "./member-probe.ts";

/** A program that keeps its event loop busy for as long as it is told to. */
const program = `
  process.on("message", (millis) => {
    const end = performance.now() + millis;
    while (performance.now() < end);
    // The loop comes round, and notices, before the answer.
    setTimeout(() => process.send("done"), 5);
  });
  process.send("ready");
`;

async function block(child: ChildProcess, millis: number): Promise<void> {
  const done = once(child, "message");
  child.send(millis);
  await done;
}

describe("member probe", () => {
  test("tells the longest stall between begin and end, and none before", async () => {
    const folder = await mkdtemp(join(tmpdir(), "quorate-probe-"));
    const child = spawn(process.execPath, [...probeArguments(folder), "--eval", program], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    try {
      await once(child, "message");
      const pids = [child.pid ?? 0];
      await block(child, 700);
      const profile = join(folder, "one.cpuprofile");
      await beginProbes(folder, pids, [profile]);
      await block(child, 300);
      const loop = await endProbes(folder, pids);
      assert.ok(loop.delayMaxMillis >= 290, `${loop.delayMaxMillis} ms`);
      assert.ok(loop.delayP99Millis <= loop.delayMaxMillis);
      assert.ok(loop.utilization > 0 && loop.utilization <= 1);
      assert.ok(existsSync(profile));

      await beginProbes(folder, pids, []);
      await block(child, 0);
      const idle = await endProbes(folder, pids);
      assert.ok(idle.delayMaxMillis < loop.delayMaxMillis, `${idle.delayMaxMillis} ms`);

      const ended = once(child, "exit");
      child.disconnect();
      assert.deepEqual(await ended, [0, null], "the probe keeps no process alive");
    } finally {
      child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    }
  });
});
