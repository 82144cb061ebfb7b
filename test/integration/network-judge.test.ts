/** The judge of the network tests finds each kind of broken promise in records that were true. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as passing } from "node:timers/promises";
import { connect, op } from "@quorate/client";
import { ClusterProcesses, quorateMissing } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import { judge, type LoadRecords, type Verdict } from "./network-judge.ts";
import { NetworkLoad, type CallRecord, type Outcome } from "./network-load.ts";

const prefix = "judged/";

describe("the judge", { skip: quorateMissing }, () => {
  let cluster: ClusterProcesses;
  let records: LoadRecords;

  before(async () => {
    if (quorateMissing !== false) return;
    cluster = await ClusterProcesses.start(1);
    await using load = new NetworkLoad(prefix, cluster.endpoints);
    await until(20_000, "enough calls", async () => {
      await passing(1);
      return load.writes.length > 30 && load.reads.length > 30 ? true : undefined;
    });
    await load.stop();
    const { writes, reads, sights } = load;
    records = { writes, reads, sights };
  });

  after(async () => {
    if (quorateMissing === false) await cluster.close();
  });

  function judged(changed: Partial<LoadRecords>): Promise<Verdict> {
    return judge(prefix, cluster.endpoints, { ...records, ...changed });
  }

  test("finds nothing in true records", async () => {
    const verdict = await judged({});
    assert.deepEqual([verdict.unknown, verdict.failed], [0, 0]);
  });

  test("finds an acknowledged write that is not there (P4)", async () => {
    const writes = changedAt(records.writes, 20, { value: "lost" });
    await assert.rejects(judged({ writes }), /P4: lost/);
  });

  test("finds a failed write that took effect, and one of nobody (P6)", async () => {
    const outcome: Outcome = { kind: "failed", code: "unavailable" };
    await assert.rejects(judged({ writes: changedAt(records.writes, 20, { outcome }) }), /P6/);
    await assert.rejects(judged({ writes: records.writes.slice(1) }), /P6: nobody wrote/);
  });

  test("finds a write below what was known before its call (P1)", async () => {
    const floor = 1_000_000;
    await assert.rejects(judged({ writes: changedAt(records.writes, 20, { floor }) }), /P1/);
    const outcome: Outcome = { kind: "unknown", code: "cancelled" };
    const writes = changedAt(records.writes, 20, { outcome, floor });
    await assert.rejects(judged({ writes }), /P1: before its call/);
  });

  test("finds a conditional write whose condition did not hold (P5)", async () => {
    const index = records.writes.findIndex(({ expected }) => (expected ?? 0) > 0);
    const writes = changedAt(records.writes, index, { expected: 1 });
    await assert.rejects(judged({ writes }), /P5/);
  });

  test("finds a stale read, and one of a state that never was (P1, P2)", async () => {
    const index = records.reads.findIndex((read) => !read.isSerializable && read.seen);
    const stale = changedAt(records.reads, index, { floor: 1_000_000 });
    await assert.rejects(judged({ reads: stale }), /P2: stale/);
    const seen = { value: "never written", modRevision: 2 };
    await assert.rejects(judged({ reads: changedAt(records.reads, index, { seen }) }), /P1/);
  });

  test("finds a member that goes backwards (P3)", async () => {
    const [first, ...others] = records.reads;
    assert.ok(first);
    const late = { ...first, isSerializable: true };
    await assert.rejects(judged({ reads: [...others, late] }), /P3/);
  });

  // The last one: the history stays as it leaves it.
  test("finds two writes at one revision (P7)", async () => {
    await using client = connect({ endpoints: cluster.endpoints });
    const keys = [`${prefix}one`, `${prefix}other`] as const;
    const both = client.txn().then(op.put(keys[0], "one"), op.put(keys[1], "other"));
    const { revision } = await both.commit();
    const [some] = records.writes;
    assert.ok(some);
    const outcome: Outcome = { kind: "done", revision };
    const writes = keys.map((key) => ({ ...some, key, outcome, value: key.slice(prefix.length) }));
    await assert.rejects(judged({ writes: [...records.writes, ...writes] }), /P7/);
  });
});

function changedAt<T extends CallRecord>(
  all: readonly T[],
  index: number,
  change: Partial<T>,
): readonly T[] {
  assert.ok(all[index] !== undefined, "there is such a call");
  return all.map((each, place) => (place === index ? { ...each, ...change } : each));
}
