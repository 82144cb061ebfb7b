/** What Prometheus asks for targets and what it is given, of rows with any text in them (S11). */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Instance } from "@quorate/client";
import { fuzz, fuzzBytes } from "../../../test/support/fuzz.ts";
import { parseTargetQuery, targetGroups } from "../src/standalone/http-sd.ts";

const names = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "a.b", ""));
const tags = fc.oneof(names, fc.constantFrom("a", "b"));
const instance: fc.Arbitrary<Instance> = fc.record({
  service: fc.constantFrom("web", "api"),
  id: fc.stringMatching(/^[A-Za-z0-9._:-]{1,20}$/),
  address: fc.oneof(fc.constant("h:80"), fc.string({ minLength: 1, maxLength: 40 })),
  metadata: fc.dictionary(names, fc.string(), { maxKeys: 4, noNullPrototype: false }),
  tags: fc.array(tags, { maxLength: 4 }),
});
const queries = fc.oneof(
  fuzzBytes(60).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc
    .array(fc.tuple(fc.constantFrom("service", "tag", "tags"), tags), { maxLength: 4 })
    .map((parameters) => new URLSearchParams(parameters).toString()),
);

fuzz(
  "a query is a filter of what there is, or an error",
  { inputs: fc.tuple(fc.array(instance, { maxLength: 6 }), queries), runs: 3_000 },
  ([instances, text]) => {
    const parameters = new URLSearchParams(text);
    const isKnown = [...parameters.keys()].every((name) => ["service", "tag"].includes(name));
    const parsed = parseTargetQuery(parameters);
    assert.equal(parsed.kind, isKnown ? "query" : "invalid");
    if (parsed.kind === "invalid") return;
    for (const { targets, labels } of targetGroups(instances, parsed.query)) {
      assert.match(targets.join(), /^[^\s/]+$/);
      for (const name of Object.keys(labels)) assert.match(name, /^[A-Za-z_][A-Za-z0-9_]*$/);
      const { services } = parsed.query;
      const service = labels["__meta_quorate_service"] ?? "";
      assert.ok(services.length === 0 || services.includes(service), service);
      assert.deepEqual(JSON.parse(JSON.stringify(labels)), labels);
    }
  },
);
