/** What a fair stopwatch leaves out of a time, and what not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeLap, FairStopwatch, lapOf } from "../support/fair-stopwatch.ts";

test("lapOf leaves out the longest wait only: others may have been at the same time", () => {
  assert.equal(lapOf(1_000, 300, [200, 250]).millis, 700);
  assert.equal(lapOf(1_000, 100, [200, 250]).millis, 750);
  assert.equal(lapOf(1_000, 0, []).millis, 1_000);
});

test("FairStopwatch counts the time in which this process works", () => {
  const stopwatch = new FairStopwatch([]);
  const begin = process.cpuUsage();
  while (process.cpuUsage(begin).user < 50_000);
  const { millis, wallMillis } = stopwatch.read();
  assert.ok(millis >= 40 && millis <= wallMillis, `${millis} of ${wallMillis} ms`);
  assert.match(describeLap({ millis, wallMillis }), /^\d+ ms \(\d+ on the wall\)$/);
});
