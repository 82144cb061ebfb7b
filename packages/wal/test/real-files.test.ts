import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, describe as suite, test } from "node:test";
import { NodeClock, NodeFileSystem, NodeRandom } from "@quorate/platform";
import { WriteAheadLog, type WalDependencies } from "../src/index.ts";
import { append, describe, entry, hardState, mark, markSnapshot, metadata } from "./harness.ts";

suite("WriteAheadLog on real files", () => {
  const root = mkdtempSync(join(tmpdir(), "quorate-wal-"));
  after(() => {
    rmSync(root, { recursive: true });
  });
  const files = new NodeFileSystem();
  const dependencies: WalDependencies = {
    files,
    clock: new NodeClock(),
    random: new NodeRandom(),
    onFailure: (error) => {
      throw error;
    },
  };

  test("segments are cut and released, and everything comes back", async () => {
    const directory = join(root, "segments");
    const options = { segmentBytes: 64 * 1024 };
    const wal = await WriteAheadLog.create(directory, { metadata }, options, dependencies);
    for (let i = 1; i <= 400; i++) {
      const what = {
        entries: [entry(i, 1, new Uint8Array(900).fill(i))],
        hardState: hardState(1, i),
      };
      await append(wal, what);
    }
    assert.ok(wal.status().segments >= 5, JSON.stringify(wal.status()));
    await markSnapshot(wal, mark(350, 1));
    await wal.release(350);
    assert.ok(wal.status().segments <= 2, JSON.stringify(wal.status()));
    await wal.close();
    const { wal: reopened, recovered } = await WriteAheadLog.open(
      directory,
      metadata,
      options,
      dependencies,
    );
    assert.deepEqual(
      recovered.entries.map(({ index }) => Number(index)),
      Array.from({ length: 50 }, (_, i) => 351 + i),
    );
    assert.equal(recovered.hardState?.commit, 400);
    await reopened.close();
  });

  test("kill -9 at any moment keeps what was acknowledged, again and again (B1, P4)", async () => {
    const directory = join(root, "killed");
    const program = join(import.meta.dirname, "programs", "append-until-killed.ts");
    let acknowledged = 0;
    for (let round = 0; round < 4; round++) {
      const flags = ["--conditions=@quorate/source", "--import", "tsx"];
      const child = spawn(process.execPath, [...flags, program, directory], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const wanted = acknowledged + 150 + 37 * round;
      for await (const line of createInterface(child.stdout)) {
        const index = Number(line);
        assert.equal(index, acknowledged + 1, "acknowledged in order");
        acknowledged = index;
        if (index === wanted) break;
      }
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
      const { wal, recovered } = await WriteAheadLog.open(
        directory,
        {},
        { segmentBytes: 64 * 1024 },
        dependencies,
      );
      await wal.close();
      assert.ok(recovered.entries.length >= acknowledged, describe(recovered).slice(0, 200));
      for (const { index, data } of recovered.entries) {
        assert.equal(data.length, 200 + (index % 300));
        assert.ok(data.every((byte) => byte === index % 256));
      }
      acknowledged = recovered.entries.length;
    }
  });
});
