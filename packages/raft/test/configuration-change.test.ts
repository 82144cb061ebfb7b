import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toConfiguration, toMemberId, type Configuration, type MemberId } from "@quorate/raft";
import {
  changeConfiguration,
  configurationProblem,
  isJoint,
  leaveJoint,
} from "../src/configuration-change.ts";
import { majoritySize } from "../src/quorum.ts";
import { ids } from "./harness/scripted-cluster.ts";

const memberId = fc.integer({ min: 1, max: 7 }).map((id) => toMemberId(BigInt(id)));
const change = fc.record({
  kind: fc.constantFrom("add-voter", "add-learner", "remove"),
  memberId,
});
const start = fc
  .tuple(
    fc.uniqueArray(memberId, { minLength: 1, maxLength: 5 }),
    fc.uniqueArray(memberId, { maxLength: 3 }),
  )
  .map(([voters, learners]) =>
    toConfiguration(
      voters,
      learners.filter((id) => !voters.includes(id)),
    ),
  );

test("any change keeps the invariants, and consecutive configurations share every quorum", () => {
  const changes = fc.array(change, { maxLength: 4 });
  fc.assert(
    fc.property(start, changes, fc.boolean(), (from, list, isJointWanted) => {
      const result = changeConfiguration(from, list, isJointWanted);
      if (result.kind === "invalid") return;
      assert.equal(configurationProblem(result.configuration), undefined);
      assertQuorumsOverlap(from, result.configuration);
      if (!isJoint(result.configuration)) return;
      const left = leaveJoint(result.configuration);
      assert.equal(configurationProblem(left), undefined);
      assertQuorumsOverlap(result.configuration, left);
    }),
    { numRuns: 2_000 },
  );
});

test("one voter changes in one step, two need a joint phase", () => {
  const from = toConfiguration(ids(1, 2, 3));
  const [two, four] = ids(2, 4);
  assert.ok(two !== undefined && four !== undefined);
  const one = changeConfiguration(from, [{ kind: "add-voter", memberId: four }], false);
  assert.deepEqual(one, { kind: "changed", configuration: toConfiguration(ids(1, 2, 3, 4)) });
  const both = changeConfiguration(
    from,
    [
      { kind: "add-voter", memberId: four },
      { kind: "add-learner", memberId: two },
    ],
    false,
  );
  assert.deepEqual(both, {
    kind: "changed",
    configuration: {
      voters: ids(1, 3, 4),
      votersOutgoing: ids(1, 2, 3),
      learners: [],
      learnersNext: ids(2),
    },
  });
});

test("the last voter stays, and strangers cannot be removed", () => {
  const from = toConfiguration(ids(1), ids(2));
  const [one, nine] = ids(1, 9);
  assert.ok(one !== undefined && nine !== undefined);
  assert.deepEqual(changeConfiguration(from, [{ kind: "remove", memberId: one }], false), {
    kind: "invalid",
    problem: "no voter would be left",
  });
  assert.deepEqual(changeConfiguration(from, [{ kind: "remove", memberId: nine }], false), {
    kind: "invalid",
    problem: "member 9 is not in the configuration",
  });
});

/** No two disjoint sets of members can decide under one configuration each (brute force). */
function assertQuorumsOverlap(a: Configuration, b: Configuration): void {
  const all = [...new Set([a, b].flatMap((c) => [...c.voters, ...c.votersOutgoing]))];
  for (let bits = 0; bits < 2 ** all.length; bits += 1) {
    const side = all.filter((_, i) => Math.floor(bits / 2 ** i) % 2 === 1);
    const rest = all.filter((id) => !side.includes(id));
    assert.ok(
      !(isQuorum(a, side) && isQuorum(b, rest)),
      `{${side.join(" ")}} and {${rest.join(" ")}} both decide`,
    );
  }
}

function isQuorum(configuration: Configuration, side: readonly MemberId[]): boolean {
  return [configuration.voters, configuration.votersOutgoing].every(
    (set) =>
      set.length === 0 || set.filter((id) => side.includes(id)).length >= majoritySize(set.length),
  );
}
