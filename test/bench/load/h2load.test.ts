import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { H2loadLog, readH2loadReport } from "./h2load.ts";
import { doneOf } from "./h2load-check.ts";

const output = `
finished in 46.54ms, 21486.43 req/s, 1.47MB/s
requests: 1000 total, 1010 started, 1000 done, 998 succeeded, 2 failed, 1 errored, 0 timeout
status codes: 998 2xx, 0 3xx, 0 4xx, 2 5xx
`;

describe("readH2loadReport", () => {
  test("finds the counts", () => {
    const report = readH2loadReport(output);
    assert.deepEqual(report, {
      started: 1_010,
      succeeded: 998,
      failed: 2,
      errored: 1,
    });
    assert.throws(() => readH2loadReport("h2load: no"), /Cannot read the output/);
  });
});

describe("H2loadLog", () => {
  test("reads times and latencies of several processes", () => {
    const log = new H2loadLog();
    log.add(Buffer.from("1795358150007660\t200\t1500\n1795358150008000\t200\t40\n"));
    log.add(Buffer.from("1795358150007560\t200\t40\n"));
    assert.deepEqual(log.latencies(), { p50: 0.04, p99: 1.5, p999: 1.5, max: 1.5 });
    assert.equal(log.seconds, 0.0016);
    assert.equal(new H2loadLog().seconds, 0);
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
    const all = { operations: 100, failures: 0 };
    assert.deepEqual(doneOf(put, counts, 100), { ...all, servedOperations: 100 });
    assert.deepEqual(doneOf(range, counts, 0), { ...all, servedOperations: 110 });
    assert.deepEqual(doneOf(put, counts, 70), {
      operations: 70,
      servedOperations: 70,
      failures: 30,
    });
    assert.equal(doneOf(put, { ...counts, failures: 3 }, 99).failures, 4);
  });

  test("writes that h2load did not wait for were done, too", () => {
    const done = doneOf(put, counts, 110);
    assert.deepEqual(done, { operations: 100, servedOperations: 110, failures: 0 });
  });

  test("a store that somebody else writes to measures nothing", () => {
    assert.throws(() => doneOf(put, counts, 111), /after 110 requests of kind "put" there are 111/);
    assert.throws(() => doneOf(range, counts, 1), /Cannot trust h2load/);
  });
});
