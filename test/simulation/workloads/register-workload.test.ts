import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { drawPlan } from "../plan/draw-plan.ts";
import type { Plan } from "../plan/plan.ts";
import { runPlan, type RunResult } from "../run-plan.ts";

/** What each workload must have put to the test in a short run without faults. */
const wanted: Readonly<Record<string, readonly string[]>> = {
  register: ["P1", "P2", "P3", "P4", "P6", "P7"],
  transfer: ["P1", "P2", "P3", "P4", "P5", "P6", "P7"],
  "multi-key": ["P1", "P2", "P3", "P4", "P5", "P6", "P7"],
};

function planOf(kind: string, seed: bigint): Plan {
  const plan = drawPlan(seed);
  return { ...plan, workloads: [{ kind, name: kind }], faultyMillis: 5_000 };
}

function assertHeld({ failure }: RunResult): void {
  assert.equal(failure, undefined, `${failure?.message}\n${failure?.stack}`);
}

for (const [kind, promises] of Object.entries(wanted)) {
  describe(`workload ${kind} in a simulated cluster`, () => {
    test("puts its promises to the test when nothing fails", async () => {
      const result = await runPlan({ ...planOf(kind, 3n), members: 3, faults: [] });
      assertHeld(result);
      const counts = new Map(result.coverage.promises);
      for (const promise of promises) {
        assert.ok((counts.get(promise) ?? 0) >= 10, `${promise}: ${counts.get(promise) ?? 0}`);
      }
    });

    test("ends, and is believed, when things fail", async () => {
      for (let seed = 1n; seed <= 3n; seed++) assertHeld(await runPlan(planOf(kind, seed)));
    });

    test("does the same twice (D2)", async () => {
      const [one, other] = [await runPlan(planOf(kind, 5n)), await runPlan(planOf(kind, 5n))];
      assertHeld(one);
      assert.equal(one.traceHash, other.traceHash);
      assert.deepEqual(one.coverage, other.coverage);
    });
  });
}
