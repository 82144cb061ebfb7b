import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { LatencyRecorder } from "./latency-recorder.ts";

describe("LatencyRecorder", () => {
  test("tells the latency that so many percent did not exceed", () => {
    const recorder = new LatencyRecorder();
    for (let index = 1; index <= 1_000; index += 1) recorder.add(index / 1_000);
    assert.deepEqual(recorder.latencies(), { p50: 0.5, p99: 0.99, p999: 0.999, max: 1 });
  });

  test("is right to a thousandth at every magnitude", () => {
    for (let millis = 0.001; millis < 1e6; millis *= 1.7) {
      const recorder = new LatencyRecorder();
      recorder.add(millis);
      recorder.add(millis * 4);
      const { p50 } = recorder.latencies();
      assert.ok(Math.abs(p50 - millis) <= Math.max(0.001, millis / 900), `${millis}: ${p50}`);
    }
  });

  test("keeps what is longer than its longest bin as the largest", () => {
    const recorder = new LatencyRecorder();
    recorder.add(3e6);
    assert.equal(recorder.latencies().max, 3e6);
    assert.deepEqual(new LatencyRecorder().latencies(), { p50: 0, p99: 0, p999: 0, max: 0 });
  });
});
