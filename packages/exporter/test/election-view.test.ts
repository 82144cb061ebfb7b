import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KeyValue } from "@quorate/client";
import { toCandidate, viewElection } from "../src/standalone/election-view.ts";

function candidate(createRevision: number, value: string): ReturnType<typeof toCandidate> {
  return toCandidate(
    new KeyValue({
      key: Buffer.from("e/1"),
      value: Buffer.from(value),
      createRevision,
      modRevision: createRevision + 5,
      version: 2,
      lease: 1n,
    }),
  );
}

describe("viewElection", () => {
  it("takes the oldest key for the holder", () => {
    const rows = new Map([
      ["e/a", candidate(9, "node-a")],
      ["e/b", candidate(4, "node-b")],
      ["e/c", candidate(7, "node-c")],
    ]);
    assert.deepEqual(viewElection(rows), { candidates: 3, term: 4, holder: "node-b" });
  });

  it("has no holder without candidates", () => {
    assert.deepEqual(viewElection(new Map()), { candidates: 0, term: 0, holder: undefined });
  });

  it("names a holder by its key when what it proclaims is long, binary or nothing", () => {
    for (const value of ["x".repeat(101), "a\0b", "", "ü"]) {
      const view = viewElection(new Map([["elections/x/694d", candidate(4, value)]]));
      assert.equal(view.holder, "694d", JSON.stringify(value));
    }
  });
});
