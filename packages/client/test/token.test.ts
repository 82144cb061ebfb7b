import assert from "node:assert/strict";
import { test } from "node:test";

import { services, wireErrors } from "@quorate/api";
import { connect } from "@quorate/client";

import { Refusal, ScriptedServer } from "./scripted-server.ts";

const { range } = services.kv;
const { authenticate } = services.auth;
const auth = { user: "root", password: "secret" };

/** A server that accepts one token at a time and hands out t1, t2, ... */
function tokenServer(refusal: keyof typeof wireErrors): {
  readonly server: ScriptedServer;
  expire(): void;
} {
  let issued = 0;
  let valid = "";
  const server = new ScriptedServer()
    .on(authenticate, (request) => {
      if (request.password !== "secret") throw new Refusal(wireErrors["authentication-failed"]);
      issued += 1;
      valid = `t${issued}`;
      return { token: valid };
    })
    .on(range, (_request, metadata) => {
      if (metadata.get("token")[0] !== valid) throw new Refusal(wireErrors[refusal]);
      return { header: { revision: 3 } };
    });
  return { server, expire: () => (valid = "none") };
}

for (const refusal of ["invalid-auth-token", "auth-revision-old", "user-empty"] as const) {
  test(`A token refused with "${wireErrors[refusal].message}" is replaced`, async () => {
    const scripted = tokenServer(refusal);
    await using server = await scripted.server.start();
    await using client = connect({ endpoints: [server.endpoint], auth });
    assert.equal((await client.range("a")).revision, 3);
    scripted.expire();
    assert.equal((await client.range("a")).revision, 3);
    assert.equal(server.count(authenticate), 2);
  });
}

test("Calls that start together share one authentication", async () => {
  const scripted = tokenServer("invalid-auth-token");
  await using server = await scripted.server.start();
  await using client = connect({ endpoints: [server.endpoint], auth });
  await Promise.all(Array.from({ length: 10 }, () => client.range("a")));
  assert.equal(server.count(authenticate), 1);
});

test("A client with a user works on a server without authentication", async () => {
  const open = new ScriptedServer()
    .on(authenticate, () => {
      throw new Refusal(wireErrors["auth-not-enabled"]);
    })
    .on(range, (_request, metadata) => {
      assert.deepEqual(metadata.get("token"), []);
      return { header: { revision: 3 } };
    });
  await using server = await open.start();
  await using client = connect({ endpoints: [server.endpoint], auth });
  assert.equal((await client.range("a")).revision, 3);
  assert.equal((await client.range("a")).revision, 3);
  assert.equal(server.count(authenticate), 1);
});

test("A wrong password fails the call with the server's error", async () => {
  const scripted = tokenServer("invalid-auth-token");
  await using server = await scripted.server.start();
  await using client = connect({
    endpoints: [server.endpoint],
    auth: { user: "root", password: "wrong" },
  });
  await assert.rejects(client.range("a"), { code: "authentication-failed" });
  assert.equal(server.count(range), 0);
});

test("A token that is refused again and again ends the call", async () => {
  const scripted = tokenServer("invalid-auth-token");
  const stubborn = scripted.server;
  await using server = await stubborn.start();
  await using client = connect({ endpoints: [server.endpoint] });
  await assert.rejects(client.range("a"), { code: "invalid-auth-token" });
  assert.equal(server.count(range), 1, "without a user there is nothing to refresh");
});
