import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePutResponse, encodeRangeResponse, encodeWatchResponse } from "@quorate/api";
import { Coverage } from "../coverage.ts";
import { AnswerChecker } from "./answer-checker.ts";
import { CheckFailure } from "./check-failure.ts";
import { claimingProcess, entryOf, one, statusOf } from "./durability-fixture.ts";

/** A checker that has seen an entry applied that made a revision. */
function checkerAt(revision: number, coverage: Coverage = new Coverage()): AnswerChecker {
  const checker = new AnswerChecker(coverage);
  const claims = { status: statusOf(one), appliedIndex: 5, revision, hash: "" };
  checker.applied(claimingProcess(one, claims), entryOf(5, 1));
  // Whoever applies it later adds nothing.
  const late = { ...claims, revision: revision + 1 };
  checker.applied(claimingProcess(one, late), entryOf(5, 1));
  return checker;
}

function leave(checker: AnswerChecker, path: string, message: Uint8Array): void {
  const frame = { kind: "data", call: 1, bytes: message.length, message } as const;
  checker.answerLeaves(one, frame, path);
}

const ids = { clusterId: 0xffff_ffff_ffff_fff0n, memberId: 3n, raftTerm: 7 };
const answers: Readonly<Record<string, (revision: number) => Uint8Array>> = {
  "/etcdserverpb.KV/Put": (revision) => encodePutResponse({ header: { ...ids, revision } }),
  "/etcdserverpb.KV/Range": (revision) => {
    return encodeRangeResponse({ header: { ...ids, revision }, count: 200 });
  },
  "/etcdserverpb.Watch/Watch": (revision) => {
    return encodeWatchResponse({ header: { ...ids, revision }, watchId: 4n });
  },
};

for (const [path, encode] of Object.entries(answers)) {
  test(`${path}: no answer tells what is not committed and durable (D8)`, () => {
    const coverage = new Coverage();
    const checker = checkerAt(300, coverage);
    leave(checker, path, encode(300));
    leave(checker, path, encode(1));
    assert.throws(
      () => leave(checker, path, encode(301)),
      (error) => error instanceof CheckFailure && /301, committed .* is 300$/.test(error.message),
    );
    assert.equal(new Map(coverage.counts("promises")).get("D8 answers"), 2);
  });
}

test("answers without a header, and of services that tell no revision, are let pass", () => {
  const checker = checkerAt(3);
  const path = "/etcdserverpb.KV/Put";
  leave(checker, path, new Uint8Array(0));
  leave(checker, path, Buffer.from([0x12, 2, 0x18, 9]));
  leave(checker, path, Buffer.from([0x0a, 4, 0x0a, 2, 0x18, 9]));
  const other = encodePutResponse({ header: { ...ids, revision: 9 } });
  leave(checker, "/etcdserverpb.Maintenance/Status", other);
  checker.answerLeaves(one, { kind: "status", call: 1, code: 0, details: "" }, path);
});
