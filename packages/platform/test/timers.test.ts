import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NodeClock, NodeTimers } from "../src/index.ts";
import { SimClock, SimScheduler, SimTimers } from "../src/sim/index.ts";
import { describeTimers } from "../src/testing/index.ts";

describeTimers("NodeTimers", () => {
  const timers = new NodeTimers();
  const pass = (millis: number): Promise<void> =>
    new Promise((resolve) => timers.setTimer(millis, resolve));
  return { clock: new NodeClock(), timers, pass };
});

describeTimers("SimTimers", () => {
  const scheduler = new SimScheduler();
  const pass = (millis: number): Promise<void> => scheduler.advanceAndDrain(millis);
  return { clock: new SimClock(scheduler), timers: new SimTimers(scheduler), pass };
});

describe("NodeTimers", () => {
  test("a delay longer than the longest part is the sum of its parts (C50)", async () => {
    const clock = new NodeClock();
    const timers = new NodeTimers(4);
    const begin = clock.monotonicMillis();
    await new Promise<void>((resolve) => timers.setTimer(25, resolve));
    assert.ok(clock.monotonicMillis() - begin >= 25);
  });

  test("cancel stops a timer in a later part (C50)", async () => {
    const countTimeouts = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = countTimeouts();
    const timers = new NodeTimers(4);
    const long = timers.setTimer(86_400_000, () => undefined);
    await new Promise<void>((resolve) => timers.setTimer(30, resolve));
    assert.equal(countTimeouts(), before + 1);
    long.cancel();
    assert.equal(countTimeouts(), before);
  });
});

describe("SimScheduler", () => {
  test("advance runs events in order of time, then of scheduling", () => {
    const scheduler = new SimScheduler();
    const order: string[] = [];
    scheduler.schedule(10, () => {
      order.push(`a@${scheduler.nowMillis}`);
      scheduler.schedule(0, () => order.push(`nested@${scheduler.nowMillis}`));
    });
    scheduler.schedule(5, () => order.push(`b@${scheduler.nowMillis}`));
    scheduler.schedule(10, () => order.push(`c@${scheduler.nowMillis}`));
    scheduler.advance(10);
    assert.deepEqual(order, ["b@5", "a@10", "c@10", "nested@10"]);
    assert.equal(scheduler.nowMillis, 10);
    assert.equal(scheduler.step(), false);
  });

  test("a thousand events in random order come out sorted", () => {
    const scheduler = new SimScheduler();
    const seen: number[] = [];
    for (let i = 0; i < 1000; i++) {
      const timer = scheduler.schedule((i * 7919) % 1009, () => seen.push(scheduler.nowMillis));
      if (i % 3 === 0) timer.cancel();
    }
    assert.equal(scheduler.pending, 666);
    while (scheduler.step());
    assert.equal(seen.length, 666);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
  });
});

describe("SimClock", () => {
  test("drift stretches timers and the wall jumps alone (B13)", () => {
    const scheduler = new SimScheduler();
    const clock = new SimClock(scheduler, { rate: 2, wallMillis: 1_000 });
    let firedAt = 0;
    new SimTimers(scheduler, clock).setTimer(10, () => (firedAt = clock.monotonicMillis()));
    scheduler.advance(5);
    assert.equal(firedAt, 10);
    clock.jumpWall(-3_600_000);
    assert.equal(clock.monotonicMillis(), 10);
    assert.equal(clock.wallMillis(), 1_010 - 3_600_000);
  });
});

describe("SimTimers", () => {
  test("cancelAll silences a dead process", () => {
    const scheduler = new SimScheduler();
    const timers = new SimTimers(scheduler);
    let fired = 0;
    timers.setTimer(1, () => fired++);
    timers.setImmediate(() => fired++);
    timers.cancelAll();
    scheduler.advance(10);
    assert.equal(fired, 0);
  });
});
