import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, op } from "@quorate/client";
import { Election, Mutex, openSession, RecipeError, Registry } from "@quorate/recipes";

import { TcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { startStore, storeKind, storeMissing } from "../../../../test/support/store.ts";

const options = { skip: storeMissing() };
const fastElections = { heartbeatMillis: 50, electionMillis: 500 } as const;

/** One tenure of a lock holder on one process's monotonic clock. */
interface Tenure {
  readonly token: number;
  readonly fromMillis: number;
  readonly toMillis: number;
}

test("K1: holders never overlap while members are killed one after another", options, async () => {
  await using store = await startStore(storeKind, 3, fastElections);
  const mutex = new Mutex("fought-over");
  const tenures: Tenure[] = [];
  let isOver = false;
  const work = async (name: string): Promise<void> => {
    await using client = connect({ endpoints: store.endpoints });
    while (!isOver) {
      try {
        await using session = await openSession(client, { ttlSeconds: 3 });
        await using lock = await mutex.lock(session);
        const fromMillis = performance.now();
        const done = await lock
          .txn()
          .then(op.put("held-by", name), op.put(`token/${lock.token}`, name))
          .commit({ signal: lock.lost });
        if (done.succeeded && lock.isHeld()) {
          tenures.push({ token: lock.token, fromMillis, toMillis: performance.now() });
        }
      } catch {
        // The store fails calls while it has no leader; the next round tries again.
      }
    }
  };
  const workers = ["a", "b", "c"].map(work);
  await using observer = connect({ endpoints: store.endpoints });
  const moreTenures = async (count: number): Promise<void> => {
    const wanted = tenures.length + count;
    for await (const event of observer.watch("held-by")) {
      assert.equal(event.type, "put");
      if (tenures.length >= wanted) return;
    }
  };
  for (const member of store.members) {
    await moreTenures(5);
    await member.kill();
    await moreTenures(5);
    await member.start();
  }
  await moreTenures(5);
  isOver = true;
  await Promise.all(workers);

  const byTime = [...tenures].sort((left, right) => left.fromMillis - right.fromMillis);
  for (const [index, tenure] of byTime.entries()) {
    const next = byTime[index + 1];
    if (next === undefined) break;
    assert.ok(tenure.toMillis <= next.fromMillis, `tenures ${index} and ${index + 1} overlap`);
    assert.ok(tenure.token < next.token, "tokens grow from holder to holder (K3)");
  }
});

test(
  "A leader whose member dies leads on; a waiting candidate stays in the queue",
  options,
  async () => {
    await using store = await startStore(storeKind, 3, fastElections);
    const startAtFirst = { random: { nextInt: () => 0, nextBigUint64: () => 0n } };
    await using client = connect({ endpoints: store.endpoints, runtime: startAtFirst });
    await using leaderSession = await openSession(client, { ttlSeconds: 5 });
    await using waiterSession = await openSession(client, { ttlSeconds: 5 });
    const election = new Election(client, "survives");
    const leadership = await election.campaign(leaderSession, "leader");
    const waiting = election.campaign(waiterSession, "waiter");
    await using registration = await new Registry(client).register(
      { service: "survivor", id: "a", address: "a:1" },
      { ttlSeconds: 5 },
    );
    const { token } = registration;
    await store.member(0).kill();
    assert.equal(await leadership.isLeader(), true);
    assert.equal(leadership.lost.aborted, false);
    await leadership.resign();
    const next = await waiting;
    assert.ok(next.token > leadership.token);
    assert.equal(registration.token, token, "the registration did not even notice");
    assert.equal(registration.state, "registered");
  },
);

test(
  "A campaign that cannot reach the store ends with its signal, not before",
  options,
  async () => {
    await using store = await startStore();
    await using client = connect({ endpoints: store.endpoints, defaultDeadlineMillis: 500 });
    await using session = await openSession(client, { ttlSeconds: 60 });
    await using holderSession = await openSession(client, { ttlSeconds: 60 });
    const mutex = new Mutex("cut-off");
    await mutex.lock(holderSession);
    const controller = new AbortController();
    const waiting = mutex.lock(session, { signal: controller.signal });
    const ended = assert.rejects(waiting, (error: unknown) => {
      assert.ok(error instanceof RecipeError && error.code === "wait-cancelled", String(error));
      return true;
    });
    await store.member(0).kill();
    await assert.rejects(client.get("x"), { code: "unavailable" });
    controller.abort();
    await ended;
  },
);

test("A lock asked for while the store is away is granted when it is back", options, async () => {
  await using store = await startStore();
  await using proxy = await TcpProxy.start(store.member(0).clientPort);
  await using client = connect({ endpoints: [proxy.endpoint], defaultDeadlineMillis: 200 });
  await using session = await openSession(client, { ttlSeconds: 60 });
  await proxy.refuse();
  await assert.rejects(client.get("x"), { code: "unavailable", isTransient: true });
  const locking = new Mutex("away").lock(session);
  // Longer than the deadline of a call: a lock that gives up with the first would have failed.
  await assert.rejects(client.get("x", { deadlineMillis: 400 }), { code: "unavailable" });
  await proxy.listen();
  await using lock = await locking;
  assert.equal(lock.isHeld(), true);
});
