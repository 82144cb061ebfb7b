import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SeededRandom } from "@quorate/platform/sim";
import {
  checkLinearizability,
  formatCounterexample,
  InvalidHistoryError,
  registerModel,
  type RegisterInput,
} from "@quorate/linearizability";
import { historyOf, type Draw } from "./random-history.ts";
import { timeline, type RegisterOperation } from "./timeline.ts";

/** As a workload makes them: five clients on one register, some answers lost. */
function longHistory(options: {
  readonly operations: number;
  readonly lostShare: number;
  readonly values: number;
}): readonly RegisterOperation[] {
  const random = new SeededRandom(7n);
  const draws: Draw[] = [];
  for (let index = 0; index < options.operations; index++) {
    const isLost = random.chance(options.lostShare);
    draws.push({
      client: index % 5,
      input: draw(random, options.values),
      before: random.nextInt(6),
      after: random.nextInt(6),
      fate: !isLost ? "answered" : random.chance(0.5) ? "lost" : "lost without effect",
    });
  }
  return historyOf(draws);
}

function draw(random: SeededRandom, values: number): RegisterInput {
  const value = String(random.nextInt(values));
  const kind = random.pick(["read", "write", "compare-and-set"] as const);
  switch (kind) {
    case "read":
      return { key: "x", kind };
    case "write":
      return { key: "x", kind, value };
    case "compare-and-set":
      return { key: "x", kind, value, expected: String(random.nextInt(values)) };
  }
}

describe("the search stays close to the number of operations", () => {
  const sizes = [
    { operations: 10_000, name: "five values", values: 5, lostShare: 0, stepsMax: 60_000 },
    { operations: 10_000, name: "unique values", lostShare: 0, stepsMax: 60_000 },
    {
      operations: 10_000,
      name: "one answer in a thousand lost",
      lostShare: 0.001,
      stepsMax: 120_000,
    },
    {
      operations: 10_000,
      name: "one answer in two hundred lost",
      lostShare: 0.005,
      stepsMax: 2_000_000,
    },
    { operations: 1_000, name: "one answer in ten lost", lostShare: 0.1, stepsMax: 650_000 },
  ];
  for (const { operations, name, values = 1_000_000, lostShare, stepsMax } of sizes) {
    test(`${operations} operations of five clients on one register: ${name}`, () => {
      const history = longHistory({ operations, lostShare, values });
      const judgement = checkLinearizability(registerModel, history, { stepsMax });
      assert.equal(judgement.verdict, "ok", `${judgement.steps} steps`);
    });
  }

  test("a stale read at the end of 10,000 operations is found", () => {
    const history = longHistory({ operations: 10_000, lostShare: 0, values: 1_000_000 });
    const end = Math.max(...history.map(({ returnTime }) => returnTime ?? 0));
    const read: RegisterInput = { key: "x", kind: "read" };
    const stale: RegisterOperation = {
      client: "late",
      input: read,
      output: { kind: "value", value: "none" },
      callTime: end + 1,
      returnTime: end + 2,
    };
    const judgement = checkLinearizability(registerModel, [...history, stale], {
      stepsMax: 500_000,
    });
    assert.equal(judgement.verdict, "illegal", `${judgement.steps} steps`);
    assert.equal(judgement.counterexample.blocked, stale);
    assert.equal(judgement.counterexample.order.length, 10_000);
  });

  test("sixty unanswered writes that nobody saw do not multiply", () => {
    const pending = Array.from({ length: 60 }, (_, index): RegisterOperation => {
      const input: RegisterInput = { key: "x", kind: "write", value: `lost ${index}` };
      return { client: "p", input, output: undefined, callTime: index, returnTime: undefined };
    });
    const picture = timeline("a  |-| x=1\nb       |-| x:2");
    const judgement = checkLinearizability(registerModel, [...pending, ...picture], {
      stepsMax: 50_000,
    });
    assert.equal(judgement.verdict, "illegal", `${judgement.steps} steps`);
  });
});

describe("checkLinearizability", () => {
  const crowd = Array.from({ length: 12 }, (_, index): RegisterOperation => {
    const input: RegisterInput = { key: "x", kind: "write", value: String(index) };
    return { client: "c", input, output: { kind: "done" }, callTime: 0, returnTime: 10 };
  });
  const impossible = timeline("r          |-| x:none");

  test("says unknown when its steps are used up", () => {
    const judgement = checkLinearizability(registerModel, [...crowd, ...impossible], {
      stepsMax: 100,
    });
    assert.equal(judgement.verdict, "unknown");
    assert.equal(judgement.steps, 101);
  });

  test("says unknown when the caller's clock says so", () => {
    let asked = 0;
    const shouldStop = (): boolean => ++asked === 2;
    const judgement = checkLinearizability(registerModel, [...crowd, ...impossible], {
      shouldStop,
    });
    assert.equal(judgement.verdict, "unknown");
    assert.equal(judgement.steps, 2_048);
  });

  test("remembers configurations: twelve concurrent writes take 12 * 2^11 steps, not 12!", () => {
    const judgement = checkLinearizability(registerModel, [...crowd, ...impossible]);
    assert.equal(judgement.verdict, "illegal");
    assert.ok(judgement.steps < 12 ** 2 * 2 ** 12, `${judgement.steps} steps`);
  });

  test("refuses an operation that returns before its call", () => {
    const [operation] = timeline("a   |-|  x=1");
    assert.ok(operation?.returnTime !== undefined);
    const reversed = { ...operation, callTime: 9, returnTime: 8 };
    assert.throws(() => checkLinearizability(registerModel, [reversed]), InvalidHistoryError);
  });
});

test("formatCounterexample tells the order, the state and what has no place", () => {
  const history = timeline(`
a  |-|            x=1
a      |-|        x=2
b          |-|    x:1
c            |-|  x=3`);
  const judgement = checkLinearizability(registerModel, history);
  assert.equal(judgement.verdict, "illegal");
  assert.equal(
    formatCounterexample(registerModel, judgement.counterexample),
    [
      "An order of the first 3 of 4 operations:",
      '  [3, 5] a: write x = "1"',
      '  [7, 9] a: write x = "2"',
      '  [13, 15] c: write x = "3"',
      'leads to the state "3". There and at any earlier place this is impossible:',
      '  [11, 13] b: read x, answered "1"',
    ].join("\n"),
  );
});
