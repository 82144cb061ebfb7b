import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeLeaseGrantRequest } from "@quorate/api";
import { highOfId, lowOfId } from "@quorate/state-machine";
import fc from "fast-check";
import { decodeIds, decodeSeconds, encodeIds, encodeSeconds } from "../src/member/lease-frames.ts";
import { LeaseRenewal } from "../src/member/lease-renewal.ts";
import type { Member } from "../src/member/member.ts";
import { toProposal } from "../src/member/outcome.ts";
import { FrameKind } from "../src/peer/frame.ts";
import { SimCluster } from "./support/sim-cluster.ts";

/** A cluster with a leader, another member, and leases 1 to `count` of ten seconds. */
async function start(count: number): Promise<{
  readonly cluster: SimCluster;
  readonly leader: Member;
  readonly follower: Member;
}> {
  const cluster = new SimCluster(7);
  await cluster.startAll();
  await cluster.advance(5_000);
  const leader = cluster.leader() ?? assert.fail();
  const other = cluster.nodes.find(({ id }) => id !== leader.memberId);
  const follower = other?.member ?? assert.fail();
  for (let id = 1; id <= count; id += 1) grant(leader, BigInt(id), 10);
  await cluster.advance(1_000);
  assert.equal(follower.state.leases.size, count);
  return { cluster, leader, follower };
}

function grant(member: Member, id: bigint, ttl: number): void {
  const message = { id, ttl };
  const bytes = encodeLeaseGrantRequest(message);
  member.propose(toProposal({ kind: "lease-grant", message }, bytes, () => undefined));
}

function renewAll(member: Member, ids: readonly bigint[]): (number | undefined)[] {
  const answers: (number | undefined)[] = [];
  for (const id of ids) {
    const owner = {
      handleRenewed: ({ ttlSeconds }: LeaseRenewal) => void answers.push(ttlSeconds),
    };
    member.leases.renew(new LeaseRenewal(highOfId(id), lowOfId(id), 1, owner));
  }
  return answers;
}

test("a follower forwards the renewals of a turn in one message", async () => {
  const { cluster, follower } = await start(500);
  const before = cluster.network.framesOf(FrameKind.request);
  const ids = Array.from({ length: 501 }, (_, index) => BigInt(index + 1));
  const answers = renewAll(follower, ids);
  await cluster.advance(1_000);
  assert.deepEqual(answers, [...Array<number>(500).fill(10), 0]);
  assert.equal(cluster.network.framesOf(FrameKind.request), before + 1);
});

test("renewals beyond what may wait for a quorum are tried again", async () => {
  const { cluster, leader } = await start(1);
  const ids = Array<bigint>(200_500).fill(1n);
  const answers = renewAll(leader, ids);
  await cluster.advance(40);
  assert.ok(answers.length > 0 && answers.length <= 200_000, `${answers.length} at first`);
  await cluster.advance(1_000);
  assert.deepEqual(answers, Array<number>(ids.length).fill(10));
});

test("renewals at a follower keep leases alive, and others end", async () => {
  const { cluster, leader, follower } = await start(4);
  for (let second = 0; second < 20; second += 1) {
    renewAll(follower, [1n, 3n]);
    await cluster.advance(1_000);
  }
  assert.deepEqual(
    [1n, 2n, 3n, 4n].map((id) => leader.state.leases.has(id)),
    [true, false, true, false],
  );
});

test("a renewal that a leader took and lost is asked for again (L1)", async () => {
  const { cluster, leader, follower } = await start(1);
  for (const { id } of cluster.nodes) {
    cluster.network.cut(id, leader.memberId);
    cluster.network.cut(leader.memberId, id);
  }
  const [there, here] = [renewAll(leader, [1n]), renewAll(follower, [1n])];
  await cluster.advance(6_000);
  assert.deepEqual(here, [10], "the next leader answers");
  await cluster.advance(6_000);
  assert.deepEqual(there, [undefined], "a leader without a quorum never does");
});

test("frames about leases keep ids and seconds as they are", () => {
  const id = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const seconds = fc.option(fc.integer({ min: -1, max: 9_000_000_000 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(id), fc.array(seconds), (ids, each) => {
      const halves = ids.map((each) => ({ idHigh: highOfId(each), idLow: lowOfId(each) }));
      const payload = Buffer.from(encodeIds(halves));
      assert.deepEqual(decodeIds(payload), halves);
      assert.deepEqual(
        ids.map((_, index) => payload.readBigInt64LE(8 * index)),
        ids,
        "members of other versions read the same",
      );
      assert.deepEqual(decodeSeconds(encodeSeconds(each)), each);
    }),
  );
  assert.deepEqual(decodeIds(new Uint8Array(9)), []);
  assert.deepEqual(decodeSeconds(new Uint8Array(9)), []);
});
