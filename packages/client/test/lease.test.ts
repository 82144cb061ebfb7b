import assert from "node:assert/strict";
import { test } from "node:test";

import { services, wireErrors } from "@quorate/api";
import { connect, LeaseLostError, type Lease } from "@quorate/client";
import { SimScheduler, SimTimers } from "@quorate/platform/sim";

import { createGrpcJsChannel } from "../src/grpc-js-channel.ts";
import { LeaseHolder } from "../src/lease-holder.ts";
import { Refusal, ScriptedServer } from "./scripted-server.ts";

const { leaseGrant, leaseKeepAlive, leaseRevoke } = services.lease;
const startAtFirst = { random: { nextInt: () => 0, nextBigUint64: () => 0n } };

function lossOf(lease: Lease): Promise<LeaseLostError> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      const { reason } = lease.lost;
      if (reason instanceof LeaseLostError) resolve(reason);
      else reject(new Error(`Unexpected reason: ${String(reason)}`));
    };
    if (lease.lost.aborted) settle();
    else lease.lost.addEventListener("abort", settle, { once: true });
  });
}

/** Grants leases of the given TTL; renewals are up to the test. */
function granting(ttl: number): ScriptedServer {
  return new ScriptedServer().on(leaseGrant, () => ({ id: 77n, ttl })).on(leaseRevoke, () => ({}));
}

interface Simulated {
  readonly holder: LeaseHolder;
  now(): number;
  /** Lets time pass and timers run. */
  advance(millis: number): void;
  /** Lets time pass without timers, as in a process that was stopped. */
  pause(millis: number): void;
}

/** A holder on simulated time whose renewals the test makes itself. */
function simulated(ttlSeconds: number, marginMillis?: number): Simulated {
  const scheduler = new SimScheduler();
  let pausedMillis = 0;
  const now = (): number => scheduler.nowMillis + pausedMillis;
  const holder = new LeaseHolder(
    { id: 1n, sentMillis: now(), ttlSeconds, marginMillis },
    {
      runtime: {
        clock: { monotonicMillis: now, wallMillis: () => 0 },
        timers: new SimTimers(scheduler),
        random: startAtFirst.random,
        createChannel: createGrpcJsChannel,
        logger: undefined,
        tracer: undefined,
      },
      keeper: { add: () => undefined, remove: () => undefined },
      closedSignal: new AbortController().signal,
      revoke: () => Promise.resolve(),
      keepAliveOnce: () => Promise.resolve(ttlSeconds),
    },
  );
  return {
    holder,
    now,
    advance: (millis) => scheduler.advance(millis),
    pause: (millis) => (pausedMillis += millis),
  };
}

test("Lease.lost fires a margin before TTL after the last renewal was sent", () => {
  const { holder, advance } = simulated(10);
  advance(9_000);
  // The answer took 4 s: only what was sent at 5 s counts.
  holder.renewed(5_000, 10);
  advance(5_499);
  assert.equal(holder.lost.aborted, false);
  advance(2);
  assert.equal(holder.lost.aborted, true, "0.5 s (5 %) before 15 s");
  assert.equal(holder.lost.reason.reason, "deadline");
});

test("Lease.isAlive is right after a pause, before any timer ran", () => {
  const { holder, pause } = simulated(10, 1_000);
  assert.equal(holder.remainingMillis(), 9_000);
  pause(9_000);
  assert.equal(holder.lost.aborted, false);
  assert.equal(holder.isAlive(), false);
  assert.equal(holder.lost.aborted, true);
});

test("A lost lease stays lost, whatever answer comes late", () => {
  const { holder, advance, now } = simulated(2);
  advance(2_000);
  assert.equal(holder.lost.aborted, true);
  holder.renewed(now(), 2);
  assert.equal(holder.isAlive(), false);
});

test("An older answer does not shorten a newer renewal", () => {
  const { holder, advance } = simulated(10);
  advance(4_000);
  holder.renewed(4_000, 10);
  holder.renewed(1_000, 10);
  assert.equal(holder.remainingMillis(), 9_500);
});

test("L6: a lease of thirty days is not lost at once", () => {
  const { holder, advance } = simulated(30 * 24 * 3600);
  advance(60_000);
  assert.equal(holder.isAlive(), true);
});

test("A held lease is renewed beyond its TTL", async () => {
  let renewals = 0;
  let enough = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const server = granting(1).onStream(leaseKeepAlive, async (stream) => {
    for (;;) {
      const request = await stream.next();
      if (request === undefined) return;
      assert.equal(request.id, 77n);
      renewals += 1;
      stream.send({ id: 77n, ttl: 1 });
      if (renewals === 5) enough();
    }
  });
  await using running = await server.start();
  await using client = connect({ endpoints: [running.endpoint] });
  const lease = await client.lease.hold(1);
  await done;
  assert.equal(lease.isAlive(), true);
  await lease.revoke();
  assert.equal(running.count(leaseRevoke), 1);
  assert.equal(lease.lost.reason.reason, "revoked");
});

test("Lease.lost fires before the TTL is over when renewals stay unanswered", async () => {
  const server = granting(1).onStream(leaseKeepAlive, async (stream) => {
    while ((await stream.next()) !== undefined);
  });
  await using running = await server.start();
  await using client = connect({ endpoints: [running.endpoint] });
  const startMillis = performance.now();
  const lease = await client.lease.hold(1);
  const loss = await lossOf(lease);
  const elapsedMillis = performance.now() - startMillis;
  assert.equal(loss.reason, "deadline");
  assert.ok(elapsedMillis < 1_000, `lost after ${elapsedMillis} ms`);
});

test("A renewal that stays unanswered is asked at another endpoint in time", async () => {
  const stuck = granting(2).onStream(leaseKeepAlive, async (stream) => {
    while ((await stream.next()) !== undefined);
  });
  let answered = 0;
  let enough = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const well = granting(2).onStream(leaseKeepAlive, async (stream) => {
    for (;;) {
      const request = await stream.next();
      if (request === undefined) return;
      stream.send({ id: request.id, ttl: 2 });
      answered += 1;
      if (answered === 3) enough();
    }
  });
  await using first = await stuck.start();
  await using second = await well.start();
  await using client = connect({
    endpoints: [first.endpoint, second.endpoint],
    runtime: startAtFirst,
  });
  const lease = await client.lease.hold(2);
  await done;
  assert.equal(lease.isAlive(), true);
});

test("A renewal answered with TTL 0 means the lease is gone", async () => {
  const server = granting(1).onStream(leaseKeepAlive, async (stream) => {
    const request = await stream.next();
    stream.send({ id: request?.id ?? 0n, ttl: 0 });
    await stream.next();
  });
  await using running = await server.start();
  await using client = connect({ endpoints: [running.endpoint] });
  const lease = await client.lease.hold(1);
  assert.equal((await lossOf(lease)).reason, "expired");
});

test("A lease stream that breaks is opened again and the lease lives on", async () => {
  let opened = 0;
  let enough = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const server = granting(1).onStream(leaseKeepAlive, async (stream) => {
    opened += 1;
    const request = await stream.next();
    if (request === undefined) return;
    if (opened < 3) {
      stream.fail(wireErrors["no-leader"]);
      return;
    }
    stream.send({ id: request.id, ttl: 1 });
    enough();
    await stream.next();
  });
  await using running = await server.start();
  await using client = connect({ endpoints: [running.endpoint] });
  const lease = await client.lease.hold(1);
  await done;
  assert.equal(lease.isAlive(), true);
});

test("Many leases share one stream", async () => {
  let nextId = 0n;
  const seen = new Set<bigint>();
  let enough = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const server = new ScriptedServer()
    .on(leaseGrant, () => ({ id: (nextId += 1n), ttl: 1 }))
    .onStream(leaseKeepAlive, async (stream) => {
      for (;;) {
        const request = await stream.next();
        if (request === undefined) return;
        seen.add(request.id);
        stream.send({ id: request.id, ttl: 1 });
        if (seen.size === 50) enough();
      }
    });
  await using running = await server.start();
  await using client = connect({ endpoints: [running.endpoint] });
  const leases = await Promise.all(Array.from({ length: 50 }, () => client.lease.hold(1)));
  await done;
  assert.equal(running.count(leaseKeepAlive), 1);
  assert.ok(leases.every((lease) => lease.isAlive()));
});

test("LeaseClient.adopt renews first and refuses a lease that is gone", async () => {
  const server = granting(5).onStream(leaseKeepAlive, async (stream) => {
    const request = await stream.next();
    stream.send({ id: request?.id ?? 0n, ttl: request?.id === 5n ? 9 : 0 });
    await stream.next();
  });
  await using running = await server.start();
  await using client = connect({ endpoints: [running.endpoint] });
  const lease = await client.lease.adopt(5n);
  assert.equal(lease.ttlSeconds, 9);
  lease.release();
  await assert.rejects(client.lease.adopt(6n), { code: "lease-lost", reason: "expired" });
});

test("Revoking a lease that is gone is fine; disposal never throws", async () => {
  const server = new ScriptedServer()
    .on(leaseGrant, () => ({ id: 1n, ttl: 60 }))
    .on(leaseRevoke, (request) => {
      throw new Refusal(wireErrors[request.id === 2n ? "lease-not-found" : "timeout"]);
    });
  await using running = await server.start();
  await using client = connect({ endpoints: [running.endpoint] });
  await client.lease.revoke(2n);
  await assert.rejects(client.lease.revoke(1n), { code: "timeout" });
  await using lease = await client.lease.hold(60);
  assert.equal(lease.isAlive(), true);
});

test("Closing the client loses its leases and says why", async () => {
  await using running = await granting(60).start();
  const client = connect({ endpoints: [running.endpoint] });
  const lease = await client.lease.hold(60);
  client.close();
  assert.equal(lease.lost.reason.reason, "client-closed");
  assert.equal(lease.isAlive(), false);
});
