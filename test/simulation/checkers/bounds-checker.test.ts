import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultMemberLimits } from "@quorate/server/member";
import { Coverage } from "../coverage.ts";
import { BoundsChecker } from "./bounds-checker.ts";
import { CheckFailure } from "./check-failure.ts";
import { claimingProcess, one, statusOf } from "./durability-fixture.ts";

test("BoundsChecker: a queue beyond its bound is seen, one at its bound is not (D8)", () => {
  const limits = { ...defaultMemberLimits, proposalsMax: 20 };
  const claims = { status: statusOf(one), appliedIndex: 0, revision: 1, hash: "" };
  const look = (pendingProposals: number): void => {
    const checker = new BoundsChecker(new Coverage(), limits);
    const process = { ...claimingProcess(one, claims), pendingProposals };
    for (let step = 0; step < 100; step += 1) checker.stepped(process);
  };
  look(20);
  assert.throws(() => look(21), CheckFailure);
});
