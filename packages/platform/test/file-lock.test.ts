import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { NodeFileSystem } from "../src/index.ts";

const here = dirname(fileURLToPath(import.meta.url));

describe("NodeFileSystem.lock between processes (B25)", () => {
  const root = mkdtempSync(join(tmpdir(), "quorate-lock-"));
  after(() => {
    rmSync(root, { recursive: true });
  });

  /** Starts a process that locks the path, tells whether it could, and stays. */
  async function startHolder(
    path: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly answer: string; readonly child: ChildProcess }> {
    const program = join(here, "programs", "hold-lock.ts");
    const flags = ["--conditions=@quorate/source", "--import", "tsx"];
    const child = spawn(process.execPath, [...flags, program, path], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...environment },
    });
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    return { answer: line, child };
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  test("a second process is refused, and kill -9 of the first frees the lock", async () => {
    const path = join(root, "lock");
    const first = await startHolder(path);
    assert.equal(first.answer, "locked");
    const second = await startHolder(path);
    assert.equal(second.answer, "refused");
    assert.equal(await new NodeFileSystem().lock(path), undefined);
    await end(first.child, "SIGKILL");
    const third = await startHolder(path);
    assert.equal(third.answer, "locked");
    await end(third.child, "SIGKILL");
    await end(second.child, "SIGKILL");
  });

  test("a stopped holder still holds (B12)", async () => {
    const path = join(root, "stopped");
    const first = await startHolder(path);
    first.child.kill("SIGSTOP");
    assert.equal(await new NodeFileSystem().lock(path), undefined);
    await end(first.child, "SIGKILL");
  });

  test("the socket alone excludes where no flock command is installed", async () => {
    const path = join(root, "no-command");
    const first = await startHolder(path, { PATH: "/nonexistent" });
    assert.equal(first.answer, "locked");
    const second = await startHolder(path, { PATH: "/nonexistent" });
    assert.equal(second.answer, "refused");
    await end(first.child, "SIGKILL");
    const lock = await new NodeFileSystem().lock(path);
    assert.ok(lock !== undefined);
    await lock.release();
    await end(second.child, "SIGKILL");
  });
});
