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
  serviceAfterStart,
  underLoad,
} from "./kill-checks.ts";
import { drawChoices, drawSome } from "./kill-draw.ts";

const runMillis = Number(process.env["QUORATE_KILL_SECONDS"] ?? "5") * 1_000;
const timeout = runMillis + 120_000;

/** Kills members and starts them again; tells how long service was away, in milliseconds. */
type Round = (cluster: ClusterProcesses, turn: number) => Promise<number>;

describe("members killed under load", { skip: quorateMissing }, () => {
  test("the leader of three, again and again", { timeout }, async () => {
    await killInRounds(3, async (cluster) => {
      await acknowledgedWrites(cluster, 3);
      const leader = await leaderOf(cluster);
      await leader.kill();
      const outage = await serviceAfter(others(cluster, [leader]));
      await leader.start();
      return outage;
    });
  });

  test("two of three at once", { timeout }, async () => {
    const random = drawChoices("two of three");
    await killInRounds(3, async (cluster) => {
      await acknowledgedWrites(cluster, 1 + random.nextInt(20));
      const [first, second] = await killSome(cluster, drawSome(random, 2, 3));
      assert.ok(first && second);
      const outage = await serviceAfterStart(cluster, [first]);
      await second.start();
      return outage;
    });
  });

  for (const size of [1, 3, 5]) {
    test(`all of ${size} at once`, { timeout }, async () => {
      await killInRounds(size, async (cluster) => {
        await acknowledgedWrites(cluster, 20);
        await Promise.all(cluster.members.map((member) => member.kill()));
        return serviceAfterStart(cluster, cluster.members);
      });
    });
  }

  test("a majority of five, then a minority, drawn at random", { timeout }, async () => {
    const random = drawChoices("five");
    await killInRounds(5, async (cluster, turn) => {
      await acknowledgedWrites(cluster, 1 + random.nextInt(20));
      const isMajority = turn % 2 === 0;
      const killed = await killSome(cluster, drawSome(random, isMajority ? 3 : 2, 5));
      // With a majority gone, the first that comes back makes a quorum of three.
      const back = killed.slice(0, isMajority ? 1 : 0);
      const outage = await serviceAfterStart(cluster, back);
      await cluster.startAll();
      return outage;
    });
  });
});

/** Kills under load until the time is up, twice at least, and judges what came of it. */
async function killInRounds(size: number, round: Round): Promise<void> {
  await using cluster = await ClusterProcesses.start(size);
  const outages: number[] = [];
  const records = await underLoad(cluster, runMillis, async (signal) => {
    for (let turn = 0; !signal.aborted || turn < 2; turn += 1) {
      outages.push(await round(cluster, turn));
    }
  });
  const longest = Math.max(...outages);
  console.log(describeRun(records, { kills: outages.length, longest }));
  await checkAll(cluster, records);
  assert.ok(longest < outageMillisMax, `service was away for ${longest} ms (V1)`);
}

async function killSome(
  cluster: ClusterProcesses,
  indexes: readonly number[],
): Promise<readonly MemberProcess[]> {
  const killed = indexes.map((index) => cluster.member(index));
  await Promise.all(killed.map((member) => member.kill()));
  return killed;
}

function others(
  cluster: ClusterProcesses,
  killed: readonly MemberProcess[],
): readonly MemberProcess[] {
  return cluster.members.filter((member) => !killed.includes(member));
}
