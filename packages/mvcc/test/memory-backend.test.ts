import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { MemoryBackend, type Backend } from "@quorate/mvcc";
import {
  testBackendCompliance,
  testVersionCompliance,
  type BackendBench,
} from "./backend-compliance.ts";
import { NodeFileSystem, NodeTimers } from "@quorate/platform";
import { SeededRandom, SimFileSystem } from "@quorate/platform/sim";
import { bytes, temporaryDirectory } from "./support.ts";

async function createBench(): Promise<BackendBench> {
  const directory = await temporaryDirectory();
  let content = new MemoryBackend({ fileSystem: new NodeFileSystem() });
  return {
    directory: directory.path,
    open: () => {
      content = content.crash();
      return Promise.resolve(content);
    },
    crash: () => {
      content = content.crash();
      return Promise.resolve(content);
    },
    sizeOf: async (path) => (await stat(path)).size,
    dispose: directory.dispose,
  };
}

/** The real backend's code on a simulated disk that loses power, or on which processes die. */
async function createDiskBench(crash: "power" | "kill"): Promise<BackendBench> {
  const files = new SimFileSystem({ random: new SeededRandom(1n) });
  await files.makeDirectory("/data");
  await files.syncDirectory("/");
  const open = (): Promise<Backend> =>
    MemoryBackend.open("/data/db", {}, { timers: new NodeTimers(), fileSystem: files });
  return {
    directory: "/data",
    open,
    crash: (backend: Backend) => {
      if (crash === "power") files.crash();
      else files.killProcess();
      // The dead process closes nothing: its handles are dead.
      void backend.close().catch(() => undefined);
      return open();
    },
    sizeOf: async (path) => (await files.stat(path))?.sizeBytes ?? 0,
    dispose: () => Promise.resolve(),
  };
}

testBackendCompliance("MemoryBackend", createBench);
testVersionCompliance("MemoryBackend", createBench);
for (const crash of ["power", "kill"] as const) {
  testBackendCompliance(`MemoryBackend.open, ${crash}`, () => createDiskBench(crash));
  testVersionCompliance(`MemoryBackend.open, ${crash}`, () => createDiskBench(crash));
}

test("C25 MemoryBackend.snapshotTo: the mark covers exactly the rows that are copied", async () => {
  const directory = await temporaryDirectory();
  const backend = new MemoryBackend({ fileSystem: new NodeFileSystem() });
  const write = (unit: number): void => {
    backend.put("meta", "applied", bytes(String(unit)));
    backend.endUnit(unit);
  };
  const state = { isOver: false };
  const copies: Promise<void>[] = [];
  for (let copy = 1; copy <= 5; copy++) {
    write(copy * 1_000);
    const path = join(directory.path, `copy${copy}`);
    copies.push(
      backend.snapshotTo(path).then(async ({ mark }) => {
        const copied = new MemoryBackend({ fileSystem: new NodeFileSystem() });
        await copied.replaceWith(path);
        const applied = Buffer.from(copied.get("meta", "applied") ?? bytes("")).toString();
        assert.equal(applied, String(mark), `copy ${copy}`);
        assert.equal(copied.durableMark(), 0);
      }),
    );
  }
  // Units go on becoming durable while the copies are written.
  const writing = (async () => {
    for (let unit = 10_000; !state.isOver; unit++) {
      write(unit);
      await backend.flush();
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const results = await Promise.allSettled(copies);
  state.isOver = true;
  await writing;
  for (const result of results) {
    if (result.status === "rejected") throw result.reason;
  }
  await directory.dispose();
});
