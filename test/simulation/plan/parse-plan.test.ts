import assert from "node:assert/strict";
import { test } from "node:test";
import { drawPlan } from "./draw-plan.ts";
import { focuses } from "./focus.ts";
import { PlanError, toPlan } from "./parse-plan.ts";

test("toPlan takes every plan that is drawn, as it was kept", () => {
  for (let seed = 1n; seed <= 300n; seed += 1n) {
    const focus = focuses[Number(seed) % (focuses.length + 1)];
    const plan = drawPlan(seed, focus);
    const text = JSON.stringify(plan);
    assert.equal(JSON.stringify(toPlan(JSON.parse(text))), text);
  }
});

const drawn = drawPlan(7n);
const timed = { atMillis: 10, forMillis: 10, target: "leader" };

for (const [change, problem] of [
  [{ members: 0 }, "members is 0, expected a whole number from 1 to 7"],
  [{ members: 8 }, "members is 8, expected a whole number from 1 to 7"],
  [{ members: "3" }, 'members is "3", expected a whole number from 1 to 7'],
  [{ seed: 7 }, "seed is 7, expected a decimal number as a text"],
  [{ timing: undefined }, "timing is missing, expected an object"],
  [{ network: { ...drawn.network, dropProbability: 2 } }, "network.dropProbability is 2"],
  [{ machine: { ...drawn.machine, syncMillis: [1] } }, "machine.syncMillis has 1 elements"],
  [{ workloads: [{ kind: "poker", name: "poker" }] }, /workloads\[0\].kind is "poker".* register,/],
  [{ faults: {} }, "faults is {}, expected a list"],
  [{ faults: [timed] }, /faults\[0\].kind is missing, expected one of crash, .*remove-member/],
  [{ faults: [{ kind: "nosuch", ...timed }] }, /faults\[0\].kind is "nosuch", .* crash, .* wipe/],
  [{ faults: [{ kind: "toString", ...timed }] }, 'faults[0].kind is "toString"'],
  [{ faults: [{ kind: "pause", ...timed, target: -1 }] }, /target is -1, expected .*leader or a/],
  [{ faults: [{ kind: "pause", ...timed, targt: 1 }] }, "faults[0].targt is unknown"],
  [{ faults: [{ kind: "pause", target: 1, atMillis: 1 }] }, "faults[0].forMillis is missing"],
] as const) {
  test(`toPlan refuses ${JSON.stringify(change).slice(0, 60)}`, () => {
    assertRefused({ ...drawn, ...change }, problem);
  });
}

for (const value of [{}, [], null, 7, "plan"]) {
  test(`toPlan refuses ${JSON.stringify(value)}`, () => assertRefused(value, /expected/));
}

function assertRefused(value: unknown, problem: string | RegExp): void {
  assert.throws(
    () => toPlan(value),
    (error) => {
      assert.ok(error instanceof PlanError);
      if (typeof problem === "string") assert.ok(error.message.includes(problem), error.message);
      else assert.match(error.message, problem);
      return true;
    },
  );
}
