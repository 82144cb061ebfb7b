import assert from "node:assert/strict";
import { test } from "node:test";
import { SimCluster, type SimReport } from "./simulation/sim-cluster.ts";

// A failing seed is repeated by `run-seeds.ts SEED 1`; it then becomes a named test.
const seedCount = 120;
const faultyMillis = 1_200;

test("simulated clusters keep every promise under faults and converge when they end", () => {
  const totals = new Map<string, number>();
  for (let seed = 1; seed <= seedCount; seed += 1) {
    for (const [name, value] of Object.entries(runSeed(seed))) {
      totals.set(name, (totals.get(name) ?? 0) + Number(value));
    }
  }
  // A path that no seed reaches is not tested.
  assert.ok((totals.get("applied") ?? 0) > 10_000, "entries were applied");
  for (const name of ["terms", "reads", "snapshots", "changes", "transfers", "lost"]) {
    assert.ok((totals.get(name) ?? 0) > 5, `${name}: ${totals.get(name)}`);
  }
});

test("a seed repeats itself to the last event", () => {
  assert.deepEqual(runSeed(7), runSeed(7));
});

function runSeed(seed: number): SimReport {
  const cluster = new SimCluster(seed);
  try {
    cluster.runFaulty(faultyMillis);
    return cluster.runHealed();
  } catch (error) {
    throw new Error(`seed ${seed} ${JSON.stringify(cluster.options)}`, { cause: error });
  }
}
