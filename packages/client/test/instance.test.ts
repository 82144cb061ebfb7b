import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { parseInstance, type Instance } from "@quorate/client";

describe("parseInstance", () => {
  const parse = (name: string, row: unknown): Instance | undefined => {
    const parsed = parseInstance(name, typeof row === "string" ? row : JSON.stringify(row));
    return "instance" in parsed ? parsed.instance : undefined;
  };

  it("fills in what is missing and leaves out what it does not know", () => {
    assert.deepEqual(parse("api/host-1:80", { address: "h:80", other: [] }), {
      service: "api",
      id: "host-1:80",
      address: "h:80",
      tags: [],
      metadata: Object.create(null) as object,
    });
  });

  it("takes no row that is no instance", () => {
    const good = { address: "h:80" };
    for (const name of ["api", "a/b/c", "/b", "a b/c", "../b", "a/", ""]) {
      assert.equal(parse(name, good), undefined, name);
    }
    for (const row of ["", "{", "null", "[]", {}, { address: "" }, { address: 1 }]) {
      assert.equal(parse("api/1", row), undefined, JSON.stringify(row));
    }
    for (const more of [{ tags: "a" }, { tags: [1] }, { metadata: [] }, { metadata: { a: 1 } }]) {
      assert.equal(parse("api/1", { ...good, ...more }), undefined, JSON.stringify(more));
    }
  });
});
