import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arbitraryMessage, mergeModel, messageTypes, toReflected } from "./generic-message.ts";

// protobufjs reads the same .proto files by reflection, so it is an independent implementation.

for (const { schema, encode, decode, reflected } of messageTypes) {
  test(`${schema.fullName} encodes to the bytes of protobufjs and decodes to itself`, () => {
    fc.assert(
      fc.property(arbitraryMessage(schema), (message) => {
        const bytes = encode(message);
        const expected = reflected.encode(toReflected(schema, message)).finish();
        assert.equal(Buffer.from(bytes).toString("hex"), Buffer.from(expected).toString("hex"));
        assert.deepEqual(decode(bytes), message);
      }),
      { numRuns: 40 },
    );
  });

  test(`${schema.fullName} split over two encodings decodes to their merger`, () => {
    const arbitrary = arbitraryMessage(schema, 2);
    fc.assert(
      fc.property(arbitrary, arbitrary, (first, second) => {
        const bytes = Buffer.concat([encode(first), encode(second)]);
        assert.deepEqual(decode(bytes), mergeModel(schema, first, second));
      }),
      { numRuns: 15 },
    );
  });
}

test("every message type of the .proto files is covered", () => {
  assert.equal(messageTypes.length, 121);
});
