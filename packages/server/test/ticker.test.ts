import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom, SimScheduler, SimTimers } from "@quorate/platform/sim";
import { Ticker } from "../src/member/ticker.ts";

/** At which times a member ticks, in virtual milliseconds. */
function ticksOf(tickMillis: number, seed: number, ticks: number, isLed: boolean): number[] {
  const scheduler = new SimScheduler();
  const times: number[] = [];
  const ticker = new Ticker(tickMillis, {
    timers: new SimTimers(scheduler),
    random: new SeededRandom(BigInt(seed)),
    isLed: () => isLed,
    onTick: () => times.push(scheduler.nowMillis),
  });
  ticker.start();
  while (times.length < ticks) scheduler.step();
  ticker.close();
  scheduler.advance(10 * tickMillis);
  assert.equal(times.length, ticks, "ticked after its end");
  return times;
}

test("under a leader ticks come at equal distances", () => {
  assert.deepEqual(ticksOf(100, 1, 5, true), [100, 200, 300, 400, 500]);
});

test("while nobody leads ticks come at random distances around the usual one", () => {
  const times = ticksOf(100, 1, 10_000, false);
  const distances = times.map((time, at) => time - (times[at - 1] ?? 0));
  assert.equal(Math.min(...distances), 50);
  assert.equal(Math.max(...distances), 149);
  const mean = (times.at(-1) ?? 0) / times.length;
  assert.ok(Math.abs(mean - 100) < 2, `${mean} ms is the mean`);
});

test("the shortest tick is one millisecond", () => {
  assert.deepEqual(ticksOf(1, 1, 3, false), [1, 2, 3]);
});

test("members whose ticks fall together while nobody leads do not go on together", () => {
  // As far apart as a message travels: closer members that campaign split the votes.
  const closeMillis = 5;
  const rounds = 1_000;
  let tied = 0;
  for (let seed = 1; seed <= rounds; seed += 1) {
    const first = ticksOf(100, seed, 15, false).at(-1) ?? 0;
    const second = ticksOf(100, -seed, 15, false).at(-1) ?? 0;
    if (Math.abs(first - second) <= closeMillis) tied += 1;
  }
  // With ticks at equal distances it would be each of the rounds with as many ticks.
  assert.ok(tied < rounds / 10, `${tied} of ${rounds} rounds tied`);
});
