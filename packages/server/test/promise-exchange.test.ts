/** B16 through whole members: a data directory that is put back from a copy is noticed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMessage, toLogIndex, toTerm } from "@quorate/raft";
import { FrameKind } from "../src/peer/frame.ts";
import {
  decodePromises,
  encodePromises,
  StaleDirectoryError,
} from "../src/member/promise-exchange.ts";
import { SimCluster } from "./support/sim-cluster.ts";
import type { SimNode } from "./support/sim-node.ts";

async function start(seed: number): Promise<{
  readonly cluster: SimCluster;
  readonly leader: SimNode;
  readonly followers: readonly SimNode[];
}> {
  const cluster = new SimCluster(seed);
  await cluster.startAll();
  await cluster.advance(5_000);
  const leader = cluster.nodes.find(({ member }) => member?.isLeader === true);
  assert.ok(leader);
  return { cluster, leader, followers: cluster.nodes.filter((node) => node !== leader) };
}

async function write(cluster: SimCluster, node: SimNode, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const operation = cluster.write(node);
    await cluster.advance(100);
    assert.equal(typeof operation.outcome, "object", "the write is acknowledged");
  }
}

test("B16 a follower with an older data directory stops and says why", async () => {
  const { cluster, leader, followers } = await start(3);
  const [stale] = followers;
  assert.ok(stale);
  const image = stale.files.image();
  await write(cluster, leader, 5);
  stale.crash(false);
  stale.files.restore(image);
  await cluster.whileTimePasses(stale.start());
  await assert.rejects(cluster.advance(2_000), ({ cause }: Error) => {
    assert.ok(cause instanceof StaleDirectoryError, String(cause));
    assert.match(cause.message, /is older than what it has promised/);
    return true;
  });
});

test("B16 a follower that a heartbeat finds short of entries says why, too (C14)", async () => {
  const { cluster, leader, followers } = await start(4);
  const [stale] = followers;
  assert.ok(stale?.member && leader.member);
  const { term, log } = stale.member.status();
  const commit = toLogIndex(log.lastIndex + 1);
  const message = { kind: "heartbeat", from: leader.id, to: stale.id, term, commit } as const;
  const body = Buffer.concat(encodeMessage({ ...message, readRound: 1 }));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length, 0);
  cluster.network.deliver(leader.id, stale.id, FrameKind.raft, Buffer.concat([head, body]));
  await assert.rejects(cluster.advance(1_000), ({ cause }: Error) => {
    assert.ok(cause instanceof StaleDirectoryError, String(cause));
    assert.match(cause.message, /is older than what it has promised to member .*: its log ends at/);
    return true;
  });
});

test("B16 members that restart from what they had are accused of nothing", async () => {
  for (let seed = 1; seed <= 5; seed += 1) {
    const { cluster, leader, followers } = await start(seed);
    await write(cluster, leader, 3);
    for (const node of [...followers, leader]) {
      node.crash(true);
      await cluster.whileTimePasses(node.start());
      await cluster.advance(6_000);
      const leading = cluster.nodes.find(({ member }) => member?.isLeader === true);
      assert.ok(leading, "the restarted member takes part again");
      await write(cluster, leading, 2);
    }
    cluster.check();
    await cluster.close();
  }
});

test("B16 all members that restart at once elect a leader as fast as ever (V1)", async () => {
  const { cluster, leader } = await start(9);
  await write(cluster, leader, 3);
  for (const node of cluster.nodes) node.crash(true);
  await cluster.startAll();
  await cluster.advance(3_000);
  assert.ok(cluster.leader(), "a leader within 3 s");
  await cluster.close();
});

test("promises survive their way, and what is none is not taken for one", () => {
  const promises = {
    ...{ term: toTerm(7), votedTerm: toTerm(0), acceptedTerm: toTerm(6) },
    ...{ acceptedIndex: toLogIndex(2 ** 40), committedIndex: toLogIndex(12) },
  };
  assert.deepEqual(decodePromises(encodePromises(promises)), promises);
  assert.equal(decodePromises(Buffer.alloc(39)), undefined);
  assert.equal(decodePromises(Buffer.alloc(40, 0xff)), undefined);
});
