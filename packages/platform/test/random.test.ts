import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NodeRandom, type Random } from "../src/index.ts";
import { SeededRandom } from "../src/sim/index.ts";

const sources: readonly (readonly [string, () => Random])[] = [
  ["NodeRandom", () => new NodeRandom()],
  ["SeededRandom", () => new SeededRandom(42n)],
];

for (const [name, create] of sources) {
  describe(`${name} as Random`, () => {
    test("nextInt covers its range evenly and nothing else", () => {
      const random = create();
      const counts = new Array<number>(7).fill(0);
      for (let i = 0; i < 70_000; i++) {
        const value = random.nextInt(7);
        counts[value] = (counts[value] ?? NaN) + 1;
      }
      // Six standard deviations: 10,000 +- 556.
      for (const count of counts) assert.ok(Math.abs(count - 10_000) < 600, String(counts));
    });

    test("nextInt takes 1 and 2^32, and refuses what lies beyond", () => {
      const random = create();
      assert.equal(random.nextInt(1), 0);
      let highest = 0;
      for (let i = 0; i < 100; i++) highest = Math.max(highest, random.nextInt(2 ** 32));
      assert.ok(highest > 2 ** 31 && highest < 2 ** 32);
      for (const bound of [0, -1, 1.5, 2 ** 32 + 1, NaN]) {
        assert.throws(() => random.nextInt(bound), RangeError);
      }
    });

    test("nextBigUint64 uses all 64 bits", () => {
      const random = create();
      let ones = 0n;
      let zeros = 0n;
      for (let i = 0; i < 100; i++) {
        const value = random.nextBigUint64();
        assert.ok(value >= 0n && value < 1n << 64n);
        ones |= value;
        zeros |= ~value & ((1n << 64n) - 1n);
      }
      assert.equal(ones, (1n << 64n) - 1n);
      assert.equal(zeros, (1n << 64n) - 1n);
    });
  });
}

describe("SeededRandom", () => {
  const draw = (random: SeededRandom): readonly number[] =>
    Array.from({ length: 5 }, () => random.nextInt(1000));

  test("the same seed repeats, another differs", () => {
    assert.deepEqual(draw(new SeededRandom(1n)), draw(new SeededRandom(1n)));
    assert.notDeepEqual(draw(new SeededRandom(1n)), draw(new SeededRandom(2n)));
    assert.notDeepEqual(draw(new SeededRandom(0n)), [0, 0, 0, 0, 0]);
  });

  test("numbers of a seed never change: a failing seed stays a failing seed", () => {
    assert.deepEqual(draw(new SeededRandom(123n)), [108, 40, 508, 729, 199]);
  });

  test("split streams depend on the name, not on what was drawn before (D2)", () => {
    const parent = new SeededRandom(9n);
    const before = draw(parent.split("disk"));
    parent.nextInt(10);
    assert.deepEqual(draw(parent.split("disk")), before);
    assert.notDeepEqual(draw(parent.split("net")), before);
    assert.notDeepEqual(draw(parent.split("disk").split("disk")), before);
  });

  test("shuffle keeps the items, pick takes one of them, between includes both ends", () => {
    const random = new SeededRandom(5n);
    const items = [1, 2, 3, 4, 5, 6, 7, 8];
    const shuffled = random.shuffle([...items]);
    assert.notDeepEqual(shuffled, items);
    assert.deepEqual(shuffled.toSorted(), items);
    const seen = new Set<number>();
    for (let i = 0; i < 200; i++) seen.add(random.between(3, 5));
    assert.deepEqual([...seen].sort(), [3, 4, 5]);
    assert.ok(items.includes(random.pick(items)));
    assert.throws(() => random.pick([]), RangeError);
    assert.equal(random.nextBytes(9).length, 9);
    assert.equal(random.chance(0), false);
    assert.equal(random.chance(1), true);
  });
});
