import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  jsonFailure,
  messageTooLarge,
  throughEmbeddedClient,
  toHttpStatus,
  toWireError,
  toWireErrorCode,
  unknownMethod,
  unknownService,
  unmarshalFailure,
  watchCancelReasons,
  wireErrors,
  type WireError,
} from "../src/index.ts";

/** A row of the facts: how an error of etcd 3.7 looks, and where it is in this package. */
interface Row {
  readonly code: number;
  readonly httpStatus: number;
  readonly message: string;
  readonly key?: string;
  readonly pattern?: string;
}

const rows: readonly Row[] = read("wire-errors.json");

/** The texts with holes: what the holes of the facts are called, filled with their own names. */
const patterns: Readonly<Record<string, WireError>> = {
  jsonFailure: jsonFailure("<JSON decode error>"),
  messageTooLarge: messageTooLarge(111, 222),
  throughEmbeddedClient: throughEmbeddedClient({
    code: 5,
    message: "<any etcdserver: text above>",
  }),
  unknownMethod: unknownMethod("<m>", "<name>"),
  unknownService: unknownService("<name>"),
  unmarshalFailure: unmarshalFailure("<detail>"),
};

describe("wireErrors", () => {
  for (const row of rows) {
    test(`has "${row.message}" with code ${row.code}`, () => {
      const error = row.key === undefined ? patterns[row.pattern ?? ""] : tableEntry(row.key);
      assert.ok(error !== undefined);
      const message = error.message.replace("111", "<size>").replace("222", "<limit>");
      assert.deepEqual({ code: error.code, message }, { code: row.code, message: row.message });
      assert.equal(toHttpStatus(error.code), row.httpStatus);
    });
  }

  test("has no row beyond the facts", () => {
    const keys = rows.flatMap(({ key }) => key ?? []);
    assert.deepEqual(Object.keys(wireErrors).sort(), keys.sort());
    assert.equal(rows.length, 88);
  });

  test("can be found by text", () => {
    for (const row of rows) {
      if (row.key !== undefined) assert.equal(toWireErrorCode(row.message), row.key);
    }
    assert.equal(toWireErrorCode("etcdserver: no such text"), undefined);
    assert.deepEqual(toWireError("compacted"), wireErrors.compacted);
  });
});

test("watchCancelReasons equal the facts", () => {
  assert.deepEqual(watchCancelReasons, read("watch-cancel-reasons.json"));
});

function tableEntry(key: string): WireError | undefined {
  return Object.entries(wireErrors).find(([code]) => code === key)?.[1];
}

function read<Content>(name: string): Content {
  return JSON.parse(readFileSync(join(import.meta.dirname, "testdata", name), "utf8")) as Content;
}
