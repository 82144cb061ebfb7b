import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { highOfId, IdTable, idOfHalves, lowOfId } from "../src/id-table.ts";

const anyId = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
/** Few enough to meet again; some differ in their upper half only. */
const fewIds = fc
  .tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -20, max: 20 }))
  .map(([high, low]) => idOfHalves(high, low));

test("the halves of an id are its bits", () => {
  fc.assert(
    fc.property(anyId, (id) => {
      assert.equal(idOfHalves(highOfId(id), lowOfId(id)), id);
      assert.equal((BigInt(highOfId(id)) << 32n) | BigInt(lowOfId(id) >>> 0), id);
    }),
  );
});

test("IdTable does what a Map does", () => {
  const step = fc.record({
    kind: fc.constantFrom("set", "set", "set", "delete", "delete", "get", "clear"),
    id: fc.oneof({ weight: 9, arbitrary: fewIds }, { weight: 1, arbitrary: anyId }),
    value: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
      const table = new IdTable<number>();
      const model = new Map<bigint, number>();
      for (const { kind, id, value } of steps) {
        const [high, low] = [highOfId(id), lowOfId(id)];
        if (kind === "set" && id !== 0n) {
          table.set(high, low, value);
          model.set(id, value);
        } else if (kind === "delete") {
          assert.equal(table.delete(high, low), model.delete(id));
        } else if (kind === "clear" && value % 10 === 0) {
          table.clear();
          model.clear();
        }
        assert.equal(table.get(high, low), model.get(id));
        assert.equal(table.size, model.size);
      }
      for (const [id, value] of model) assert.equal(table.get(highOfId(id), lowOfId(id)), value);
      const found: number[] = [];
      for (let place = 0; place < table.places; place += 1) {
        const value = table.at(place);
        if (value !== undefined) found.push(value);
      }
      const numeric = (a: number, b: number): number => a - b;
      assert.deepEqual(found.sort(numeric), [...model.values()].sort(numeric));
    }),
    { numRuns: 500 },
  );
});

test("IdTable holds room for what it has, not for what it had", () => {
  const table = new IdTable<number>();
  for (let round = 0; round < 3; round += 1) {
    for (let low = 1; low <= 50_000; low += 1) table.set(round, low, low);
    assert.ok(table.places <= 4 * 50_000, `${table.places} places`);
    for (let low = 1; low <= 50_000; low += 1) assert.ok(table.delete(round, low));
    assert.equal(table.places, 16);
  }
});

test("IdTable keeps look-ups short while ids come and go for long", () => {
  const table = new IdTable<number>();
  for (let low = 1; low <= 200_000; low += 1) {
    table.set(0, low, low);
    if (low > 100) table.delete(0, low - 100);
  }
  assert.equal(table.size, 100);
  assert.ok(table.places <= 1_024, "nothing is left of the entries that are gone");
});

test("IdTable refuses id 0, which it has no place for", () => {
  const table = new IdTable<number>();
  assert.throws(() => table.set(0, 0, 1), /not 0/);
  assert.equal(table.get(0, 0), undefined);
  assert.equal(table.delete(0, 0), false);
});
