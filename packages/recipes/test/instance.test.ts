import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import {
  formatInstance,
  InvalidInstanceError,
  parseInstance,
  toInstance,
  type Instance,
} from "@quorate/recipes";

const service = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}$/);
const id = fc.stringMatching(/^[A-Za-z0-9._:-]{1,20}$/);
const instances: fc.Arbitrary<Instance> = fc.record({
  service,
  id,
  address: fc.string({ minLength: 1, maxLength: 40 }),
  metadata: fc.dictionary(fc.string(), fc.string()),
  tags: fc.array(fc.string()),
});

test("What is formatted is parsed to the same instance", () => {
  fc.assert(
    fc.property(instances, (instance) => {
      const parsed = parseInstance(
        `${instance.service}/${instance.id}`,
        formatInstance(toInstance(instance)),
      );
      assert.ok("instance" in parsed, "problem" in parsed ? parsed.problem : "");
      assert.deepEqual(Object.entries(parsed.instance.metadata), Object.entries(instance.metadata));
      assert.deepEqual({ ...parsed.instance, metadata: {} }, { ...instance, metadata: {} });
    }),
  );
});

test("parseInstance never throws, whatever is in the row", () => {
  fc.assert(
    fc.property(fc.string(), fc.oneof(fc.string(), fc.json()), (name, text) => {
      const parsed = parseInstance(name, text);
      assert.ok("instance" in parsed || parsed.problem.length > 0);
    }),
    { numRuns: 2_000 },
  );
});

test("Rows that are no instances are named with their problem", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["web", "{}", /key is not/],
    ["web/", "{}", /key is not/],
    ["/a", "{}", /key is not/],
    ["../a", '{"address":"a"}', /key is not/],
    ["web/a/b", "{}", /key is not/],
    ["web/a", "", /not JSON/],
    ["web/a", "[]", /not a JSON object/],
    ["web/a", "null", /not a JSON object/],
    ["web/a", '"text"', /not a JSON object/],
    ["web/a", "{}", /address/],
    ["web/a", '{"address":7}', /address/],
    ["web/a", '{"address":"a","metadata":{"x":1}}', /metadata/],
    ["web/a", '{"address":"a","metadata":["x"]}', /metadata/],
    ["web/a", '{"address":"a","tags":"x"}', /tags/],
    ["web/a", '{"address":"a","tags":[1]}', /tags/],
    ["web/a", `{"address":"${"x".repeat(2_000)}"}`, /address/],
    ["web/a", " ".repeat(300_000), /too long/],
  ];
  for (const [name, text, problem] of cases) {
    const parsed = parseInstance(name, text);
    assert.match("problem" in parsed ? parsed.problem : "an instance", problem, `${name} ${text}`);
  }
});

test("Unknown fields are passed over; missing metadata and tags are empty", () => {
  const parsed = parseInstance("web/a", '{"address":"a:1","weight":3}');
  assert.ok("instance" in parsed);
  assert.deepEqual(parsed.instance.tags, []);
  assert.deepEqual(Object.keys(parsed.instance.metadata), []);
});

test("S12: keys such as __proto__ in a row are data, not prototypes", () => {
  const parsed = parseInstance(
    "web/a",
    '{"address":"a:1","metadata":{"__proto__":"x","constructor":"y"}}',
  );
  assert.ok("instance" in parsed);
  const { metadata } = parsed.instance;
  assert.equal(Object.getPrototypeOf(metadata), null);
  assert.deepEqual(Object.entries(metadata), [
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});

test("toInstance names every problem at once", () => {
  assert.throws(
    () => toInstance({ service: "a b", id: "", address: "" }),
    (error: unknown) => {
      assert.ok(error instanceof InvalidInstanceError);
      assert.equal(error.problems.length, 3);
      return true;
    },
  );
  assert.throws(
    () =>
      toInstance({ service: "web", id: "a", address: "a", metadata: { x: "y".repeat(300_000) } }),
    /at most/,
  );
});
