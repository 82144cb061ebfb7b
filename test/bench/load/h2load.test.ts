import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { addLoggedLatencies, readH2loadReport } from "./h2load.ts";
import { doneOf } from "./h2load-check.ts";
import { LatencyRecorder } from "./latency-recorder.ts";

const output = `
finished in 46.54ms, 21486.43 req/s, 1.47MB/s
requests: 1000 total, 1010 started, 1000 done, 998 succeeded, 2 failed, 1 errored, 0 timeout
status codes: 998 2xx, 0 3xx, 0 4xx, 2 5xx
`;

describe("readH2loadReport", () => {
  test("finds time and counts", () => {
    const report = readH2loadReport(output);
    assert.deepEqual(report, {
      seconds: 0.04654,
      started: 1_010,
      succeeded: 998,
      failed: 2,
      errored: 1,
    });
    assert.throws(() => readH2loadReport("h2load: no"), /Cannot read the output/);
  });
});

describe("addLoggedLatencies", () => {
  test("reads the last field of each line", () => {
    const recorder = new LatencyRecorder();
    addLoggedLatencies(Buffer.from("1795358150007660\t200\t1500\n179\t200\t40\n"), recorder);
    assert.deepEqual(recorder.latencies(), { p50: 0.04, p99: 1.5, p999: 1.5, max: 1.5 });
  });
});

describe("doneOf", () => {
  const put = {
    operation: { kind: "put", keyPrefix: "a", keyCount: 1, valueBytes: 1 },
  } as const;
  const range = {
    operation: { kind: "range", keyPrefix: "a", keyCount: 1, isSerializable: false },
  } as const;
  const counts = { operations: 100, started: 110, failures: 0 };

  test("answers that wrote nothing were refusals", () => {
    assert.deepEqual(doneOf(put, counts, 100), { operations: 100, failures: 0 });
    assert.deepEqual(doneOf(put, counts, 110), { operations: 100, failures: 0 });
    assert.deepEqual(doneOf(put, counts, 70), { operations: 70, failures: 30 });
    assert.deepEqual(doneOf(put, { ...counts, failures: 3 }, 99), { operations: 99, failures: 4 });
    assert.deepEqual(doneOf(range, counts, 0), { operations: 100, failures: 0 });
  });

  test("a store that somebody else writes to measures nothing", () => {
    assert.throws(() => doneOf(put, counts, 111), /after 110 requests of kind "put" there are 111/);
    assert.throws(() => doneOf(range, counts, 1), /Cannot trust h2load/);
  });
});
