import assert from "node:assert/strict";
import { test } from "node:test";
import { Coverage } from "../coverage.ts";
import { CheckFailure } from "./check-failure.ts";
import { ServiceChecker } from "./service-checker.ts";

/** Looks every 100 ms; a read is served from a time on. @returns Checks that held. */
function play(servedMillis: number, electionMillis: number, isPreVote = true): number | undefined {
  let nowMillis = 7_000;
  const coverage = new Coverage();
  const ask = (onServed: () => void): void => {
    if (nowMillis - 7_000 >= servedMillis) onServed();
  };
  const view = { nowMillis: () => nowMillis, ask, coverage };
  const checker = new ServiceChecker(view, { electionMillis, isPreVote });
  while (checker.look()) nowMillis += 100;
  return new Map(coverage.counts("promises")).get("V1");
}

test("ServiceChecker: service within 5 s where an election takes 1 s, not later (V1)", () => {
  assert.equal(play(0, 1_000), 1);
  assert.equal(play(4_900, 1_000), 1);
  assert.throws(() => play(5_100, 1_000), CheckFailure);
  assert.throws(() => play(3_100, 250), CheckFailure);
});

test("ServiceChecker: without pre-vote there may be an election more", () => {
  assert.equal(play(5_900, 1_000, false), 1);
  assert.throws(() => play(6_100, 1_000, false), CheckFailure);
});
