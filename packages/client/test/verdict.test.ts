import assert from "node:assert/strict";
import { test } from "node:test";

import { wireErrors, type WireErrorCode } from "@quorate/api";

import { ServerError, TransportError } from "../src/errors.ts";
import { judge, type FailedCall } from "../src/verdict.ts";

function failed(
  safety: FailedCall["safety"],
  error: { readonly code: number; readonly message: string },
): FailedCall {
  return {
    grpcCode: error.code,
    details: error.message,
    method: "/etcdserverpb.KV/Put",
    safety,
    endpoint: "a:1",
  };
}

const codes = Object.keys(wireErrors).filter((code): code is WireErrorCode =>
  Object.hasOwn(wireErrors, code),
);

test("Every error of the wire table is a ServerError with its own code", () => {
  for (const code of codes) {
    const { error } = judge(failed("read", wireErrors[code]));
    assert.ok(error instanceof ServerError, code);
    // Two rows may share a text; the message decides then.
    assert.equal(
      wireErrors[error.code === "unknown-server-error" ? code : error.code].message,
      wireErrors[code].message,
    );
    assert.equal(error.isOutcomeUnknown, false, "a read has no outcome to be unknown");
  }
});

test("P6: exactly these answers leave the outcome of a write unknown", () => {
  const unknown = codes.filter(
    (code) => judge(failed("write", wireErrors[code])).error.isOutcomeUnknown,
  );
  assert.deepEqual(unknown.sort(), [
    "caller-cancelled",
    "deadline-exceeded",
    "election-leader-missing",
    "election-no-leader",
    "election-not-leader",
    "http-method-not-allowed",
    "leader-changed",
    "lock-session-expired",
    "lost-watcher",
    "no-space",
    "not-primary-lessor",
    "range-stream-filter",
    "range-stream-sort",
    "request-cancelled",
    "server-deadline-exceeded",
    "stopped",
    "timeout",
    "timeout-applied-index",
    "timeout-connection-lost",
    "timeout-leader-failure",
    "timeout-leader-transfer",
    "token-key-verify-only",
    "watch-cancelled",
  ]);
});

test("P6: exactly these answers let a write be sent again", () => {
  const again = codes.filter((code) => judge(failed("write", wireErrors[code])).retry !== "no");
  assert.deepEqual(again.sort(), [
    "auth-revision-old",
    "invalid-auth-token",
    "no-leader",
    "not-capable",
    "not-supported-for-learner",
    "proposal-dropped",
    "too-many-requests",
    "user-empty",
  ]);
  for (const code of again) {
    const { error } = judge(failed("write", wireErrors[code]));
    assert.equal(error.isOutcomeUnknown, false, `${code} is repeated, so it must be definite`);
  }
});

test("A call whose connection broke was not cancelled by the caller, whatever gRPC says", () => {
  const broken = judge(failed("read", { code: 1, message: "Call cancelled" }));
  assert.equal(broken.error.code, "unavailable");
  assert.equal(broken.error.isTransient, true);
  assert.equal(broken.retry, "elsewhere");
  const cancelled = judge(failed("read", { code: 1, message: "Cancelled on client" }));
  assert.equal(cancelled.error.code, "cancelled");
  assert.equal(cancelled.error.isTransient, false);
});

test("P6: of gRPC's own failures only those before the server are repeated for a write", () => {
  const cases: readonly (readonly [number, string, boolean])[] = [
    [14, "No connection established. Last error: ECONNREFUSED", true],
    [14, "Name resolution failed for target dns:nowhere:1", true],
    [14, "Stream refused by server", true],
    [14, "Connection dropped", false],
    [14, "read ECONNRESET", false],
    [13, "Received RST_STREAM with code 2 (Internal server error)", false],
    [13, "Received RST_STREAM with code 0 (Call ended without gRPC status)", false],
    [1, "Call cancelled", false],
    [4, "Deadline exceeded after 1.000s", false],
    [8, "Received message larger than max (9 vs 4)", false],
    [8, "Bandwidth exhausted or memory limit exceeded", false],
    [2, "something new", false],
  ];
  for (const [code, message, isRepeated] of cases) {
    const verdict = judge(failed("write", { code, message }));
    assert.ok(verdict.error instanceof TransportError, message);
    assert.equal(verdict.retry === "elsewhere", isRepeated, message);
    assert.equal(verdict.error.isOutcomeUnknown, !isRepeated, message);
  }
});

test("Reads are repeated when the connection or the member failed, not when they are wrong", () => {
  const repeated: readonly (readonly [number, string])[] = [
    [14, "Connection dropped"],
    [14, wireErrors.timeout.message],
    [14, wireErrors["leader-changed"].message],
    [13, "Received RST_STREAM with code 2 (Internal server error)"],
    [4, "Deadline exceeded after 1.000s"],
    [2, wireErrors["not-primary-lessor"].message],
  ];
  for (const [code, message] of repeated) {
    assert.equal(judge(failed("read", { code, message })).retry, "elsewhere", message);
  }
  for (const code of [
    "key-empty",
    "compacted",
    "permission-denied",
    "unhealthy-cluster",
  ] as const) {
    assert.equal(judge(failed("read", wireErrors[code])).retry, "no", code);
  }
});

test("Errors of the member or its connection are held against the endpoint", () => {
  const isAtFault = (code: number, message: string): boolean =>
    judge(failed("write", { code, message })).isEndpointAtFault;
  for (const code of ["no-leader", "stopped", "timeout", "timeout-connection-lost"] as const) {
    assert.equal(isAtFault(wireErrors[code].code, wireErrors[code].message), true, code);
  }
  assert.equal(isAtFault(14, "Connection dropped"), true);
  for (const code of ["key-empty", "unhealthy-cluster", "no-space"] as const) {
    assert.equal(isAtFault(wireErrors[code].code, wireErrors[code].message), false, code);
  }
});
