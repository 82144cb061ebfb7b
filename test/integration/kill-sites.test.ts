/**
 * The places where tests kill members are all there are: whole lives are traced, and each kind of
 * operation that changes a file must be in the lists of `kill-sites.ts` (B1, C26).
 *
 * That a life comes to each place in the lists is what the tests that kill there find out.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect, type Client } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import type { MemberProcess } from "../support/member-process.ts";
import { straceMissing } from "../support/strace.ts";
import { lead, namesOfState, statusOf } from "./kill-checks.ts";
import {
  firstStartSites,
  leftOverSite,
  loadSites,
  receiveSites,
  sendSites,
  type Site,
} from "./kill-sites.ts";
import { changesOf, kindOfSite, traceWrapper } from "./kill-sites-trace.ts";

const skip = quorateMissing || straceMissing;
const usual = [...firstStartSites, ...loadSites, leftOverSite];
const flags = [
  ...["--snapshot-count=40", "--snapshot-catchup-entries=10", "--wal-segment-bytes=16384"],
  "--backend-batch-interval=20ms",
];

describe("the places where members are killed", { skip }, () => {
  test("are all operations of a first start, and of load", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.create(1, { flags });
    const member = cluster.member(0);
    const traces = ["first", "next"].map((name) => join(cluster.directory, `${name}.trace`));
    for (const trace of traces) {
      await member.start({ wrapper: traceWrapper(trace) });
      await using client = connect({ endpoints: [member.endpoint] });
      await work(client);
      await member.stop();
    }
    await assertKnown(member, traces, usual);
  });

  test("are all operations of the way of a state", { timeout: 120_000 }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags });
    const [sender, , late] = cluster.members;
    assert.ok(sender && late);
    const traces = ["sender", "late"].map((name) => join(cluster.directory, `${name}.trace`));
    const [sent = "", received = ""] = traces;
    const lateId = (await statusOf(late)).header?.memberId ?? 0n;
    await late.kill();
    await sender.restart({ wrapper: traceWrapper(sent) });
    await lead(cluster, sender);
    await using client = connect({ endpoints: [sender.endpoint] });
    await work(client);
    const names = await namesOfState(sender);
    await late.start({ wrapper: traceWrapper(received) });
    const { revision } = await client.put("filler", "the last", { deadlineMillis: 20_000 });
    await until(20_000, "the state at the late one", async () => {
      const { header } = await statusOf(late);
      return (header?.revision ?? 0) >= revision ? true : undefined;
    });
    await late.logged(/installed snapshot/);
    await late.stop();
    await sender.stop();
    await assertKnown(sender, [sent], [...usual, ...sendSites(lateId)]);
    await assertKnown(late, [received], [...usual, ...receiveSites(names)]);
  });

  test("are found in what strace writes", () => {
    const data = "/tmp/m0";
    const text = [
      '1 openat(AT_FDCWD</tmp>, "/tmp/m0/member/lock", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3',
      '1 openat(AT_FDCWD</tmp>, "/tmp/m0/member/lock", O_RDWR|O_CLOEXEC <unfinished ...>',
      '2 pread64(3</tmp/m0/member/wal/0000000000000001-0000000000000002.wal>, ""..., 8, 0) = 8',
      "2 pwrite64(3</tmp/m0/member/wal/0000000000000001-0000000000000002.wal>,  <unfinished ...>",
      "2 fallocate(4</tmp/m0/member/wal/0000000000000002.prepared>, 0, 0, 9) = 0",
      '2 rename("/tmp/m0/a", "/tmp/m0/b") = 0',
      '2 rename("/tmp/elsewhere/m0/a", "/tmp/m0/b") = 0',
      "2 <... pwrite64 resumed>) = 8",
    ];
    assert.deepEqual(changesOf(text.join("\n"), data), [
      ...["fallocate prepared segment", "openat member/lock"],
      ...["pwrite64 segment", "rename a", "rename b"],
    ]);
  });
});

/** All that a member does to its files, twice. */
async function work(client: Client): Promise<void> {
  const options = { deadlineMillis: 20_000 };
  for (let round = 0; round < 2; round += 1) {
    for (let write = 0; write < 120; write += 1) {
      await client.put("filler", "x".repeat(300), options);
    }
    const { revision } = await client.range("filler", options);
    await client.compact(revision - 20, options);
    await client.maintenance.defragment({}, options);
  }
}

async function assertKnown(
  member: MemberProcess,
  traces: readonly string[],
  sites: readonly Site[],
): Promise<void> {
  const directory = { data: member.dataDirectory, segments: ["segment"], prepared: "prepared" };
  const known = new Set(sites.map((site) => kindOfSite(site, directory)));
  for (const trace of traces) {
    const changes = changesOf(await readFile(trace, "utf8"), member.dataDirectory);
    assert.ok(changes.length > 10, `${trace} tells of a life: ${changes.join(", ")}`);
    const unknown = changes.filter((change) => !known.has(change));
    assert.deepEqual(unknown, [], `kill-sites.ts has every operation in ${trace}`);
  }
}
