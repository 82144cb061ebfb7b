import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, InvalidOptionsError } from "@quorate/client";

import { parseEndpoint } from "../src/endpoint-address.ts";

test("parseEndpoint reads every form that etcd's tools take", () => {
  const cases: readonly (readonly [string, string | undefined, boolean | undefined])[] = [
    ["127.0.0.1:2379", "127.0.0.1:2379", undefined],
    ["store.example:2379", "store.example:2379", undefined],
    ["http://127.0.0.1:2379", "127.0.0.1:2379", false],
    ["https://store.example:2379/", "store.example:2379", true],
    ["[::1]:2379", "[::1]:2379", undefined],
    ["http://[::1]:2379", "[::1]:2379", false],
    ["unix:/run/store.sock", "unix:/run/store.sock", false],
    ["unix:///run/store.sock", "unix:/run/store.sock", false],
    ["unixs:///run/store.sock", "unix:/run/store.sock", true],
    ["unix:relative", "unix:relative", false],
    ["127.0.0.1", undefined, undefined],
    ["127.0.0.1:99999", undefined, undefined],
    ["127.0.0.1:0", undefined, undefined],
    ["ftp://127.0.0.1:1", undefined, undefined],
    ["http:127.0.0.1:1", undefined, undefined],
    ["http://127.0.0.1:1/path", undefined, undefined],
    ["a b:1", undefined, undefined],
    ["unix:", undefined, undefined],
    ["", undefined, undefined],
  ];
  for (const [text, target, secure] of cases) {
    const address = parseEndpoint(text);
    assert.equal(address?.target, target, text);
    assert.equal(address?.secure, secure, text);
  }
});

test("connect reports every problem of its options at once", () => {
  assert.throws(
    () =>
      connect({
        endpoints: ["nonsense"],
        tls: { cert: "x" },
        auth: { user: "", password: "" },
        defaultDeadlineMillis: 0,
        keepalive: { timeMillis: 10 },
        watchBuffer: { eventsMax: Number.NaN },
      }),
    (error: unknown) => {
      assert.ok(error instanceof InvalidOptionsError);
      assert.equal(error.code, "invalid-options");
      assert.deepEqual(
        error.problems.map((problem) => problem.split(":")[0]),
        [
          "endpoints",
          "tls",
          "auth.user",
          "defaultDeadlineMillis",
          "keepaliveTimeMillis",
          "watchBufferMaxEvents",
        ],
      );
      return true;
    },
  );
  assert.throws(() => connect({ endpoints: [] }), /at least one/);
});
