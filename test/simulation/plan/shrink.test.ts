import assert from "node:assert/strict";
import { test } from "node:test";
import { drawPlan } from "./draw-plan.ts";
import { isSame, plainSettings, specialSettings } from "./plain-plan.ts";
import type { Plan } from "./plan.ts";
import { shrink, type AlikeFailure } from "./shrink.ts";

const clients = ["register c0", "register c1", "watch mirror"];

/** A plan with something of everything. */
function largePlan(): Plan {
  const plan = drawPlan(3n);
  const isolate = (atMillis: number, target: number): Plan["faults"][number] => {
    return { kind: "isolate", atMillis, forMillis: 900, target };
  };
  return {
    ...plan,
    members: 5,
    faultyMillis: 8_000,
    workloads: ["register", "watch", "lease"].map((kind) => ({ kind, name: kind })),
    faults: [
      ...[100, 400, 900, 1_500, 2_500].map((atMillis) => isolate(atMillis, atMillis % 5)),
      { kind: "restart", atMillis: 700, forMillis: 50, target: 1 },
      { kind: "reset", atMillis: 5_000, target: 2 },
    ],
  };
}

/** Fails with three members, a workload, a fault and a setting, before the healing. */
function failsEarly(plan: Plan): Promise<AlikeFailure | undefined> {
  const isStruck = plan.faults.some((fault) => fault.kind === "isolate" && fault.target === 4);
  const isUsed = plan.workloads.some(({ kind }) => kind === "watch");
  const isHeard = plan.silentClients?.includes("watch mirror") !== true;
  const isSmall = plan.machine.segmentBytes === 4_096;
  const isFailing = isStruck && isUsed && isHeard && isSmall && plan.members >= 3;
  const atMillis = 3_000;
  return Promise.resolve(
    isFailing && plan.faultyMillis > atMillis ? { atMillis, clients } : undefined,
  );
}

function withSmallSegments(plan: Plan): Plan {
  return { ...plan, machine: { ...plan.machine, segmentBytes: 4_096 } };
}

test("only what a failure needs is left of a plan", async () => {
  const told: string[] = [];
  const plan = withSmallSegments({ ...largePlan(), faults: withTarget(largePlan(), 4) });
  const smallest = await shrink(plan, failsEarly, { tell: (line) => told.push(line) });
  assert.deepEqual(
    smallest.workloads.map(({ kind }) => kind),
    ["watch"],
  );
  assert.equal(smallest.faults.length, 1);
  assert.equal(smallest.members, 3);
  assert.equal(smallest.faultyMillis, 3_001);
  assert.deepEqual(smallest.silentClients, ["register c0", "register c1"]);
  assert.deepEqual(specialSettings(smallest), [["machine.segmentBytes", 4_096]]);
  assert.ok(told.includes("members 5 -> 3"), told.join("\n"));
  assert.ok(told.includes("workloads 3 -> 1"), told.join("\n"));
});

test("what fails before the healing does so in the smallest plan, too", async () => {
  const plan = { ...largePlan(), faultyMillis: 4_000 };
  // Without workloads the failure comes with the healing alone.
  const fails = ({ workloads, faultyMillis }: Plan): Promise<AlikeFailure> => {
    const atMillis = workloads.length === 0 ? faultyMillis + 3_000 : 1_000;
    return Promise.resolve({ atMillis, clients: [] });
  };
  const smallest = await shrink(plan, fails);
  assert.equal(smallest.workloads.length, 1);
  assert.equal(smallest.faultyMillis, 1_001);
});

test("what is judged at the end gets an early end", async () => {
  const fails = ({ faultyMillis, calmMillis = 3_000 }: Plan): Promise<AlikeFailure | undefined> => {
    const failure = { atMillis: faultyMillis + calmMillis + 500, clients: [] };
    return Promise.resolve(faultyMillis < 700 ? undefined : failure);
  };
  const smallest = await shrink(largePlan(), fails);
  assert.ok(smallest.faultyMillis < 760, `${smallest.faultyMillis}`);
  assert.equal(smallest.calmMillis, 0);
  assert.ok(specialSettings(smallest).length === 0);
});

test("a search that is ended keeps the smallest plan so far", async () => {
  let plays = 0;
  const seen: Plan[] = [];
  const fails = (): Promise<AlikeFailure> => {
    plays += 1;
    return Promise.resolve({ atMillis: 10, clients: [] });
  };
  const isOver = (): boolean => plays >= 3;
  const smallest = await shrink(largePlan(), fails, {
    isOver,
    onSmaller: (plan) => seen.push(plan),
  });
  assert.equal(plays, 3);
  assert.equal(smallest, seen.at(-1));
});

test("a plan that does not fail stays as it is", async () => {
  const plan = largePlan();
  assert.equal(await shrink(plan, () => Promise.resolve(undefined)), plan);
});

test("a plan of plain settings has no special ones", () => {
  const plan = { ...largePlan(), ...plainSettings };
  assert.deepEqual(specialSettings(plan), []);
  assert.ok(isSame(plan.machine, plainSettings.machine));
});

function withTarget({ faults }: Plan, target: number): Plan["faults"] {
  return faults.map((fault) => (fault.kind === "isolate" ? { ...fault, target } : fault));
}
