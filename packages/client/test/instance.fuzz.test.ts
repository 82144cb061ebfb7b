/** Rows of the registry: JSON that anybody may have written, and what leaves as `http_sd` (S11). */
import assert from "node:assert/strict";
import fc from "fast-check";
import { formatInstance, instanceProblems, parseInstance } from "@quorate/client";
import { damage, fuzz, fuzzBytes, fuzzDamage } from "../../../test/support/fuzz.ts";

const names = fc.oneof(
  fc.constantFrom("web/1", "api/host-1:80", "web/", "/", "../1", "web/__proto__", "web/a/b"),
  fuzzBytes(20).map((bytes) => Buffer.from(bytes).toString("utf8")),
);
const anything = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>("", "h:80", [], ["a"], {}));
const keys = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString"));
const metadata = fc.dictionary(keys, fc.oneof(fc.string(), fc.jsonValue()), { maxKeys: 4 });
const fields = fc.record(
  { address: anything, metadata: fc.oneof(metadata, anything), tags: anything, other: anything },
  { requiredKeys: [] },
);
const texts = fc.oneof(
  fields.map((row) => JSON.stringify(row)),
  fc.json(),
  fuzzBytes(80).map((bytes) => Buffer.from(bytes).toString("utf8")),
  fc.tuple(fields, fuzzDamage).map(([row, each]) => {
    return damage(Buffer.from(JSON.stringify(row)), each).toString("utf8");
  }),
  fc.nat(100_000).map((depth) => "[".repeat(depth)),
);

fuzz(
  "a row is an instance that may be written, or is told about",
  { inputs: fc.tuple(names, texts), runs: 5_000 },
  ([name, text]) => {
    const parsed = parseInstance(name, text);
    if ("problem" in parsed) {
      assert.notEqual(parsed.problem, "");
      return;
    }
    const { instance } = parsed;
    assert.deepEqual(instanceProblems(instance), []);
    assert.equal(Object.getPrototypeOf(instance.metadata), null);
    assert.deepEqual(parseInstance(name, formatInstance(instance)), parsed);
  },
);

const instances = fc.record({
  service: fc.constantFrom("web", "api"),
  id: fc.stringMatching(/^[A-Za-z0-9._:-]{1,20}$/),
  address: fc.string({ minLength: 1, maxLength: 40 }),
  metadata: fc.dictionary(keys, fc.string(), { maxKeys: 4 }),
  tags: fc.array(fc.string(), { maxLength: 4 }),
});

fuzz(
  "an instance comes back as it was written, whatever its texts are",
  { inputs: instances, runs: 2_000 },
  (instance) => {
    assert.deepEqual(instanceProblems(instance), []);
    const parsed = parseInstance(`${instance.service}/${instance.id}`, formatInstance(instance));
    assert.ok("instance" in parsed);
    const { metadata: read, ...rest } = parsed.instance;
    const { metadata: written, ...wanted } = instance;
    assert.deepEqual(rest, wanted);
    assert.deepEqual(Object.entries(read), Object.entries(written));
  },
);
