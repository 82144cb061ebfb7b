import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  checkLinearizability,
  isCompleted,
  registerModel,
  type RegisterInput,
} from "@quorate/linearizability";
import { isLinearizableByBruteForce } from "./brute-force.ts";
import { historyOf, type Draw } from "./random-history.ts";
import type { RegisterOperation } from "./timeline.ts";

const value = fc.constantFrom("1", "2", "3");

function inputOf(keys: readonly string[]): fc.Arbitrary<RegisterInput> {
  const key = fc.constantFrom(...keys);
  return fc.oneof(
    fc.record({ key, kind: fc.constant("read" as const) }),
    fc.record({ key, kind: fc.constant("write" as const), value }),
    fc.record({ key, kind: fc.constant("compare-and-set" as const), expected: value, value }),
  );
}

function drawsOf(keys: readonly string[], maxLength: number): fc.Arbitrary<readonly Draw[]> {
  return fc.array(
    fc.record({
      client: fc.integer({ min: 0, max: 4 }),
      input: inputOf(keys),
      before: fc.integer({ min: 0, max: 3 }),
      after: fc.integer({ min: 0, max: 3 }),
      fate: fc.constantFrom("answered", "answered", "answered", "lost", "lost without effect"),
    }),
    { maxLength },
  );
}

test("what really took effect one after the other is linearizable", () => {
  fc.assert(
    fc.property(drawsOf(["x", "y"], 60), (draws) => {
      const judgement = checkLinearizability(registerModel, historyOf(draws));
      assert.equal(judgement.verdict, "ok");
    }),
    { numRuns: 500 },
  );
});

test("the order of an ok verdict explains every answer and keeps to the order of time", () => {
  fc.assert(
    fc.property(drawsOf(["x", "y"], 30), (draws) => {
      const history = historyOf(draws);
      const judgement = checkLinearizability(registerModel, history);
      assert.equal(judgement.verdict, "ok");
      for (const order of judgement.orders) assertExplains(order);
      const ordered = judgement.orders.flat().filter(isCompleted).length;
      assert.equal(ordered, history.filter(isCompleted).length);
    }),
    { numRuns: 200 },
  );
});

function assertExplains(order: readonly RegisterOperation[]): void {
  let state = registerModel.initial;
  let callMax = Number.NEGATIVE_INFINITY;
  for (const operation of order) {
    const next = registerModel.step(state, operation.input, operation.output);
    assert.ok(next !== undefined, "each answer follows from the state before");
    state = next;
    callMax = Math.max(callMax, operation.callTime);
    const end = operation.returnTime ?? Number.POSITIVE_INFINITY;
    assert.ok(callMax <= end, "nothing comes before what had returned before its call");
  }
}

/** A history of a few operations in which times and answers are anything at all. */
const anyOperation: fc.Arbitrary<RegisterOperation> = fc
  .record({
    input: inputOf(["x"]),
    callTime: fc.integer({ min: 0, max: 8 }),
    duration: fc.integer({ min: 0, max: 6 }),
    isPending: fc.integer({ min: 0, max: 3 }).map((draw) => draw === 0),
    seen: fc.constantFrom(undefined, "1", "2", "3"),
    isSet: fc.boolean(),
  })
  .map(({ input, callTime, duration, isPending, seen, isSet }): RegisterOperation => {
    if (isPending)
      return { client: "c", input, output: undefined, callTime, returnTime: undefined };
    const returnTime = callTime + duration;
    const rest = { client: "c", input, callTime, returnTime };
    if (input.kind === "read") return { ...rest, output: { kind: "value", value: seen } };
    if (input.kind === "write") return { ...rest, output: { kind: "done" } };
    return { ...rest, output: { kind: "compared", isSet } };
  });

test("every small history is judged as by trying all orders", () => {
  const verdicts = { ok: 0, illegal: 0, unknown: 0 };
  fc.assert(
    fc.property(fc.array(anyOperation, { minLength: 2, maxLength: 6 }), (history) => {
      const { verdict } = checkLinearizability(registerModel, history);
      verdicts[verdict]++;
      assert.equal(verdict === "ok", isLinearizableByBruteForce(registerModel, history));
    }),
    { numRuns: 5_000, seed: 1 },
  );
  assert.ok(verdicts.ok > 500 && verdicts.illegal > 500, JSON.stringify(verdicts));
});

test("a history with one answer changed is judged as by trying all orders", () => {
  const verdicts = { ok: 0, illegal: 0, unknown: 0 };
  const mutation = fc.record({ at: fc.nat({ max: 6 }), value, isSet: fc.boolean() });
  fc.assert(
    fc.property(drawsOf(["x"], 7), mutation, (draws, { at, value: seen, isSet }) => {
      const history = historyOf(draws).map((operation, index): RegisterOperation => {
        if (index !== at || !isCompleted(operation)) return operation;
        switch (operation.output.kind) {
          case "value":
            return { ...operation, output: { kind: "value", value: seen } };
          case "compared":
            return { ...operation, output: { kind: "compared", isSet } };
          case "done":
            return operation;
        }
      });
      const { verdict } = checkLinearizability(registerModel, history);
      verdicts[verdict]++;
      assert.equal(verdict === "ok", isLinearizableByBruteForce(registerModel, history));
    }),
    { numRuns: 3_000, seed: 2 },
  );
  assert.ok(verdicts.ok > 200 && verdicts.illegal > 100, JSON.stringify(verdicts));
});

test("an illegal history is cut exactly where it becomes illegal", () => {
  let cuts = 0;
  fc.assert(
    fc.property(fc.array(anyOperation, { minLength: 2, maxLength: 6 }), (history) => {
      const judgement = checkLinearizability(registerModel, history);
      if (judgement.verdict !== "illegal") return;
      cuts++;
      const end = judgement.counterexample.blocked.returnTime ?? Number.POSITIVE_INFINITY;
      assertExplains(judgement.counterexample.order);
      assert.equal(isLinearizableByBruteForce(registerModel, history, end - 1), true);
      assert.equal(isLinearizableByBruteForce(registerModel, history, end), false);
    }),
    { numRuns: 3_000, seed: 3 },
  );
  assert.ok(cuts > 300, `${cuts} illegal histories`);
});
