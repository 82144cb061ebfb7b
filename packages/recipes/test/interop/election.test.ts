import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { connect, op, type Client } from "@quorate/client";
import { Election, openSession, type Leader } from "@quorate/recipes";

import type { EtcdCluster } from "../../../../test/support/etcd-process.ts";
import { untilKeys } from "../until-keys.ts";
import { startStore, storeMissing } from "../../../../test/support/store.ts";

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

test("K1: candidates lead one at a time, in the order they came", options, async () => {
  const election = new Election(client, "order");
  const sessions = await Promise.all([1, 2, 3].map(() => openSession(client)));
  const [first, second, third] = sessions;
  assert.ok(first && second && third);
  const one = await election.campaign(first, "one");
  assert.equal(one.key, `order/${first.leaseId.toString(16)}`);
  const observed = election.observe();
  assert.equal((await observed.next()).value?.value.text(), "one");
  const order: string[] = [];
  const rest: Promise<void>[] = [];
  let token = one.token;
  for (const [session, name] of [
    [second, "two"],
    [third, "three"],
  ] as const) {
    rest.push(
      election.campaign(session, name).then(async (leadership) => {
        order.push(name);
        assert.ok(leadership.token > token, "tokens grow");
        token = leadership.token;
        assert.equal((await election.leader())?.value.text(), name);
        await leadership.resign();
        assert.equal(leadership.lost.reason.reason, "released");
      }),
    );
    // The candidate has its place before the next one comes.
    await untilKeys(client, "order/", rest.length + 1);
  }
  assert.equal(await one.isLeader(), true);
  await one.resign();
  await Promise.all(rest);
  assert.deepEqual(order, ["two", "three"]);
  assert.equal(await election.leader(), undefined);
  await Promise.all(sessions.map((session) => session.close()));
});

test("Observers see proclaimed values and the next leader", options, async () => {
  const election = new Election(client, "observed");
  await using firstSession = await openSession(client);
  await using secondSession = await openSession(client);
  const observed = election.observe();
  const leaders: Promise<IteratorResult<Leader, void>>[] = [observed.next()];
  const first = await election.campaign(firstSession, "a");
  assert.equal((await leaders[0])?.value?.value.text(), "a");
  await first.proclaim("b");
  assert.equal((await observed.next()).value?.value.text(), "b");
  const campaign = election.campaign(secondSession, "c");
  await first.resign();
  const next = (await observed.next()).value;
  assert.equal(next?.value.text(), "c");
  assert.equal(next.token, (await campaign).token);
  await assert.rejects(first.proclaim("x"), { code: "not-owner" });
  await observed.return();
});

test("K4: a guarded transaction of a deposed leader does nothing", options, async () => {
  const election = new Election(client, "guarded");
  await using session = await openSession(client);
  const leadership = await election.campaign(session, "a");
  const first = await leadership.txn().then(op.put("guarded-state", "1")).commit();
  assert.equal(first.succeeded, true);
  await client.delete(leadership.key);
  const second = await leadership.txn().then(op.put("guarded-state", "2")).commit();
  assert.equal(second.succeeded, false);
  assert.equal((await client.get("guarded-state"))?.text(), "1");
});

test("Leadership.lost fires when somebody removes the key", options, async () => {
  await using session = await openSession(client);
  const leadership = await new Election(client, "removed").campaign(session, "a");
  const lost = new Promise((resolve) => {
    leadership.lost.addEventListener("abort", resolve, { once: true });
  });
  await client.delete(leadership.key);
  await lost;
  assert.equal(leadership.lost.reason.reason, "key");
  assert.equal(leadership.isHeld(), false);
  assert.equal(await leadership.isLeader(), false);
});

test("A candidate whose session ends stops waiting and says why", options, async () => {
  const election = new Election(client, "died");
  await using holder = await openSession(client);
  const session = await openSession(client);
  await election.campaign(holder, "a");
  const waiting = assert.rejects(election.campaign(session, "b"), { code: "session-lost" });
  await untilKeys(client, "died/", 2);
  await client.lease.revoke(session.leaseId);
  await waiting;
});

test("A candidate that is cancelled leaves the queue", options, async () => {
  const election = new Election(client, "cancelled");
  await using holder = await openSession(client);
  await using session = await openSession(client);
  await election.campaign(holder, "a");
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = assert.rejects(election.campaign(session, "b", { signal }), {
    code: "wait-cancelled",
    cause: "enough",
  });
  await untilKeys(client, "cancelled/", 2);
  controller.abort("enough");
  await waiting;
  assert.equal((await client.range({ prefix: "cancelled/" }, { countOnly: true })).count, 1);
});

test("A leadership is resumed by its session's lease id", options, async () => {
  const election = new Election(client, "resumed");
  await using earlier = connect({ endpoints: client.endpoints });
  const earlierSession = await openSession(earlier, { ttlSeconds: 30 });
  const { token } = await new Election(earlier, "resumed").campaign(earlierSession, "a");
  const leaseId = earlierSession.detach();
  assert.equal(earlierSession.lost.aborted, true);

  await using session = await openSession(client, { leaseId });
  await assert.rejects(election.campaign(session, "again"), { code: "already-queued" });
  await using leadership = await election.resume(session);
  assert.equal(leadership.token, token);
  assert.equal(await leadership.isLeader(), true);

  await using stranger = await openSession(client);
  await assert.rejects(election.resume(stranger), { code: "not-owner" });
  await assert.rejects(openSession(client, { leaseId: 1n }), { code: "lease-lost" });
});

test("etcdctl elect and this package stand in the same queue", options, async () => {
  const [endpoint = ""] = client.endpoints;
  const env = { PATH: process.env["PATH"] ?? "", ETCDCTL_API: "3", ETCDCTL_ENDPOINTS: endpoint };
  const election = new Election(client, "shared");
  await using session = await openSession(client);
  const ours = await election.campaign(session, "ours");
  const etcdctl = spawn("etcdctl", ["elect", "shared", "theirs"], { env });
  try {
    const lines = createInterface({ input: etcdctl.stdout })[Symbol.asyncIterator]();
    await untilKeys(client, "shared/", 2);
    assert.equal((await election.leader())?.value.text(), "ours");
    await ours.resign();
    const key = String((await lines.next()).value);
    const leader = await election.leader();
    assert.equal(leader?.value.text(), "theirs");
    assert.equal(leader.key, key);
  } finally {
    etcdctl.kill("SIGTERM");
  }
});
