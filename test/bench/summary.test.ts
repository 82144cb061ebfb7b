import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { questions } from "./catalogue.ts";
import { reportTable, verdictTable } from "./report.ts";
import { median, spreadOf } from "./statistics.ts";
import { summarize, type PlacedSample } from "./summary.ts";
import { digits, layOut } from "./table.ts";
import { judge, targets } from "./targets.ts";

const longestLine = 120;

function sample(
  peer: "etcd" | "quorate",
  repetition: number,
  rate: number,
  more: Partial<PlacedSample> = {},
): PlacedSample {
  return {
    peer,
    repetition,
    members: 1,
    row: "put-100x1",
    unit: "put",
    client: "raw",
    operations: rate * 2,
    seconds: 2,
    latencies: { p50: 1, p99: 2, p999: 3, max: 4 },
    failures: 0,
    generatorCpuSeconds: 0.2,
    usage: {
      cpuSeconds: 1,
      residentBytes: 2 ** 20,
      residentBytesMax: 2 ** 21,
      anonymousBytes: 2 ** 19,
      waitShare: peer === "etcd" ? undefined : 0.25,
      loop:
        peer === "etcd"
          ? undefined
          : { delayP99Millis: 5, delayMaxMillis: 60 + repetition, utilization: 0.5 },
    },
    ...more,
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
    assert.deepEqual(row?.ratios.rate, { median: 0.55, min: 0.5, max: 0.6 });
    assert.deepEqual(
      row.peers.map(({ peer, rate }) => [peer, rate.median]),
      [
        ["etcd", 550],
        ["quorate", 280],
      ],
    );
    assert.equal(row.peers[0]?.cpuMicrosPerOperation, (500 + 5_000) / 2);
    assert.deepEqual(
      row.peers.map(({ loopDelayMaxMillis }) => loopDelayMaxMillis),
      [Number.NaN, 61],
    );
  });

  test("without etcd there are no ratios", () => {
    const [row] = summarize([sample("quorate", 0, 500)]);
    assert.deepEqual(Object.values(row?.ratios ?? {}), Array(4).fill(undefined));
  });

  test("processor time is of all that was served, waited for or not", () => {
    const [row] = summarize([sample("quorate", 0, 500, { servedOperations: 2_000 })]);
    assert.equal(row?.peers[0]?.cpuMicrosPerOperation, 500);
    assert.equal(row.peers[0].rate.median, 500);
  });

  test("a generator of several processes can use as many processors", () => {
    const more = { generatorCpuSeconds: 3, generatorProcesses: 3 };
    const [row] = summarize([sample("quorate", 0, 500, more)]);
    assert.equal(row?.peers[0]?.generatorShare, 0.5);
    assert.equal(row.peers[0].generatorMicrosPerOperation, 3_000);
  });
});

describe("judge", () => {
  function wordsOf(own: Partial<PlacedSample>, rate = 2_000): readonly string[] {
    const verdicts = judge(summarize([sample("etcd", 0, 1_000), sample("quorate", 0, rate, own)]));
    return verdictTable(verdicts)
      .split("\n")
      .slice(2)
      .map((line) => line.split(/ {2,}/).at(-1) ?? "");
  }

  test("says of each target whether it is met, and else by how much it is missed", () => {
    assert.deepEqual(wordsOf({}), ["met", "met"]);
    assert.deepEqual(wordsOf({}, 900), ["short by 50.0 %", "short by 122 %"]);
  });

  test("a client without processor time left is named, and failures void a row", () => {
    const [first, second, note] = wordsOf({ generatorCpuSeconds: 1.9 });
    assert.deepEqual([first, second], ["met *", "met *"]);
    assert.match(note ?? "", /^\* the client had no processor time left \(at quorate\)/);
    assert.deepEqual(wordsOf({ failures: 3 }), Array(2).fill("void: 3 failed"));
  });

  test("the table of verdicts fits into a document", () => {
    const samples = targets.flatMap(({ row, members }) => {
      const more = { row, members, client: "h2load", generatorCpuSeconds: 2, failures: 100_000 };
      return [12_345, 98_765].flatMap((rate, turn) => [
        sample("etcd", turn, 1e6, more),
        sample("quorate", turn, rate, more),
      ]);
    });
    for (const line of verdictTable(judge(summarize(samples))).split("\n")) {
      assert.ok(line.length <= longestLine, line);
    }
  });

  test("refusals of etcd are etcd's", () => {
    const rows = summarize([sample("etcd", 0, 10, { failures: 1 }), sample("quorate", 0, 20)]);
    assert.deepEqual(
      judge(rows).map(({ failures, shortBy }) => [failures, shortBy]),
      Array(2).fill([0, 0]),
    );
  });

  test("the longest stall needs no etcd, ratios do", () => {
    const stalled = summarize([sample("quorate", 0, 1, { row: "watchers-10000" })]);
    assert.deepEqual(judge(stalled)[0]?.found, { median: 60, min: 60, max: 60 });
    assert.equal(judge(summarize([sample("quorate", 0, 1)]))[0]?.shortBy, undefined);
  });

  test("every target is one of a row that is measured", () => {
    for (const { row, members } of targets) {
      const question = questions.find(
        ({ name, group }) => row === name || (group === "many-keys" && row.startsWith(`${name}-`)),
      );
      assert.ok(question?.members.includes(members), `${row}, ${members}`);
    }
  });
});

describe("reportTable", () => {
  test("has a title for each row and a line for each peer, and fits into a document", () => {
    const more = {
      row: "connections-10000",
      details: { "KiB a connection": 12.34 },
      diskBytes: 3 * 2 ** 20,
    };
    const text = reportTable(
      summarize([
        ...[0, 1].flatMap((turn) => [
          sample("etcd", turn, 1e6 + turn),
          sample("quorate", turn, 5e6),
        ]),
        sample("quorate", 0, 7, more),
      ]),
    );
    const lines = text.split("\n").map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(lines[2], ["put-100x1, 1 member, client raw, per put"]);
    assert.deepEqual(lines[3]?.slice(0, 2), ["etcd", "1,000,001"]);
    assert.deepEqual(lines[4]?.slice(0, 2), ["quorate", "5,000,000"]);
    assert.deepEqual(lines.at(-1), ["KiB a connection 12.3, disk MiB 3.00"]);
    for (const line of text.split("\n")) assert.ok(line.length <= longestLine, line);
  });
});

describe("layOut", () => {
  test("aligns columns and leaves text alone", () => {
    const columns = [
      { title: "name", align: "left" },
      { title: "n", align: "right" },
    ] as const;
    assert.equal(
      layOut(columns, [{ cells: ["a", "10"] }, { text: "and now" }, { cells: ["bcdef", "7"] }]),
      ["name    n", "-----  --", "a      10", "and now", "bcdef   7"].join("\n"),
    );
  });

  test("numbers have three digits", () => {
    assert.deepEqual([0, 0.01234, 1.234, 56.78, 12_345.6].map(digits), [
      "0",
      "0.0123",
      "1.23",
      "56.8",
      "12,346",
    ]);
  });
});
