import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  checkLinearizability,
  mapModel,
  versionedRegisterModel,
  type MapInput,
  type MapOutput,
  type MapStep,
  type Operation,
  type VersionedInput,
  type VersionedOutput,
} from "@quorate/linearizability";

/** One after the other, each with its answer; undefined for none. */
function sequence<Input, Output>(
  ...steps: readonly (readonly [Input, Output | undefined])[]
): readonly Operation<Input, Output>[] {
  return steps.map(([input, output], index): Operation<Input, Output> => {
    const callTime = 2 * index;
    if (output === undefined) {
      return { client: "a", input, output: undefined, callTime, returnTime: undefined };
    }
    return { client: "a", input, output, callTime, returnTime: callTime + 1 };
  });
}

const write = (value: string): VersionedInput => ({
  key: "x",
  kind: "change",
  change: { kind: "write", value },
});
const read: VersionedInput = { key: "x", kind: "change", change: { kind: "read" } };
const remove: VersionedInput = { key: "x", kind: "change", change: { kind: "delete" } };
const found = (value: string, version: number): VersionedOutput => ({
  before: { content: { value, version } },
});
const nothing: VersionedOutput = { before: { content: undefined } };
const setIfVersion = (version: number, value: string): VersionedInput => ({
  key: "x",
  kind: "if",
  conditions: [{ field: "version", operator: "==", than: version }],
  then: { kind: "write", value },
  else: { kind: "read" },
});

type VersionedStep = readonly [VersionedInput, VersionedOutput | undefined];

const versioned: readonly {
  readonly name: string;
  readonly verdict: "ok" | "illegal";
  readonly steps: readonly VersionedStep[];
}[] = [
  {
    name: "versions count writes and begin again behind a deletion",
    verdict: "ok",
    steps: [
      [write("1"), nothing],
      [write("2"), found("1", 1)],
      [remove, { existed: true, before: { content: { value: "2", version: 2 } } }],
      [remove, { existed: false }],
      [write("3"), nothing],
      [read, found("3", 1)],
    ],
  },
  {
    name: "a write that counted twice",
    verdict: "illegal",
    steps: [
      [write("1"), nothing],
      [read, found("1", 2)],
    ],
  },
  {
    name: "a deletion that found nothing although there was something",
    verdict: "illegal",
    steps: [
      [write("1"), {}],
      [remove, { existed: false }],
    ],
  },
  {
    name: "a set by version, won once and lost once",
    verdict: "ok",
    steps: [
      [setIfVersion(0, "1"), { succeeded: true }],
      [setIfVersion(0, "2"), { succeeded: false, ...found("1", 1) }],
    ],
  },
  {
    name: "a set by version, won twice",
    verdict: "illegal",
    steps: [
      [setIfVersion(0, "1"), { succeeded: true }],
      [setIfVersion(0, "2"), { succeeded: true }],
    ],
  },
  {
    name: "an unanswered deletion explains a missing key",
    verdict: "ok",
    steps: [
      [write("1"), {}],
      [remove, undefined],
      [read, found("1", 1)],
      [read, nothing],
    ],
  },
];

describe("versionedRegisterModel", () => {
  for (const { name, verdict, steps } of versioned) {
    test(`${verdict}: ${name}`, () => {
      const judgement = checkLinearizability(versionedRegisterModel, sequence(...steps));
      assert.equal(judgement.verdict, verdict);
    });
  }

  test("conditions on values are never true of what does not exist", () => {
    for (const operator of ["==", "!="] as const) {
      const input: VersionedInput = {
        key: "x",
        kind: "if",
        conditions: [{ field: "value", operator, than: "1" }],
        then: undefined,
        else: { kind: "read" },
      };
      const verdictOf = (succeeded: boolean): string =>
        checkLinearizability(versionedRegisterModel, sequence([input, { succeeded }])).verdict;
      assert.equal(verdictOf(false), "ok");
      assert.equal(verdictOf(true), "illegal");
    }
  });
});

const all: MapStep = { kind: "get", range: { begin: "", end: "" } };
const put = (key: string, value: string): MapStep => ({ kind: "put", key, value });
const txn = (...steps: readonly MapStep[]): MapInput => ({
  conditions: [],
  then: steps,
  else: [],
});
const done = (...results: MapOutput["results"]): MapOutput => ({ succeeded: true, results });
const pairs = (...list: readonly (readonly [string, string])[]): MapOutput =>
  done({ kind: "pairs", pairs: list });

describe("mapModel", () => {
  test("a transaction is seen whole", () => {
    const history = sequence<MapInput, MapOutput>(
      [txn(put("x", "1"), put("y", "1")), done({ kind: "put" }, { kind: "put" })],
      [txn(all), pairs(["x", "1"], ["y", "1"])],
    );
    assert.equal(checkLinearizability(mapModel, history).verdict, "ok");
  });

  test("half a transaction is not (P5)", () => {
    const history = sequence<MapInput, MapOutput>(
      [txn(put("x", "1"), put("y", "1")), undefined],
      [txn(all), pairs(["x", "1"])],
    );
    assert.equal(checkLinearizability(mapModel, history).verdict, "illegal");
  });

  test("write skew of two conditional transactions is found", () => {
    const skew = (guard: string, key: string): MapInput => ({
      conditions: [{ key: guard, operator: "==", value: undefined }],
      then: [put(key, "1")],
      else: [],
    });
    const history: readonly Operation<MapInput, MapOutput>[] = [
      { ...overlap("a"), input: skew("x", "y"), output: done({ kind: "put" }) },
      { ...overlap("b"), input: skew("y", "x"), output: done({ kind: "put" }) },
    ];
    assert.equal(checkLinearizability(mapModel, history).verdict, "illegal");
  });

  test("ranges are half open, steps see earlier ones", () => {
    const drop: MapStep = { kind: "delete", range: { begin: "a", end: "c" } };
    const history = sequence<MapInput, MapOutput>([
      txn(put("a", "1"), put("c", "1"), drop, all),
      done(
        { kind: "put" },
        { kind: "put" },
        { kind: "deleted", count: 1 },
        {
          kind: "pairs",
          pairs: [["c", "1"]],
        },
      ),
    ]);
    assert.equal(checkLinearizability(mapModel, history).verdict, "ok");
  });
});

function overlap(client: string): {
  readonly client: string;
  readonly callTime: number;
  readonly returnTime: number;
} {
  return { client, callTime: 1, returnTime: 2 };
}
