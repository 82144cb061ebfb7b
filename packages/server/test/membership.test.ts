import assert from "node:assert/strict";
import { test } from "node:test";
import type { Member } from "../src/member/member.ts";
import type { MemberChangeEnd, WantedMemberChange } from "../src/member/membership.ts";
import { SimCluster } from "./support/sim-cluster.ts";

/** Three members, connected for long enough, and published as started. */
async function start(seed = 1): Promise<{
  readonly cluster: SimCluster;
  readonly leader: Member;
  readonly follower: Member;
}> {
  const cluster = new SimCluster(seed);
  await cluster.startAll();
  await cluster.advance(6_000);
  cluster.publishAll();
  await cluster.advance(1_000);
  const leader = cluster.leader() ?? assert.fail("no leader");
  const other = cluster.nodes.find(({ id }) => id !== leader.memberId);
  return { cluster, leader, follower: other?.member ?? assert.fail() };
}

function ask(member: Member, change: WantedMemberChange): MemberChangeEnd[] {
  const ends: MemberChangeEnd[] = [];
  member.changeMembers(change, (end) => ends.push(end));
  return ends;
}

function describe(ends: readonly MemberChangeEnd[]): string {
  assert.ok(ends.length <= 1, "settled once");
  const [end] = ends;
  switch (end?.kind) {
    case undefined:
      return "pending";
    case "changed":
      return end.members.map(({ id, isLearner }) => `${id}${isLearner ? "L" : ""}`).join(" ");
    case "refused":
      return end.error.code;
    case "failed":
      return `${end.failure.reason}${end.failure.isUnknown ? " unknown" : ""}`;
  }
}

const learner = { kind: "add", peerUrls: ["http://10.0.0.44:2380"], isLearner: true } as const;

test("a follower changes members through the leader and answers when it is applied", async () => {
  const { cluster, leader, follower } = await start();
  const ends = ask(follower, learner);
  await cluster.advance(1_000);
  const [end] = ends;
  assert.ok(end?.kind === "changed");
  assert.equal(end.members.length, 4);
  assert.deepEqual(follower.state.members.get(end.id)?.peerUrls, learner.peerUrls);
  assert.equal(leader.state.members.get(end.id)?.isLearner, true);
  const removed = ask(follower, { kind: "remove", id: end.id });
  await cluster.advance(1_000);
  assert.equal(describe(removed), "11 22 33");
});
