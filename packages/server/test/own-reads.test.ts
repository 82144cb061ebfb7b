import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Member } from "../src/member/member.ts";
import { ListenedRead, type ReadFailure } from "../src/member/read-queue.ts";
import { SimCluster } from "./support/sim-cluster.ts";
import type { SimNode } from "./support/sim-node.ts";

/** What reads of a member's own state were answered. */
class OwnReads {
  readonly revisions: number[] = [];
  readonly failures: ReadFailure[] = [];

  ask(member: Member): void {
    const read = new ListenedRead((failure) => {
      if (failure === undefined) this.revisions.push(member.state.store.currentRevision);
      else this.failures.push(failure);
    });
    member.readOwn(read);
  }
}

/** Writes until a member has applied more than its log says is committed, and ends it there. */
async function endAheadOfItsLog(
  cluster: SimCluster,
  node: SimNode,
  power: boolean,
): Promise<number> {
  const leader = cluster.nodes.find(({ member }) => member?.isLeader === true);
  assert.ok(leader !== undefined && node.member !== undefined);
  for (let count = 0; count < 5; count++) {
    cluster.write(leader);
    await cluster.advance(50);
  }
  const shown = node.member.state.store.currentRevision;
  node.crash(power);
  return shown;
}

describe("P3 a member that has restarted shows nothing older than what it had shown", () => {
  for (const power of [false, true]) {
    test(power ? "after a power failure" : "after a kill", async () => {
      const cluster = new SimCluster(1);
      await cluster.startAll();
      await cluster.advance(3_000);
      const node = cluster.nodes.find(({ member }) => member?.isLeader === false);
      assert.ok(node !== undefined);
      const shown = await endAheadOfItsLog(cluster, node, power);
      for (const { id } of cluster.nodes) {
        cluster.network.cut(node.id, id);
        cluster.network.cut(id, node.id);
      }
      const member = await cluster.whileTimePasses(node.start());
      const restored = member.state.store.currentRevision;
      assert.ok(restored < shown, `it lags behind: ${restored} of ${shown}`);

      const reads = new OwnReads();
      reads.ask(member);
      await cluster.advance(1_000);
      assert.deepEqual(reads.revisions, [], "alone it cannot know what it had shown");
      cluster.network.healAll();
      await cluster.advance(5_000);
      reads.ask(member);
      assert.equal(reads.revisions.length + reads.failures.length, 2);
      assert.ok(reads.revisions.length > 0);
      for (const revision of reads.revisions) assert.ok(revision >= shown, `${revision}, ${shown}`);
      await cluster.close();
    });
  }

  test("and answers at once where its log holds nothing that it has not applied", async () => {
    const cluster = new SimCluster(2);
    await cluster.startAll();
    await cluster.advance(3_000);
    const [node] = cluster.nodes;
    assert.ok(node?.member !== undefined);
    const reads = new OwnReads();
    reads.ask(node.member);
    assert.equal(reads.revisions.length, 1);
    await cluster.close();
  });
});
