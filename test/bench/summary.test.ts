import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { reportTable } from "./report.ts";
import { median, spreadOf } from "./statistics.ts";
import { summarize, type PlacedSample } from "./summary.ts";
import { digits, layOut } from "./table.ts";

function sample(peer: "etcd" | "quorate", repetition: number, rate: number): PlacedSample {
  return {
    peer,
    repetition,
    members: 1,
    row: "put-1",
    unit: "put",
    client: "raw",
    operations: rate * 2,
    seconds: 2,
    latencies: { p50: 1, p99: 2, p999: 3, max: 4 },
    failures: 0,
    generatorShare: 0.1,
    usage: {
      cpuSeconds: 1,
      residentBytes: 2 ** 20,
      residentBytesMax: 2 ** 21,
      loopDelaySeconds: undefined,
    },
  };
}

describe("median", () => {
  test("is the middle, or the mean of the two in the middle", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.ok(Number.isNaN(median([])));
    assert.deepEqual(spreadOf([5, 1, 3]), { median: 3, min: 1, max: 5 });
  });
});

describe("summarize", () => {
  test("compares neighbours only, so that a slow moment of the machine cancels out", () => {
    // The machine was ten times slower during the second repetition.
    const samples = [
      sample("etcd", 0, 1_000),
      sample("quorate", 0, 500),
      sample("etcd", 1, 100),
      sample("quorate", 1, 60),
    ];
    const [row] = summarize(samples);
    assert.deepEqual(row?.ratio, { median: 0.55, min: 0.5, max: 0.6 });
    assert.deepEqual(
      row.peers.map(({ peer, rate }) => [peer, rate.median]),
      [
        ["etcd", 550],
        ["quorate", 280],
      ],
    );
    assert.equal(row.peers[0]?.cpuMicrosPerOperation, (500 + 5_000) / 2);
  });

  test("without etcd there is no ratio", () => {
    assert.equal(summarize([sample("quorate", 0, 500)])[0]?.ratio, undefined);
  });
});

describe("reportTable", () => {
  test("has a line for each peer and one for their ratio", () => {
    const rows = summarize([sample("etcd", 0, 1_000), sample("quorate", 0, 500)]);
    const lines = reportTable(rows)
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(lines[2]?.slice(0, 5), ["put-1", "1", "raw", "etcd", "1,000"]);
    assert.deepEqual(lines[3]?.slice(0, 2), ["quorate", "500"]);
    assert.deepEqual(lines[4], ["quorate/etcd", "0.50x", "2.00x"]);
  });
});

describe("layOut", () => {
  test("aligns columns and rules off groups", () => {
    const columns = [
      { title: "name", align: "left" },
      { title: "n", align: "right" },
    ] as const;
    assert.equal(
      layOut(columns, [["a", "10"], undefined, ["bcdef", "7"]]),
      ["name    n", "-----  --", "a      10", "-----  --", "bcdef   7"].join("\n"),
    );
  });

  test("numbers have three digits", () => {
    assert.deepEqual([0.01234, 1.234, 56.78, 12_345.6].map(digits), [
      "0.0123",
      "1.23",
      "56.8",
      "12,346",
    ]);
  });
});
