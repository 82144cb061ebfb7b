import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SimClock, SimScheduler } from "@quorate/platform/sim";
import { ProcessTimers } from "./process-timers.ts";

describe("ProcessTimers", () => {
  test("follow a clock that drifts (B13)", () => {
    const scheduler = new SimScheduler();
    const timers = new ProcessTimers(scheduler, new SimClock(scheduler, { rate: 0.95 }));
    let at = 0;
    timers.setTimer(950, () => (at = scheduler.nowMillis));
    scheduler.advance(2_000);
    assert.ok(Math.abs(at - 1_000) < 1e-6, String(at));
  });

  test("of a paused process wait, then run before its mail, in order (B12)", () => {
    const scheduler = new SimScheduler();
    const ran: string[] = [];
    const timers = new ProcessTimers(scheduler);
    timers.pause();
    timers.run(() => ran.push("mail 1"));
    const cancelled = timers.setTimer(1, () => ran.push("cancelled"));
    timers.setTimer(2, () => {
      ran.push("timer 1");
      timers.setImmediate(() => ran.push("next turn"));
    });
    timers.setTimer(3, () => ran.push("timer 2"));
    timers.run(() => ran.push("mail 2"));
    scheduler.advance(10);
    assert.equal(ran.length, 0);
    assert.equal(timers.waiting, 5);
    timers.goOn();
    cancelled.cancel();
    timers.run(() => ran.push("mail 3"));
    scheduler.advance(10);
    assert.deepEqual(ran.slice(0, 2), ["timer 1", "timer 2"]);
    assert.deepEqual(
      ran.filter((what) => what.startsWith("mail")),
      ["mail 1", "mail 2", "mail 3"],
    );
    assert.ok(ran.includes("next turn"));
    assert.ok(!ran.includes("cancelled"));
  });

  test("pause again while the queue is worked off", () => {
    const scheduler = new SimScheduler();
    let ran = 0;
    const timers = new ProcessTimers(scheduler);
    timers.pause();
    for (let i = 0; i < 10; i++) timers.run(() => (ran += 1));
    timers.goOn();
    scheduler.step();
    timers.pause();
    scheduler.advance(100);
    assert.equal(ran, 1);
    timers.goOn();
    scheduler.advance(100);
    assert.equal(ran, 10);
  });

  test("of a dead process never run, whenever they were set", () => {
    const scheduler = new SimScheduler();
    let ran = 0;
    const count = (): void => {
      ran += 1;
    };
    const timers = new ProcessTimers(scheduler);
    timers.setTimer(1, count);
    timers.pause();
    timers.run(count);
    timers.setTimer(0, count);
    scheduler.advance(0);
    timers.die();
    timers.goOn();
    timers.run(count);
    timers.setImmediate(count);
    scheduler.advance(100);
    assert.equal(ran, 0);
    assert.equal(scheduler.pending, 0);
  });

  test("tell when something ran, and what killed the process", () => {
    const scheduler = new SimScheduler();
    const seen: unknown[] = [];
    const timers = new ProcessTimers(scheduler, undefined, {
      onRan: () => seen.push("ran"),
      onUncaught: (error) => seen.push(String(error)),
    });
    timers.run(() => undefined);
    timers.setTimer(1, () => {
      throw new Error("bug");
    });
    scheduler.advance(1);
    assert.deepEqual(seen, ["ran", "Error: bug", "ran"]);
  });
});
