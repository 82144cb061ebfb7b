/**
 * Full disks (B5): the quota raises its alarm while there is room, and what frees space works;
 * a disk that is physically full ends the member with a reason, and it goes on when there is room.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect, ServerError, type Client } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { Tmpfs, tmpfsMissing } from "../support/tmpfs.ts";
import { checkAll, describeRun, Load, outageMillisMax, serviceAfter } from "./kill-checks.ts";

const skip = quorateMissing || tmpfsMissing;
const mebibyte = 1024 * 1024;
const flags = ["--wal-segment-bytes=1048576", "--backend-batch-interval=50ms"];
const options = { deadlineMillis: 20_000 };
const alarm = { get: 0, deactivate: 2, noSpace: 1 } as const;

describe("a full disk", { skip }, () => {
  test("is told by the quota first, and can be emptied", { timeout: 120_000 }, async () => {
    using disk = new Tmpfs(64 * mebibyte);
    await using cluster = await ClusterProcesses.start(3, {
      parent: (index) => (index === 0 ? disk.path : undefined),
      flags: [...flags, `--quota-backend-bytes=${12 * mebibyte}`],
    });
    await using client = connect({ endpoints: [cluster.member(0).endpoint] });
    const refusal = await writeUntilRefused(client, 40 * mebibyte);
    assert.equal(refusal.code, "no-space");
    await assert.rejects(client.put("key", "x", options), { code: "no-space" });
    const { alarms } = await client.maintenance.alarm({ action: alarm.get });
    assert.ok(alarms.length > 0, "the alarm is on");
    const { kvs, revision } = await client.getAll({ prefix: "fill/" });
    assert.ok(kvs.length > 0, "reads are served");
    const { deleted } = await client.delete({ prefix: "fill/" }, options);
    assert.equal(deleted, kvs.length, "deletes are served");
    await client.compact(revision + 1, { ...options, physical: true });
    for (const member of cluster.members) {
      await using own = connect({ endpoints: [member.endpoint] });
      await own.maintenance.defragment({}, options);
    }
    for (const { memberId } of alarms) {
      const off = { action: alarm.deactivate, memberId, alarm: alarm.noSpace };
      await client.maintenance.alarm(off, options);
    }
    await client.put("key", "there is room", options);
    await checkAll(cluster, [], revision + 2);
  });

  test("ends the member that has it; the others serve", { timeout: 120_000 }, async () => {
    using disk = new Tmpfs(24 * mebibyte);
    await using cluster = await ClusterProcesses.start(3, {
      parent: (index) => (index === 0 ? disk.path : undefined),
      flags,
    });
    const [full, ...others] = cluster.members;
    assert.ok(full);
    await using load = new Load(cluster.endpoints);
    await serviceAfter(others);
    await disk.fill();
    await using client = connect({ endpoints: others.map((member) => member.endpoint) });
    while (full.isRunning) await client.put("filler", "x".repeat(20_000), options);
    const { code, signal } = await full.ended();
    const log = full.lifeLog.slice(-5).join("\n");
    assert.ok(code === 1 || signal === "SIGABRT", `${code} ${signal}\n${log}`);
    const said = full.lifeLog.find((line) => line.includes("cannot go on safely")) ?? "";
    assert.match(said, /ENOSPC|No space left/, log);
    const outage = await serviceAfter(others);
    assert.ok(outage < outageMillisMax, `service was away for ${outage} ms (V1)`);
    full.launch();
    const stillFull = await full.ended();
    assert.equal(stillFull.code, 1, "it does not start on a full disk");
    assert.match(full.lifeLog.at(-1) ?? "", /ENOSPC|No space left/);
    const records = await load.end();
    disk.free();
    disk.resize(256 * mebibyte);
    await full.start();
    await checkAll(cluster, records);
    console.log(describeRun(records, { outage }));
  });
});

/** Writes values of 64 KiB until one is refused. */
async function writeUntilRefused(client: Client, bytesMax: number): Promise<ServerError> {
  for (let bytes = 0; bytes < bytesMax; bytes += 65_536) {
    try {
      await client.put(`fill/${bytes}`, "x".repeat(65_536), options);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      return error;
    }
  }
  throw new Error(`${bytesMax} bytes were written without an alarm`);
}
