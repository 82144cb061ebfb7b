import assert from "node:assert/strict";
import { test } from "node:test";

import { services, wireErrors } from "@quorate/api";
import { ClientClosedError, connect, ServerError, TransportError } from "@quorate/client";

import { freePorts } from "../../../test/support/free-port.ts";
import { TcpProxy } from "../../../test/support/tcp-proxy.ts";
import { Refusal, ScriptedServer } from "./scripted-server.ts";

const { range, put } = services.kv;
const header = { revision: 7 };
/** Makes a client start at the first endpoint, so that the order of a test is certain. */
const startAtFirst = { random: { nextInt: () => 0, nextBigUint64: () => 0n } };

function serving(): ScriptedServer {
  return new ScriptedServer().on(range, () => ({ header })).on(put, () => ({ header }));
}

async function deadEndpoint(): Promise<string> {
  const [port] = await freePorts(1);
  return `127.0.0.1:${port}`;
}

test("A read that one endpoint cannot answer is answered by another", async () => {
  const refusing = new ScriptedServer().on(range, () => {
    throw new Refusal(wireErrors.stopped);
  });
  await using sick = await refusing.start();
  await using well = await serving().start();
  await using client = connect({
    endpoints: [sick.endpoint, well.endpoint],
    runtime: startAtFirst,
  });
  assert.equal((await client.range("a")).revision, 7);
  assert.equal(sick.count(range), 1);
  assert.equal((await client.range("a")).revision, 7, "stays with the one that answered");
  assert.equal(sick.count(range), 1);
});

test("A read left unanswered for readAttemptMillis is asked elsewhere", async () => {
  const silent = new ScriptedServer().on(range, () => new Promise<never>(() => undefined));
  await using stuck = await silent.start();
  await using well = await serving().start();
  await using client = connect({
    endpoints: [stuck.endpoint, well.endpoint],
    readAttemptMillis: 100,
    runtime: startAtFirst,
  });
  assert.equal((await client.range("a")).revision, 7);
  assert.equal(stuck.count(range), 1);
});

test("P6: a write whose connection broke after it was received is not sent again", async () => {
  let cut = (): void => undefined;
  const dropping = new ScriptedServer().on(put, () => {
    cut();
    return new Promise<never>(() => undefined);
  });
  await using server = await dropping.start();
  await using other = await serving().start();
  await using proxy = await TcpProxy.start(server.port);
  cut = () => proxy.cut();
  await using client = connect({
    endpoints: [proxy.endpoint, other.endpoint],
    runtime: startAtFirst,
  });
  await assert.rejects(client.put("a", "1"), (error: unknown) => {
    assert.ok(error instanceof TransportError, String(error));
    assert.equal(error.code, "unavailable");
    assert.equal(error.isOutcomeUnknown, true);
    return true;
  });
  assert.equal(server.count(put), 1);
  assert.equal(other.count(put), 0);
  await client.put("a", "2");
  assert.equal(other.count(put), 1, "the next write goes to the endpoint that works");
});

for (const name of ["timeout", "timeout-leader-failure", "stopped", "leader-changed"] as const) {
  test(`P6: a write answered with "${wireErrors[name].message}" is not sent again`, async () => {
    const failing = new ScriptedServer().on(put, () => {
      throw new Refusal(wireErrors[name]);
    });
    await using server = await failing.start();
    await using other = await serving().start();
    await using client = connect({
      endpoints: [server.endpoint, other.endpoint],
      runtime: startAtFirst,
    });
    await assert.rejects(client.put("a", "1"), { code: name, isOutcomeUnknown: true });
    assert.equal(server.count(put) + other.count(put), 1);
  });
}

for (const name of ["no-leader", "too-many-requests", "not-supported-for-learner"] as const) {
  test(`A write refused with "${wireErrors[name].message}" goes to another endpoint`, async () => {
    const failing = new ScriptedServer().on(put, () => {
      throw new Refusal(wireErrors[name]);
    });
    await using server = await failing.start();
    await using other = await serving().start();
    await using client = connect({
      endpoints: [server.endpoint, other.endpoint],
      runtime: startAtFirst,
    });
    assert.equal((await client.put("a", "1")).revision, 7);
    assert.equal(server.count(put), 1);
  });
}

test("A write goes to another endpoint when the first refuses connections", async () => {
  await using other = await serving().start();
  await using client = connect({
    endpoints: [await deadEndpoint(), other.endpoint],
    runtime: startAtFirst,
  });
  assert.equal((await client.put("a", "1")).revision, 7);
});

test("A write that was never sent fails with a known outcome", async () => {
  await using client = connect({ endpoints: [await deadEndpoint()] });
  await assert.rejects(client.put("a", "1", { deadlineMillis: 200 }), {
    name: "TransportError",
    code: "unavailable",
    isOutcomeUnknown: false,
  });
});

test("A write that is refused for its content fails with a known outcome, at once", async () => {
  const refusing = new ScriptedServer().on(put, () => {
    throw new Refusal(wireErrors["lease-not-found"]);
  });
  await using server = await refusing.start();
  await using client = connect({ endpoints: [server.endpoint] });
  await assert.rejects(client.put("a", "1", { lease: 5n }), (error: unknown) => {
    assert.ok(error instanceof ServerError, String(error));
    assert.equal(error.code, "lease-not-found");
    assert.equal(error.isOutcomeUnknown, false);
    assert.equal(error.method, "/etcdserverpb.KV/Put");
    assert.equal(error.endpoint, server.endpoint);
    return true;
  });
});

test("Endpoints that keep failing are asked with growing pauses, not in a hot loop", async () => {
  const refusing = new ScriptedServer().on(range, () => {
    throw new Refusal(wireErrors["no-leader"]);
  });
  await using server = await refusing.start();
  await using client = connect({ endpoints: [server.endpoint] });
  await assert.rejects(client.range("a", { deadlineMillis: 800 }), { code: "no-leader" });
  const asked = server.count(range);
  assert.ok(asked >= 3 && asked <= 16, `asked ${asked} times in 800 ms`);
});

test("A deadline ends a write with an unknown outcome", async () => {
  const silent = new ScriptedServer().on(put, () => new Promise<never>(() => undefined));
  await using server = await silent.start();
  await using client = connect({ endpoints: [server.endpoint] });
  await assert.rejects(client.put("a", "1", { deadlineMillis: 100 }), {
    code: "deadline-exceeded",
    isOutcomeUnknown: true,
  });
});

test("An aborted signal ends a call with its reason as the cause", async () => {
  const controller = new AbortController();
  const reason = new Error("the user left");
  const silent = new ScriptedServer().on(put, () => {
    controller.abort(reason);
    return new Promise<never>(() => undefined);
  });
  await using server = await silent.start();
  await using client = connect({ endpoints: [server.endpoint] });
  await assert.rejects(client.put("a", "1", { signal: controller.signal }), {
    code: "cancelled",
    isOutcomeUnknown: true,
    cause: reason,
  });
  await assert.rejects(client.put("a", "1", { signal: controller.signal }), {
    code: "cancelled",
    isOutcomeUnknown: false,
    cause: reason,
  });
  assert.equal(server.count(put), 1);
});

test("Client.close ends calls under way and refuses new ones", async () => {
  let arrived = (): void => undefined;
  const received = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const silent = new ScriptedServer().on(put, () => {
    arrived();
    return new Promise<never>(() => undefined);
  });
  await using server = await silent.start();
  const client = connect({ endpoints: [server.endpoint] });
  const pending = client.put("a", "1");
  const ended = assert.rejects(pending, { code: "client-closed", isOutcomeUnknown: true });
  await received;
  client.close();
  await ended;
  await assert.rejects(client.get("a"), ClientClosedError);
});

test("An answer that is not protobuf is an error, and unknown for a write", async () => {
  const garbled = { ...put, encodeResponse: () => new Uint8Array([0x0a, 0xff]) };
  await using server = await new ScriptedServer().on(garbled, () => ({})).start();
  await using client = connect({ endpoints: [server.endpoint] });
  await assert.rejects(client.put("a", "1"), {
    code: "malformed-answer",
    isOutcomeUnknown: true,
  });
});

test("Writes and linearizable reads ask for a leader, serializable reads do not", async () => {
  const asked: unknown[] = [];
  const listening = new ScriptedServer()
    .on(range, (_request, metadata) => {
      asked.push(metadata.get("hasleader")[0]);
      return { header };
    })
    .on(put, (_request, metadata) => {
      asked.push(metadata.get("hasleader")[0]);
      return { header };
    });
  await using server = await listening.start();
  await using client = connect({ endpoints: [server.endpoint] });
  await client.put("a", "1");
  await client.get("a");
  await client.get("a", { serializable: true });
  assert.deepEqual(asked, ["true", "true", undefined]);
});
