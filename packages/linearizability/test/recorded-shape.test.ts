/**
 * Histories of the shape that Jepsen records of a register with compare-and-set in a store that
 * loses answers: five clients, 170 operations, few values, an operation without an answer happened
 * or did not. They are made here, so the right verdict is known.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@quorate/platform/sim";
import {
  checkLinearizability,
  registerModel,
  type RegisterInput,
  type RegisterOutput,
} from "@quorate/linearizability";
import { historyOf, type Draw } from "./random-history.ts";
import type { RegisterOperation } from "./timeline.ts";

const operations = 170;
const seeds = Array.from({ length: 30 }, (_, index) => BigInt(index + 1));
const stepsMax = 2_000_000;
/** Values of operations that are planted; no other has them. */
const [newest, never] = ["9", "8"];

function recorded(seed: bigint): readonly RegisterOperation[] {
  const random = new SeededRandom(seed);
  const draws = Array.from({ length: operations }, (_, index): Draw => {
    const isLost = random.chance(0.04);
    return {
      client: index % 5,
      input: draw(random, isLost),
      before: random.nextInt(6),
      after: random.nextInt(6),
      fate: !isLost ? "answered" : random.chance(0.5) ? "lost" : "lost without effect",
    };
  });
  return historyOf(draws);
}

/** Values 0 to 4; an operation without an answer never writes 4. */
function draw(random: SeededRandom, isLost: boolean): RegisterInput {
  const value = String(random.nextInt(isLost ? 4 : 5));
  const kind = random.pick(["read", "write", "compare-and-set"] as const);
  if (kind === "read") return { key: "x", kind };
  if (kind === "write") return { key: "x", kind, value };
  return { key: "x", kind, value, expected: String(random.nextInt(5)) };
}

/** One more operation, alone, after all that has returned. */
function later(
  history: readonly RegisterOperation[],
  { input, output }: { readonly input: RegisterInput; readonly output: RegisterOutput },
): readonly RegisterOperation[] {
  const times = history.flatMap(({ callTime, returnTime }) => [callTime, returnTime ?? callTime]);
  const end = Math.max(...times);
  return [...history, { client: "late", input, output, callTime: end + 1, returnTime: end + 2 }];
}

function written(history: readonly RegisterOperation[]): readonly RegisterOperation[] {
  return later(history, {
    input: { key: "x", kind: "write", value: newest },
    output: { kind: "done" },
  });
}

test("those that really happened are linearizable", () => {
  for (const seed of seeds) {
    const { verdict } = checkLinearizability(registerModel, recorded(seed), { stepsMax });
    assert.equal(verdict, "ok", `seed ${seed}`);
  }
});

test("a read of what was overwritten, and what no lost answer explains, is illegal", () => {
  for (const seed of seeds) {
    const stale = later(written(recorded(seed)), {
      input: { key: "x", kind: "read" },
      output: { kind: "value", value: "4" },
    });
    const judgement = checkLinearizability(registerModel, stale, { stepsMax });
    assert.equal(judgement.verdict, "illegal", `seed ${seed}`);
    assert.equal(judgement.counterexample.blocked, stale.at(-1));
  }
});

test("a compare-and-set that found what was not there is illegal", () => {
  for (const seed of seeds) {
    const lost = later(written(recorded(seed)), {
      input: { key: "x", kind: "compare-and-set", expected: never, value: "1" },
      output: { kind: "compared", isSet: true },
    });
    const { verdict } = checkLinearizability(registerModel, lost, { stepsMax });
    assert.equal(verdict, "illegal", `seed ${seed}`);
  }
});

test("a read of what an operation without an answer wrote, however late, is linearizable", () => {
  for (const seed of seeds) {
    const lost: RegisterOperation = {
      client: "lost",
      input: { key: "x", kind: "write", value: never },
      output: undefined,
      callTime: 3,
      returnTime: undefined,
    };
    const late = later(written([lost, ...recorded(seed)]), {
      input: { key: "x", kind: "read" },
      output: { kind: "value", value: never },
    });
    const { verdict } = checkLinearizability(registerModel, late, { stepsMax });
    assert.equal(verdict, "ok", `seed ${seed}`);
  }
});
