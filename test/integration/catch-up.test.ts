/**
 * A member that is far behind, or that starts for the first time when the others have long gone on,
 * gets the state in chunks while the cluster serves (B14).
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect } from "@quorate/client";
import { until } from "../support/deadline.ts";
import type { EtcdCluster, EtcdMember } from "../support/etcd-process.ts";
import { startStore, storeMissing } from "../support/store.ts";
import { viewOf } from "./history.ts";

const skip = storeMissing("quorate");
const flags = ["--snapshot-count=40", "--snapshot-catchup-entries=10"];

describe("a member that is far behind", { skip }, () => {
  test("catches up by snapshot while the others serve", { timeout: 120_000 }, async () => {
    await using cluster = await startStore("quorate", 3, { flags });
    const late = cluster.member(2);
    await late.kill();
    await write(cluster.member(0), 300, 2_000);
    const written = await viewOf(cluster.member(0).endpoint);
    const meanwhile = write(cluster.member(0), 100, 10);
    await late.start();
    await meanwhile;
    await caughtUp(cluster, late);
    assert.ok(
      late.log.some((line) => line.includes("installed snapshot")),
      "by snapshot",
    );
    const view = await viewOf(late.endpoint);
    const prefix = view.events.slice(0, written.events.length);
    assert.deepEqual(prefix, written.events, "the history is whole");
    assert.deepEqual(view.events, (await viewOf(cluster.member(1).endpoint)).events);
  });

  test("goes on from the installed snapshot after a kill", { timeout: 120_000 }, async () => {
    await using cluster = await startStore("quorate", 3, { flags });
    const late = cluster.member(2);
    await late.kill();
    await write(cluster.member(0), 200, 500);
    await late.start();
    await caughtUp(cluster, late);
    await late.kill();
    await late.start();
    await caughtUp(cluster, late);
    assert.deepEqual(
      (await viewOf(late.endpoint)).events,
      (await viewOf(cluster.member(1).endpoint)).events,
    );
    await cluster.member(0).kill();
    await write(late, 20, 10);
  });
});

async function write(member: EtcdMember, count: number, valueBytes: number): Promise<void> {
  await using client = connect({ endpoints: [member.endpoint] });
  for (let step = 0; step < count; step += 1) {
    await client.put(`key/${step % 50}`, "x".repeat(valueBytes), { deadlineMillis: 20_000 });
  }
}

/** Waits until the member holds all that the first one holds, asked without help of the others. */
async function caughtUp(cluster: EtcdCluster, late: EtcdMember): Promise<void> {
  await using first = connect({ endpoints: [cluster.member(0).endpoint] });
  const target = (await first.getAll({ prefix: "" })).revision;
  await using client = connect({ endpoints: [late.endpoint] });
  await until(30_000, `revision ${target}`, async () => {
    const { header } = await client.maintenance.status({}, { deadlineMillis: 2_000 });
    return (header?.revision ?? 0) >= target ? true : undefined;
  });
}
