/**
 * A member that is far behind, killed at file operations of the receipt of a state or without room
 * for it, and a leader killed while it sends one: the cluster serves on, the member catches up, in
 * its next life at the latest, and all hold the same (B1, B5, B14, P4, P8, C9, C13, C26).
 *
 * By default at some operations; `QUORATE_KILL_SEED` repeats the choice, `QUORATE_KILL_EVERY=1`
 * takes all.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import type { MemberProcess } from "../support/member-process.ts";
import { straceMissing, straceWrapper } from "../support/strace.ts";
import {
  checkAll,
  describeRun,
  lead,
  leaderOf,
  Load,
  namesOfState,
  outageMillisMax,
  serviceAfter,
  statusOf,
} from "./kill-checks.ts";
import { drawChoices, drawSome } from "./kill-draw.ts";
import { lookAt, receiveSites, sendSites, type Site } from "./kill-sites.ts";
import { RealTime, type WriterRecord } from "./writers.ts";

const skip = quorateMissing || straceMissing;
const isExhaustive = process.env["QUORATE_KILL_EVERY"] === "1";
const drawn = { received: 6, sent: 3 } as const;
/**
 * The longest that service may be away after the leader of three has died (V1): a leader within
 * 3 s, which has no majority before the member that is behind has its state.
 */
const stateOutageMillisMax = 5_000;
const timeout = isExhaustive ? 3_600_000 : 180_000;
const flags = [
  ...["--snapshot-count=40", "--snapshot-catchup-entries=10", "--wal-segment-bytes=16384"],
  "--backend-batch-interval=20ms",
];

describe("killed on the way of a state", { skip }, () => {
  test("the one that receives it", { timeout }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags });
    const [late, others] = [cluster.member(2), cluster.members.slice(0, 2)];
    const history = new History(others);
    await leaveLog(late, history);
    const count = receiveSites([]).length;
    const chosen = choose("received", count);
    for (const at of chosen) {
      await late.kill();
      await history.goOn();
      const site = receiveSites(await namesOfState(await leaderOf(cluster)))[at];
      assert.ok(site);
      late.launch({ wrapper: await killerOf(late, site) });
      await isKilledAt(late, site);
      assert.ok((await serviceAfter(others)) < outageMillisMax, "the others serve on");
    }
    await cluster.startAll();
    await checkAll(cluster, history.records);
    console.log(describeRun(history.records, { kills: chosen.length }));
  });

  test("the one that has no room for it goes on when there is some (B5)", { timeout }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags });
    const [late, others] = [cluster.member(2), cluster.members.slice(0, 2)];
    const history = new History(others);
    const calls = ["openat", "pwrite64", "fdatasync"];
    for (const call of calls) {
      await late.kill();
      await history.goOn();
      const sites = receiveSites(await namesOfState(await leaderOf(cluster)));
      const site = sites.find(({ name }) => name === `${call} received state`);
      assert.ok(site);
      late.launch({ wrapper: await wrapperOf(late, site, "error=ENOSPC") });
      await late.logged(/ENOSPC|No space left/, 60_000);
      assert.ok((await serviceAfter(others)) < outageMillisMax, "the others serve on");
      // The disk has room again: by itself, or in its next life.
      const isInstalled = late.logged(/installed snapshot/, 60_000).then(
        () => true,
        () => false,
      );
      if (!(await isInstalled)) assert.equal((await late.ended()).code, 1, "it ends with a reason");
      console.log(`no room for ${site.name}: ${(await isInstalled) ? "sent again" : "ended"}`);
    }
    await cluster.startAll();
    await checkAll(cluster, history.records);
    console.log(describeRun(history.records, { errors: calls.length }));
  });

  test("the leader that sends it", { timeout }, async () => {
    await using cluster = await ClusterProcesses.start(3, { flags });
    const [late, others] = [cluster.member(2), cluster.members.slice(0, 2)];
    const [sender, other] = [cluster.member(0), cluster.member(1)];
    const lateId = (await statusOf(late)).header?.memberId ?? 0n;
    const history = new History(others);
    const outages: number[] = [];
    const sites = sendSites(lateId);
    for (const at of choose("sent", sites.length)) {
      const site = sites[at];
      assert.ok(site);
      await late.kill();
      await history.goOn();
      await sender.stop();
      await sender.start({ wrapper: await killerOf(sender, site) });
      await lead(cluster, sender);
      late.launch();
      await isKilledAt(sender, site);
      // The other has to notice, to win an election and to send its own copy.
      outages.push(await serviceAfter([other, late]));
      await sender.start();
    }
    await cluster.startAll();
    await checkAll(cluster, history.records);
    const longest = Math.max(...outages);
    console.log(describeRun(history.records, { kills: outages.length, longest }));
    assert.ok(longest < stateOutageMillisMax, `service was away for ${longest} ms (V1)`);
  });
});

/** Positions of the operations of a run. */
function choose(part: keyof typeof drawn, count: number): readonly number[] {
  if (isExhaustive) return Array.from({ length: count }, (_, at) => at);
  return [...drawSome(drawChoices(part), drawn[part], count)].sort((one, other) => one - other);
}

/** Ends a member whose log has more than one file: the oldest can go. */
async function leaveLog(member: MemberProcess, history: History): Promise<void> {
  await until(60_000, `a longer log of ${member.name}`, async () => {
    await member.start();
    await history.goOn();
    await member.kill();
    return (await lookAt(member.dataDirectory)).segments.length > 1 ? true : undefined;
  });
}

/** What is written while a member is away. */
class History {
  readonly records: WriterRecord[] = [];
  readonly #members: readonly MemberProcess[];
  readonly #realTime = new RealTime();
  #loads = 0;

  constructor(members: readonly MemberProcess[]) {
    this.#members = members;
  }

  /** Writes more than the log keeps for one that is behind, then is silent. */
  async goOn(): Promise<void> {
    const endpoints = this.#members.map((member) => member.endpoint);
    this.#loads += 1;
    await using load = new Load(endpoints, this.#realTime, `.${this.#loads}`);
    await using client = connect({ endpoints });
    for (let write = 0; write < 80; write += 1) {
      await client.put("filler", "x".repeat(200), { deadlineMillis: 20_000 });
    }
    this.records.push(...(await load.end()));
  }
}

async function killerOf(member: MemberProcess, site: Site): Promise<readonly string[]> {
  return wrapperOf(member, site, "signal=KILL");
}

async function wrapperOf(
  member: MemberProcess,
  { call, paths, nth }: Site,
  what: string,
): Promise<readonly string[]> {
  const files = paths(await lookAt(member.dataDirectory));
  return straceWrapper({ call, paths: files, when: String(nth), what });
}

async function isKilledAt(member: MemberProcess, site: Site): Promise<void> {
  const end = await member.ended(60_000).catch(() => undefined);
  const log = member.lifeLog.slice(-5).join("\n");
  assert.equal(end?.signal, "SIGKILL", `${member.name} comes to ${site.name}:\n${log}`);
}
