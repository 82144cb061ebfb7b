/**
 * Members killed by SIGKILL under load, as a failing machine would: nothing acknowledged is lost,
 * all members tell the same history, and service is back within 3 s (B1, P1, P4-P8, V1).
 *
 * `QUORATE_KILL_SECONDS` sets how long each run lasts, 5 by default; `QUORATE_KILL_SEED` repeats
 * the choices that a run printed.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import type { MemberProcess } from "../support/member-process.ts";
import {
  acknowledgedWrites,
  checkAll,
  describeRun,
  leaderOf,
  outageMillisMax,
  serviceAfter,
  underLoad,
} from "./kill-checks.ts";
import { drawChoices, drawSome } from "./kill-draw.ts";

const runMillis = Number(process.env["QUORATE_KILL_SECONDS"] ?? "5") * 1_000;
const timeout = runMillis + 120_000;

describe("members killed under load", { skip: quorateMissing }, () => {
  test("the leader of three, again and again", { timeout }, async () => {
    await using cluster = await ClusterProcesses.start(3);
    const outages: number[] = [];
    const records = await underLoad(cluster, runMillis, async (signal) => {
      while (!signal.aborted || outages.length < 2) {
        const leader = await leaderOf(cluster);
        await leader.kill();
        outages.push(await serviceAfter(others(cluster, [leader])));
        await leader.start();
        await acknowledgedWrites(cluster, 3);
      }
    });
    judge(outages, describeRun(records, { kills: outages.length, longest: Math.max(...outages) }));
    await checkAll(cluster, records);
  });

  test("all three at once", { timeout }, async () => {
    await using cluster = await ClusterProcesses.start(3);
    const outages: number[] = [];
    const records = await underLoad(cluster, runMillis, async (signal) => {
      while (!signal.aborted || outages.length < 2) {
        await acknowledgedWrites(cluster, 20);
        await Promise.all(cluster.members.map((member) => member.kill()));
        await cluster.startAll();
        outages.push(await serviceAfter(cluster.members));
      }
    });
    judge(outages, describeRun(records, { kills: outages.length, longest: Math.max(...outages) }));
    await checkAll(cluster, records);
  });

  test("the only one", { timeout }, async () => {
    await using cluster = await ClusterProcesses.start(1);
    const outages: number[] = [];
    const records = await underLoad(cluster, runMillis, async (signal) => {
      const only = cluster.member(0);
      while (!signal.aborted || outages.length < 2) {
        await acknowledgedWrites(cluster, 20);
        await only.restart();
        outages.push(await serviceAfter([only]));
      }
    });
    judge(outages, describeRun(records, { kills: outages.length, longest: Math.max(...outages) }));
    await checkAll(cluster, records);
  });

  test("a majority of five, then a minority, drawn at random", { timeout }, async () => {
    await using cluster = await ClusterProcesses.start(5);
    const random = drawChoices("five");
    const outages: number[] = [];
    const records = await underLoad(cluster, runMillis, async (signal) => {
      for (let round = 0; !signal.aborted || round < 2; round += 1) {
        await acknowledgedWrites(cluster, 1 + random.nextInt(20));
        const count = round % 2 === 0 ? 3 : 2;
        const killed = drawSome(random, count, 5).map((index) => cluster.member(index));
        await Promise.all(killed.map((member) => member.kill()));
        // With a majority gone, the first that comes back makes a quorum of three.
        if (round % 2 === 0) await killed[0]?.start();
        const running = cluster.members.filter(({ isRunning }) => isRunning);
        outages.push(await serviceAfter(running));
        await cluster.startAll();
      }
    });
    judge(outages, describeRun(records, { kills: outages.length, longest: Math.max(...outages) }));
    await checkAll(cluster, records);
  });
});

function judge(outages: readonly number[], line: string): void {
  console.log(line);
  assert.ok(outages.length >= 2, `killed ${outages.length} times`);
  for (const millis of outages) {
    assert.ok(millis < outageMillisMax, `service was away for ${millis} ms (V1)`);
  }
}

function others(
  cluster: ClusterProcesses,
  killed: readonly MemberProcess[],
): readonly MemberProcess[] {
  return cluster.members.filter((member) => !killed.includes(member));
}
