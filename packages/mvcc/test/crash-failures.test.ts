import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { NodeTimers } from "@quorate/platform";
import { SeededRandom, SimFileSystem, type SimFault } from "@quorate/platform/sim";
import { BackendFailedError, MemoryBackend, type Backend } from "@quorate/mvcc";
import { Tmpfs, tmpfsMissing } from "../../../test/support/tmpfs.ts";
import { stageUnits, wholeUnits } from "./crash-bench.ts";
import { openLmdb, temporaryDirectory } from "./support.ts";

const childPath = fileURLToPath(new URL("./crash-fill-child.ts", import.meta.url));

test("B5 LmdbBackend: a failed commit leaves a beginning of its units", async () => {
  for (const large of [8, 22]) {
    const directory = await temporaryDirectory();
    const path = join(directory.path, "db");
    const command = 'ulimit -f 4000; exec "$@"';
    const node = [process.execPath, "--conditions=@quorate/source", "--import", "tsx"];
    const child = spawn("sh", ["-c", command, "sh", ...node, childPath, path, `${large}`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let output = "";
    child.stdout.setEncoding("latin1").on("data", (text: string) => (output += text));
    const [code] = await once(child, "close");
    assert.equal(code, 0);
    assert.match(output, /"failures":1,"mark":3/);
    const backend = await openLmdb(path);
    const index = wholeUnits(backend, `with unit ${large} large: ${output}`);
    assert.ok(index >= 3 && index < large, `index ${index}`);
    await backend.close();
    await directory.dispose();
  }
});

/** Two thousand rows on a disk that then has no room for as many. */
async function fillForDefragment(backend: Backend): Promise<void> {
  for (let row = 0; row < 2_000; row++) backend.put("meta", `row ${row}`, Buffer.alloc(1_000, row));
  backend.endUnit();
  await backend.flush();
}

test(
  "B5 LmdbBackend.defragment on a full disk is typed and undone",
  { skip: tmpfsMissing },
  async () => {
    using disk = new Tmpfs(8 * 1024 * 1024);
    const failures: Error[] = [];
    const backend = await openLmdb(join(disk.path, "db"), {
      onFailure: (error) => failures.push(error),
    });
    await fillForDefragment(backend);
    await disk.fill();
    await assert.rejects(backend.defragment(), { code: "disk-full" });
    await assert.rejects(backend.snapshotTo(join(disk.path, "copy")), { code: "disk-full" });
    assert.ok(!(await readdir(disk.path)).includes("db.defragment"), "half a copy is not left");
    disk.free();
    await rm(join(disk.path, "copy"), { force: true });
    await backend.defragment();
    assert.equal(backend.get("meta", "row 7")?.length, 1_000);
    assert.deepEqual(failures, []);
    await backend.close();
  },
);

test(
  "B5 LmdbBackend: a commit that fits in part says that space is missing",
  { skip: tmpfsMissing },
  async () => {
    const sizeBytes = 8 * 1024 * 1024;
    using disk = new Tmpfs(sizeBytes);
    const failures: Error[] = [];
    const backend = await openLmdb(join(disk.path, "db"), {
      onFailure: (error) => failures.push(error),
    });
    await disk.fill();
    // Room for some of the pages: LMDB then speaks of an input/output error.
    disk.resize(sizeBytes + 3 * 4096);
    for (let row = 0; row < 40; row++) backend.put("meta", `row ${row}`, Buffer.alloc(1_000));
    backend.endUnit();
    await assert.rejects(backend.flush(), /No space left on device: \d+ bytes are free/);
    assert.equal(failures.length, 1);
    await backend.close();
  },
);

test("B5 MemoryBackend.open: defragment on a full disk is typed and undone", async () => {
  const { backend, files } = await openDisk(1n);
  await fillForDefragment(backend);
  files.setFaultPolicy(({ kind, path }) =>
    kind === "write" && path.endsWith(".defragment") ? faults["ENOSPC"] : undefined,
  );
  await assert.rejects(backend.defragment(), { code: "disk-full" });
  assert.ok(!(await files.list("/data")).some((name) => name.endsWith(".defragment")));
  files.setFaultPolicy(() => undefined);
  await backend.defragment();
  assert.equal(backend.get("meta", "row 7")?.length, 1_000);
  await backend.close();
});

const faults: Readonly<Record<string, SimFault>> = {
  EIO: { kind: "error", errno: "EIO" },
  ENOSPC: { kind: "error", errno: "ENOSPC" },
  "a short write": { kind: "short-write", bytes: 20, errno: "ENOSPC" },
};

for (const [name, fault] of Object.entries(faults)) {
  for (const restart of ["kill", "power cut"] as const) {
    test(`B3 MemoryBackend.open: ${name} at each operation of a commit, ${restart}`, async () => {
      let failed = 0;
      for (let at = 1, isOver = false; !isOver; at++) {
        const disk = await openDisk(BigInt(at));
        stageUnits(disk.backend, 1, 3);
        await disk.backend.flush();
        stageUnits(disk.backend, 4, 12);
        const end = disk.files.operations + at;
        const struck = { is: false };
        disk.files.setFaultPolicy(({ sequence, kind }) => {
          if (sequence !== end || (fault.kind === "short-write" && kind !== "write")) return;
          struck.is = true;
          return fault;
        });
        const problem = await disk.backend.flush().catch((error: unknown) => error);
        isOver = disk.files.operations < end;
        disk.files.setFaultPolicy(undefined);
        if (struck.is) {
          failed++;
          assert.ok(problem instanceof BackendFailedError);
          assert.deepEqual(disk.failures, [problem], "reported once");
          assert.throws(() => {
            disk.backend.put("meta", "a", new Uint8Array());
          }, BackendFailedError);
          await assert.rejects(disk.backend.flush(), BackendFailedError);
        }
        const mark = disk.backend.durableMark();
        await disk.backend.close();
        if (restart === "kill") disk.files.killProcess();
        else disk.files.crash();
        const reopened = await disk.open();
        const index = wholeUnits(reopened, `at operation ${at}`);
        assert.ok(index >= mark && index <= 12, `index ${index}, mark ${mark}, operation ${at}`);
        await reopened.close();
      }
      assert.ok(failed > 0);
    });
  }
}

test("B5 MemoryBackend.open: a full disk stops it, and with space it goes on", async () => {
  const disk = await openDisk(1n, 96 * 1024);
  let unit = 0;
  while (disk.failures.length === 0) {
    unit++;
    stageUnits(disk.backend, unit, unit);
    await disk.backend.flush().catch(() => undefined);
  }
  const mark = disk.backend.durableMark();
  assert.ok(mark > 100);
  await disk.backend.close();
  disk.files.killProcess();
  disk.files.setCapacity(1024 * 1024);
  const reopened = await disk.open();
  assert.equal(wholeUnits(reopened, "after the disk was full"), mark);
  stageUnits(reopened, mark + 1, mark + 100);
  await reopened.flush();
  assert.equal(wholeUnits(reopened, "with space"), mark + 100);
  await reopened.close();
});

test("MemoryBackend.open: a file that rows leave and come to stays small", async () => {
  const disk = await openDisk(1n);
  const row = Buffer.alloc(1_000, 1);
  for (let round = 0; round < 1_000; round++) {
    for (let key = 0; key < 10; key++) disk.backend.put("alarm", `row ${key}`, row);
    disk.backend.endUnit(round + 1);
    await disk.backend.flush();
  }
  assert.ok(disk.backend.sizeBytes < 400_000, `${disk.backend.sizeBytes} bytes`);
  assert.equal(disk.files.contents("/data/db").length, disk.backend.sizeBytes);
  disk.files.crash("drop-all");
  const reopened = await disk.open();
  let rows = 0;
  reopened.scan("alarm", { begin: "" }, () => ++rows > 0);
  assert.equal(rows, 10);
  await reopened.close();
});

test("B7 MemoryBackend.open: a flipped bit in force is an error, never a loss", async () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = new SeededRandom(BigInt(seed));
    const disk = await openDisk(BigInt(seed));
    for (const unit of [1, 2, 3, 4]) {
      stageUnits(disk.backend, unit, unit);
      await disk.backend.flush();
    }
    await disk.backend.close();
    const end = disk.files.contents("/data/db").length;
    const position = seed < 30 ? random.between(4096, end - 1) : random.nextInt(4096);
    disk.files.flipBit("/data/db", position, random.nextInt(8));
    const opened = await disk.open().catch((error: unknown) => error);
    if (opened instanceof Error) {
      assert.match(Reflect.get(opened, "code"), /^backend-(failed|foreign-file)$/);
      continue;
    }
    assert.ok(position < 4096, `a flip at ${position} goes unseen`);
    // As with LMDB's meta pages: a head that is damaged leaves the one before.
    assert.ok(wholeUnits(opened as Backend, "after a flip in the heads") >= 3);
    await (opened as Backend).close();
  }
});

async function openDisk(
  seed: bigint,
  capacityBytes = Infinity,
): Promise<{
  readonly files: SimFileSystem;
  readonly backend: Backend;
  readonly failures: Error[];
  readonly open: () => Promise<Backend>;
}> {
  const files = new SimFileSystem({ random: new SeededRandom(seed), capacityBytes });
  await files.makeDirectory("/data");
  await files.syncDirectory("/");
  const failures: Error[] = [];
  const open = (): Promise<Backend> =>
    MemoryBackend.open(
      "/data/db",
      { feedRowsMax: 4, onFailure: (error) => failures.push(error) },
      { timers: new NodeTimers(), fileSystem: files },
    );
  return { files, backend: await open(), failures, open };
}
