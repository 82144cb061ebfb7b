import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Clock, Timers } from "../clock.ts";

/** Timers with the clock they follow and a way to let time pass. */
export interface TimersFixture {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Resolves when at least this much time has passed and what fell due has run. */
  readonly pass: (millis: number) => Promise<void>;
}

/** Declares the tests that every pair of {@link Clock} and {@link Timers} must pass. */
export function describeTimers(name: string, create: () => TimersFixture): void {
  describe(`${name} as Timers`, () => {
    test("setTimer never fires early, nor inside the call", async () => {
      const { clock, timers, pass } = create();
      const begin = clock.monotonicMillis();
      const firedAt: number[] = [];
      timers.setTimer(5.5, () => firedAt.push(clock.monotonicMillis()));
      timers.setTimer(0, () => firedAt.push(clock.monotonicMillis()));
      assert.deepEqual(firedAt, []);
      await pass(50);
      assert.equal(firedAt.length, 2);
      for (const millis of firedAt.slice(1)) assert.ok(millis - begin >= 5.5, String(millis));
    });

    test("timers fire in the order of their delays", async () => {
      const { timers, pass } = create();
      const fired: number[] = [];
      for (const delay of [30, 10, 20, 10]) timers.setTimer(delay, () => fired.push(delay));
      await pass(80);
      assert.deepEqual(fired, [10, 10, 20, 30]);
    });

    test("cancel stops a timer; again or too late does nothing", async () => {
      const { timers, pass } = create();
      const fired: string[] = [];
      const cancelled = timers.setTimer(1, () => fired.push("cancelled"));
      const kept = timers.setTimer(1, () => fired.push("kept"));
      const immediate = timers.setImmediate(() => fired.push("immediate"));
      cancelled.cancel();
      cancelled.cancel();
      immediate.cancel();
      await pass(20);
      kept.cancel();
      assert.deepEqual(fired, ["kept"]);
    });

    test("setImmediate runs in order, after the current turn", async () => {
      const { timers, pass } = create();
      const order: number[] = [];
      timers.setImmediate(() => order.push(1));
      timers.setImmediate(() => order.push(2));
      order.push(0);
      await pass(10);
      assert.deepEqual(order, [0, 1, 2]);
    });

    test("a delay of 30 days does not fire at once (C50)", async () => {
      const { timers, pass } = create();
      let hasFired = false;
      const timer = timers.setTimer(30 * 86_400_000, () => (hasFired = true));
      await pass(20);
      timer.cancel();
      assert.equal(hasFired, false);
    });

    test("a delay that is not a number is refused", () => {
      const { timers } = create();
      assert.throws(() => timers.setTimer(Number.NaN, () => undefined), RangeError);
      assert.throws(() => timers.setTimer(-1, () => undefined), RangeError);
    });
  });
}
