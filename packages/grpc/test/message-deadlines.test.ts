import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { NodeClock, NodeTimers } from "@quorate/platform";
import { SimClock, SimScheduler, SimTimers } from "@quorate/platform/sim";
import { type Deadline, DeadlineQueue } from "../src/message/deadline-queue.ts";

/** Lateness that the tick allows. */
const lateMillisMax = 5;

class Bench {
  readonly scheduler = new SimScheduler();
  readonly clock = new SimClock(this.scheduler);
  readonly queue = new DeadlineQueue({
    clock: this.clock,
    timers: new SimTimers(this.scheduler),
  });
  readonly told: { readonly name: string; readonly millis: number }[] = [];

  get now(): number {
    return this.clock.monotonicMillis();
  }

  add(name: string, delayMillis: number, onDeadline: () => void = () => undefined): Deadline {
    return this.queue.add(this.now + delayMillis, {
      onDeadline: () => {
        this.told.push({ name, millis: this.now });
        onDeadline();
      },
    });
  }

  get names(): readonly string[] {
    return this.told.map(({ name }) => name);
  }
}

describe("DeadlineQueue", () => {
  it("tells each owner once, in order, not early and at most a tick late", () => {
    const delays = [0, 0.5, 1, 4.9, 5, 5.1, 77, 1_275, 1_280, 1_281, 5_000, 60_000, 400_000, 1e8];
    const bench = new Bench();
    bench.scheduler.advance(3.3);
    const begin = bench.now;
    for (const delay of [...delays].reverse()) bench.add(String(delay), delay);
    bench.scheduler.advance(2e8);
    assert.deepEqual(
      [...bench.names].sort((left, right) => Number(left) - Number(right)),
      delays.map(String),
    );
    for (const { name, millis } of bench.told) {
      const late = millis - begin - Number(name);
      assert.ok(late >= 0 && late <= lateMillisMax + 0.001, `${name} was ${late} ms late`);
    }
    assert.equal(bench.queue.size, 0);
  });

  it("behaves as a plain list of deadlines would", () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("add" as const),
        delay: fc.oneof(
          fc.integer({ min: -50, max: 3_000 }),
          fc.integer({ min: 0, max: 1_000_000 }),
          fc.constantFrom(1_280, 327_680, 83_886_080, 3.6e14),
        ),
      }),
      fc.record({ kind: fc.constant("remove" as const), which: fc.nat(1_000) }),
      fc.record({
        kind: fc.constant("advance" as const),
        millis: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 500_000 })),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bench = new Bench();
        const model = new Map<string, { readonly at: number; readonly deadline: Deadline }>();
        let added = 0;
        for (const now of steps) {
          if (now.kind === "add") {
            const name = String(added);
            added += 1;
            const at = bench.now + Math.max(0, now.delay);
            const deadline = bench.add(name, now.delay, () => {
              const known = model.get(name);
              assert.ok(known !== undefined, "told twice or after it was removed");
              assert.ok(bench.now >= known.at, `${name} was told early`);
              model.delete(name);
            });
            model.set(name, { at, deadline });
          } else if (now.kind === "remove") {
            const entry = [...model][now.which % Math.max(1, model.size)];
            if (entry === undefined) continue;
            bench.queue.remove(entry[1].deadline);
            bench.queue.remove(entry[1].deadline);
            model.delete(entry[0]);
          } else {
            bench.scheduler.advance(now.millis);
          }
          assert.equal(bench.queue.size, model.size);
          for (const [name, { at }] of model) {
            // One tick, and one more for a deadline that had passed when it was added.
            assert.ok(at >= bench.now - 2 * lateMillisMax, `${name} is late`);
          }
        }
        bench.queue.close();
        assert.equal(bench.queue.size, 0);
        assert.equal(bench.scheduler.nextEventMillis(), undefined, "a timer is left");
      }),
      { numRuns: 500 },
    );
  });

  it("takes deadlines that owners add and remove while they are told", () => {
    const bench = new Bench();
    const second = bench.add("second", 10);
    const third = bench.add("third", 10, () => bench.add("fourth", 0));
    bench.add("first", 5, () => bench.queue.remove(second));
    bench.scheduler.advance(100);
    assert.deepEqual(bench.names, ["first", "third", "fourth"]);
    bench.queue.remove(third);
    assert.equal(bench.queue.size, 0);
  });

  it("wakes for a deadline that is before the one it waits for", () => {
    const bench = new Bench();
    bench.add("late", 60_000);
    bench.add("soon", 20);
    bench.scheduler.advance(25);
    assert.deepEqual(bench.names, ["soon"]);
  });

  it("is exact again after a time without deadlines", () => {
    const bench = new Bench();
    bench.queue.remove(bench.add("removed", 100));
    bench.scheduler.advance(10_000_001);
    const begin = bench.now;
    bench.add("later", 50);
    bench.scheduler.advance(1_000);
    assert.equal(bench.told.length, 1);
    assert.ok((bench.told[0]?.millis ?? 0) - begin - 50 <= lateMillisMax);
  });

  it("needs no timer for each call that ends in time", () => {
    const bench = new Bench();
    for (let call = 0; call < 10_000; call += 1) {
      bench.queue.remove(bench.add("call", 5_000));
      bench.scheduler.advance(1);
    }
    assert.ok(bench.scheduler.executed < 100, `${bench.scheduler.executed} timers ran`);
    assert.ok(bench.scheduler.pending <= 1);
    assert.deepEqual(bench.told, []);
  });

  it("tells ten thousand owners of one moment in several turns", () => {
    const bench = new Bench();
    const deadlines = Array.from({ length: 10_000 }, (_value, index) =>
      bench.add(String(index), 1_000),
    );
    bench.scheduler.advance(999);
    while (bench.told.length === 0) bench.scheduler.step();
    assert.ok(bench.told.length <= 1_000, `${bench.told.length} in one turn`);
    // Removed while it waits to be told.
    const last = deadlines.at(-1);
    assert.ok(last !== undefined);
    bench.queue.remove(last);
    bench.scheduler.advance(0);
    assert.equal(bench.told.length, 9_999);
    assert.equal(bench.queue.size, 0);
  });

  it("keeps a hundred thousand deadlines cheaply", () => {
    const bench = new Bench();
    const begin = process.cpuUsage();
    const deadlines = Array.from({ length: 100_000 }, (_value, index) =>
      bench.add("call", (index * 7_919) % 3_600_000),
    );
    for (const deadline of deadlines) bench.queue.remove(deadline);
    const { user } = process.cpuUsage(begin);
    assert.equal(bench.queue.size, 0);
    // A tenth of this is usual; a list that is searched would need minutes.
    assert.ok(user < 1_000_000, `${user} us`);
  });

  it("works with the timers of Node and lets go of them", async () => {
    const queue = new DeadlineQueue({ clock: new NodeClock(), timers: new NodeTimers() });
    const begin = performance.now();
    const millis = await new Promise<number>((resolve) => {
      queue.add(begin + 30, { onDeadline: () => resolve(performance.now()) });
    });
    assert.ok(millis - begin >= 30, `${millis - begin} ms`);
    queue.add(performance.now() + 3_600_000, { onDeadline: () => assert.fail("not yet") });
    // The test file would not end for an hour with a timer that is left.
    queue.close();
  });
});
