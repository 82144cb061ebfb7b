import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defaultRaftOptions,
  RaftOptionsError,
  resolveRaftOptions,
  toMemberId,
  type MemberId,
  type RaftOptions,
} from "@quorate/raft";

const id = toMemberId(1n);
const random = { nextInt: (): number => 0 };

test("resolveRaftOptions fills in what is omitted", () => {
  const resolved = resolveRaftOptions({ id, random, electionTimeoutTicks: 20 });
  assert.deepEqual(resolved, { ...defaultRaftOptions, id, random, electionTimeoutTicks: 20 });
});

test("resolveRaftOptions names all problems at once", () => {
  const bad: RaftOptions = {
    id: 0n as MemberId,
    random,
    heartbeatTicks: 5,
    electionTimeoutTicks: 5,
    maxAppendBytes: 1.5,
    maxInflightAppends: 0,
    maxInflightBytes: Number.NaN,
    maxPendingReads: -1,
  };
  assert.throws(
    () => resolveRaftOptions(bad),
    (error) => {
      assert.ok(error instanceof RaftOptionsError);
      assert.equal(error.code, "invalid-options");
      assert.deepEqual(error.problems, [
        "id is 0, expected an unsigned 64-bit integer above 0",
        "electionTimeoutTicks is 5, expected more than heartbeatTicks (5)",
        "maxAppendBytes is 1.5, expected an integer in [1, 1125899906842624]",
        "maxInflightAppends is 0, expected an integer in [1, 65536]",
        "maxInflightBytes is NaN, expected an integer in [1, 1125899906842624]",
        "maxPendingReads is -1, expected an integer in [1, 4294967296]",
      ]);
      return true;
    },
  );
});

test("the window of bytes holds at least one message", () => {
  assert.throws(
    () => resolveRaftOptions({ id, random, maxAppendBytes: 100, maxInflightBytes: 99 }),
    /maxInflightBytes is 99, expected at least maxAppendBytes \(100\)/,
  );
});
