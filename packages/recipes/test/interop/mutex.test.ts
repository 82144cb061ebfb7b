import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { compare, connect, op, type Client } from "@quorate/client";
import { Mutex, openSession } from "@quorate/recipes";

import type { EtcdCluster } from "../../../../test/support/etcd-process.ts";
import { startStore, storeMissing } from "../../../../test/support/store.ts";
import { untilKeys } from "../until-keys.ts";

const options = { skip: storeMissing() };
let store: EtcdCluster | undefined;
let client: Client;

before(async () => {
  if (storeMissing() !== false) return;
  store = await startStore();
  client = connect({ endpoints: store.endpoints });
});

after(async () => {
  if (storeMissing() !== false) return;
  client.close();
  await store?.close();
});

test("K1: a counter that only the lock protects loses no increment", options, async () => {
  const mutex = new Mutex("counter-lock");
  await client.put("counter", "0");
  const tokens: number[] = [];
  const work = async (): Promise<void> => {
    await using session = await openSession(client);
    for (let round = 0; round < 5; round += 1) {
      await using lock = await mutex.lock(session);
      tokens.push(lock.token);
      const value = Number((await client.get("counter"))?.text());
      await client.put("counter", String(value + 1));
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  assert.equal((await client.get("counter"))?.text(), "40");
  assert.deepEqual(
    tokens,
    [...tokens].sort((left, right) => left - right),
    "fencing tokens grow from holder to holder (K3)",
  );
});

test("Mutex.tryLock takes a free lock and leaves no trace when it is held", options, async () => {
  const mutex = new Mutex("try");
  await using first = await openSession(client);
  await using second = await openSession(client);
  const lock = await mutex.tryLock(first);
  assert.ok(lock !== undefined);
  assert.equal(lock.key, `try/${first.leaseId.toString(16)}`);
  assert.equal(await mutex.tryLock(second), undefined);
  assert.equal((await client.range({ prefix: "try/" }, { countOnly: true })).count, 1);
  await assert.rejects(mutex.lock(first), { code: "already-queued" });
  await lock.unlock();
  assert.equal(lock.isHeld(), false);
  assert.equal(await lock.isOwner(), false);
  await using again = await mutex.tryLock(second);
  assert.equal(await again?.isOwner(), true);
});

test(
  "K2: a waiter whose session ended is not given the lock when its turn comes",
  options,
  async () => {
    const mutex = new Mutex("k2");
    await using holder = await openSession(client);
    const waiter = await openSession(client);
    const lock = await mutex.lock(holder);
    const waiting = assert.rejects(mutex.lock(waiter), { code: "session-lost" });
    await untilKeys(client, "k2/", 2);
    // The waiter's keys go first, then the holder's: its turn would come.
    await client.lease.revoke(waiter.leaseId);
    await lock.unlock();
    await waiting;
  },
);

test("K3: a holder that lost its lock cannot write through the guard", options, async () => {
  const mutex = new Mutex("k3");
  const session = await openSession(client);
  await using next = await openSession(client);
  const lock = await mutex.lock(session);
  const waiting = mutex.lock(next);
  await untilKeys(client, "k3/", 2);
  await client.lease.revoke(session.leaseId);
  await using second = await waiting;
  assert.ok(second.token > lock.token);
  const late = await client.txn().if(lock.guard()).then(op.put("k3-data", "late")).commit();
  assert.equal(late.succeeded, false);
  const held = await second
    .txn()
    .if(compare.missing("k3-data"))
    .then(op.put("k3-data", "ok"))
    .commit();
  assert.equal(held.succeeded, true);
});

test("Lock.lost fires before the server can have given the lock to another", options, async () => {
  await using own = await startStore();
  await using local = connect({ endpoints: own.endpoints });
  const startMillis = performance.now();
  const session = await openSession(local, { ttlSeconds: 2 });
  const lock = await new Mutex("paused").lock(session);
  own.member(0).pause();
  try {
    await new Promise((resolve) => {
      lock.lost.addEventListener("abort", resolve, { once: true });
    });
    // Renewals may have come through before the pause; the last possible one counts.
    const { ttlSeconds } = session.lease;
    assert.ok(performance.now() - startMillis < (ttlSeconds + 1) * 1_000);
    assert.equal(lock.lost.reason.reason, "session");
    assert.equal(lock.isHeld(), false);
  } finally {
    own.member(0).resume();
  }
});

test("etcdctl lock and this package stand in the same queue", options, async () => {
  const [endpoint = ""] = client.endpoints;
  const env = { PATH: process.env["PATH"] ?? "", ETCDCTL_API: "3", ETCDCTL_ENDPOINTS: endpoint };
  const mutex = new Mutex("shared");
  await using session = await openSession(client);
  const etcdctl = spawn("etcdctl", ["lock", "shared"], { env });
  const lines = createInterface({ input: etcdctl.stdout })[Symbol.asyncIterator]();
  assert.match(String((await lines.next()).value), /^shared\//);
  assert.equal(await mutex.tryLock(session), undefined);
  const waiting = mutex.lock(session);
  await untilKeys(client, "shared/", 2);
  etcdctl.kill("SIGTERM");
  await using lock = await waiting;
  assert.equal(await lock.isOwner(), true);
});
