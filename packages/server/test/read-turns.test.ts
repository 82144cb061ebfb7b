import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock, Timers } from "@quorate/platform";
import { ReadQueue, type QueuedRead } from "../src/member/read-queue.ts";
import { ReadTurns } from "../src/member/read-turns.ts";

/** Reads that take time; turns of an event loop that are ended by hand. */
class Bench {
  readonly queue = new ReadQueue({
    ...{ timeoutMillis: 1e6, retryMillis: 500, waitingMax: 10_000 },
    ...{ onRound: () => undefined, onFailure: () => undefined, onSlow: () => undefined },
  });
  readonly turns: ReadTurns;
  now = 0;
  served = 0;
  slices = 0;
  appliedIndex: number | undefined = 1;
  readonly #immediates: (() => void)[] = [];

  constructor() {
    const clock: Clock = { monotonicMillis: () => this.now, wallMillis: () => this.now };
    const timers: Pick<Timers, "setImmediate"> = {
      setImmediate: (callback) => {
        this.#immediates.push(callback);
        return { cancel: () => assert.fail("not expected") };
      },
    };
    const release: ReadQueue["release"] = (index, isOver) => {
      this.slices += 1;
      return this.queue.release(index, isOver);
    };
    const appliedIndex = (): number | undefined => this.appliedIndex;
    this.turns = new ReadTurns({ queue: { release }, clock, timers, appliedIndex });
  }

  /** A round of reads that take so long each is confirmed, as of index 1. */
  confirm(count: number, millis: number, isLong: boolean): void {
    for (let index = 0; index < count; index += 1) this.queue.add(0, this.#read(millis, isLong));
    this.queue.confirm(this.queue.startRound(0) ?? assert.fail("no round"), 1);
    this.turns.serve();
  }

  /** Ends a turn of the event loop. */
  turn(): void {
    for (const callback of this.#immediates.splice(0)) callback();
  }

  #read(millis: number, isLong: boolean): QueuedRead {
    const settle = (): void => {
      this.served += 1;
      this.now += millis;
    };
    return { deadlineMillis: 0, isLong, settle };
  }
}

test("ReadTurns serves one slice a turn, whatever arrives beside a backlog (V3)", () => {
  const bench = new Bench();
  bench.confirm(4_000, 0.5, true);
  let turns = 1;
  for (; bench.queue.size > 0; turns += 1) {
    assert.ok(turns < 1_000, "the backlog falls");
    const before = { now: bench.now, slices: bench.slices };
    bench.turn();
    if (turns < 100) bench.confirm(5, 0.5, true);
    // Entries are applied.
    for (let slice = 0; slice < 3; slice += 1) bench.turns.serve();
    assert.ok(bench.now - before.now <= 10, `turn ${turns} took ${bench.now - before.now} ms`);
    assert.ok(bench.slices - before.slices <= 1 || bench.queue.size === 0);
  }
  assert.equal(bench.served, 4_000 + 99 * 5);
  assert.equal(turns, 225, "no turn is idle while reads wait");
  bench.slices = 0;
  bench.turn();
  assert.equal(bench.slices, 0, "nothing is left to carry on");
});

test("ReadTurns looks at the time after each long read, else now and then (V3)", () => {
  const bench = new Bench();
  bench.confirm(40, 6, true);
  assert.equal(bench.served, 2);
  while (bench.queue.size > 0) bench.turn();
  bench.served = 0;
  bench.confirm(40, 6, false);
  assert.equal(bench.served, 16);
});

test("ReadTurns bounds a turn over many short rounds, too (V3)", () => {
  const bench = new Bench();
  bench.appliedIndex = 0;
  for (let round = 0; round < 100; round += 1) bench.confirm(1, 6, true);
  bench.appliedIndex = 1;
  bench.turns.serve();
  assert.equal(bench.served, 2);
  for (let turn = 1; turn < 50; turn += 1) bench.turn();
  assert.equal(bench.served, 100);
});

test("ReadTurns goes on after a restore that came in between", () => {
  const bench = new Bench();
  bench.confirm(40, 6, true);
  bench.appliedIndex = undefined;
  bench.turn();
  assert.equal(bench.served, 2, "nothing is read while the state is replaced");
  bench.appliedIndex = 1;
  bench.turns.serve();
  assert.equal(bench.served, 4);
  bench.turn();
  assert.equal(bench.served, 6);
});
