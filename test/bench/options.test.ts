import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { parseOptions } from "./options.ts";

describe("parseOptions", () => {
  test("without options every row is measured five times against etcd", () => {
    const parsed = parseOptions([]);
    assert.ok(parsed.kind === "run");
    const { rows, versus, repeat, scale } = parsed.options;
    assert.deepEqual({ rows, versus, repeat }, { rows: [], versus: "etcd", repeat: 5 });
    assert.equal(scale.manyKeys, 1_000_000);
  });

  test("--quick makes everything small, and single numbers can still be said", () => {
    const parsed = parseOptions(["--quick", "--seconds", "2", "--members", "3", "--row", "put-1"]);
    assert.ok(parsed.kind === "run");
    const { rows, repeat, members, scale } = parsed.options;
    assert.deepEqual({ rows, repeat, members }, { rows: ["put-1"], repeat: 1, members: [3] });
    assert.equal(scale.seconds, 2);
    assert.ok(scale.manyKeys < 10_000);
  });

  test("groups are chosen by name", () => {
    const parsed = parseOptions(["--group", "table", "--group", "scale"]);
    assert.ok(parsed.kind === "run");
    assert.deepEqual(parsed.options.groups, ["table", "scale"]);
  });

  test("what cannot be understood is said", () => {
    for (const argv of [
      ["--vs", "consul"],
      ["--repeat", "0"],
      ["--seconds", "x"],
      ["--group", "x"],
      ["--sow"],
    ]) {
      assert.equal(parseOptions(argv).kind, "invalid", argv.join(" "));
    }
  });
});
