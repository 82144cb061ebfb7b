import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { emptyConfiguration, toMemberId, type Configuration, type MemberId } from "@quorate/raft";
import { committedIndex, majoritySize, voteResult } from "../src/quorum.ts";

const member = fc.integer({ min: 1, max: 9 }).map((id) => toMemberId(BigInt(id)));
const members = fc
  .uniqueArray(member, { maxLength: 7 })
  .map((list) => list.sort((a, b) => Number(a - b)));

/** Voters, possibly joint. */
const configuration = fc
  .tuple(members, fc.oneof(fc.constant([]), members))
  .map(([voters, votersOutgoing]): Configuration => ({
    ...emptyConfiguration,
    voters,
    votersOutgoing,
  }));

test("committedIndex is the highest index that a majority of each set has reached", () => {
  const matches = fc.dictionary(
    fc.integer({ min: 1, max: 9 }).map(String),
    fc.integer({ min: 0, max: 12 }),
  );
  fc.assert(
    fc.property(configuration, matches, (config, match) => {
      const matchOf = (id: MemberId): number => match[String(id)] ?? 0;
      const isReached = (index: number): boolean =>
        [config.voters, config.votersOutgoing].every(
          (set) =>
            set.length === 0 || set.filter((id) => matchOf(id) >= index).length * 2 > set.length,
        );
      const actual = committedIndex(config, matchOf);
      if (config.voters.length + config.votersOutgoing.length === 0) {
        assert.equal(actual, Infinity);
        return;
      }
      assert.ok(isReached(actual), `${actual} is not reached`);
      assert.ok(!isReached(actual + 1), `${actual + 1} is reached as well`);
    }),
    { numRuns: 2_000 },
  );
});

test("voteResult is what every way of giving the missing votes leads to", () => {
  const votes = fc.dictionary(fc.integer({ min: 1, max: 9 }).map(String), fc.boolean());
  fc.assert(
    fc.property(configuration, votes, (config, vote) => {
      const voteOf = (id: MemberId): boolean | undefined => vote[String(id)];
      const missing = [...new Set([...config.voters, ...config.votersOutgoing])].filter(
        (id) => voteOf(id) === undefined,
      );
      const outcomes = new Set<boolean>();
      for (let bits = 0; bits < 2 ** missing.length; bits += 1) {
        const isYes = (id: MemberId): boolean =>
          voteOf(id) ?? Math.floor(bits / 2 ** missing.indexOf(id)) % 2 === 1;
        outcomes.add(
          [config.voters, config.votersOutgoing].every(
            (set) => set.length === 0 || set.filter(isYes).length * 2 > set.length,
          ),
        );
      }
      // `lost` may be said late, when both sets only together cannot be won; never wrongly.
      const actual = voteResult(config, voteOf);
      if (actual === "won") assert.deepEqual([...outcomes], [true]);
      else if (actual === "lost") assert.deepEqual([...outcomes], [false]);
      else if (config.votersOutgoing.length === 0) assert.equal(outcomes.size, 2);
    }),
    { numRuns: 1_000 },
  );
});

test("majorities of sets that differ by one voter overlap", () => {
  for (let count = 1; count < 10; count += 1) {
    assert.ok(majoritySize(count) + majoritySize(count + 1) > count + 1, String(count));
  }
});
