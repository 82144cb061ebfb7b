import assert from "node:assert/strict";
import { test } from "node:test";

import { compare, connect, EtcdError, LeaseLostError, op, type Client } from "@quorate/client";

import type { EtcdCluster, EtcdMember } from "../../../../test/support/etcd-process.ts";
import { startStore, storeKind, storeMissing } from "../../../../test/support/store.ts";
import { TcpProxy } from "../../../../test/support/tcp-proxy.ts";

const options = { skip: storeMissing() };
const startAtFirst = { random: { nextInt: () => 0, nextBigUint64: () => 0n } };
const fastElections = { heartbeatMillis: 50, electionMillis: 500 } as const;

/** The member that leads, by asking each in turn. */
async function leaderOf(cluster: EtcdCluster): Promise<EtcdMember> {
  for (const member of cluster.members) {
    await using client = connect({ endpoints: [member.endpoint] });
    const status = await client.maintenance.status({});
    if (status.header?.memberId === status.leader) return member;
  }
  throw new Error("Cannot find the leader: nobody says to be it");
}

/** What happened to each numbered write. */
interface WriteLog {
  readonly acknowledged: Set<number>;
  readonly unknown: Set<number>;
}

/** Writes numbered keys one after another until stopped; failed ones are never repeated. */
async function writeUntil(client: Client, isOver: () => boolean): Promise<WriteLog> {
  const log = { acknowledged: new Set<number>(), unknown: new Set<number>() };
  for (let index = 0; !isOver(); index += 1) {
    try {
      await client.put(`w/${index}`, String(index), { deadlineMillis: 3_000 });
      log.acknowledged.add(index);
    } catch (error) {
      assert.ok(error instanceof EtcdError, String(error));
      if (error.isOutcomeUnknown) log.unknown.add(index);
    }
  }
  return log;
}

test(
  "kill -9 of the leader and of the member in use: writes go on, no watch gap, no repeat",
  options,
  async () => {
    await using cluster = await startStore(storeKind, 3, fastElections);
    await using client = connect({ endpoints: cluster.endpoints, runtime: startAtFirst });
    await using watcher = client.watch({ prefix: "w/" });
    const from = await watcher.whenCreated();

    let isOver = false;
    const writing = writeUntil(client, () => isOver);
    const seen: number[] = [];
    let onHundred: (() => void) | undefined;
    const watching = (async () => {
      let wanted = 0;
      for await (const batch of watcher.batches()) {
        if (batch.kind !== "events") continue;
        for (const event of batch.events) seen.push(Number(event.kv.text()));
        if (seen.length >= wanted + 100) {
          wanted = seen.length;
          onHundred?.();
        }
        if (seen.at(-1) === -1) return;
      }
    })();
    const hundredMore = (): Promise<void> =>
      new Promise((resolve) => {
        onHundred = resolve;
      });

    await hundredMore();
    await cluster.member(0).kill();
    await hundredMore();
    await cluster.member(0).start();
    const leader = await leaderOf(cluster);
    await leader.kill();
    await hundredMore();
    await leader.start();
    await hundredMore();
    isOver = true;
    const log = await writing;
    await client.put("w/end", "-1");
    await watching;
    seen.pop();

    const { kvs, revision } = await client.getAll({ prefix: "w/" });
    const stored = new Set(kvs.map((kv) => Number(kv.text())));
    stored.delete(-1);
    for (const index of log.acknowledged) assert.ok(stored.has(index), `lost write ${index}`);
    for (const index of stored) {
      assert.ok(log.acknowledged.has(index) || log.unknown.has(index), `${index} from nowhere`);
    }
    assert.deepEqual(
      seen,
      [...stored].sort((left, right) => left - right),
      "every stored write was seen exactly once, in order",
    );
    assert.ok(
      kvs.every((kv) => kv.version === 1),
      "no write ran twice (P6)",
    );
    assert.ok(revision > from);
  },
);

test("P6: transactions cut in flight run at most once", options, async () => {
  await using store = await startStore();
  await using proxy = await TcpProxy.start(store.member(0).clientPort);
  await using direct = connect({ endpoints: store.endpoints });
  await using client = connect({ endpoints: [proxy.endpoint, proxy.endpoint] });
  await direct.put("counter", "0");
  let acknowledged = 0;
  let unknown = 0;
  for (let round = 0; round < 60; round += 1) {
    const pending = client
      .txn()
      .if(compare.exists("counter"))
      .then(op.put("counter", String(round)), op.put(`round/${round}`, "x"))
      .commit({ deadlineMillis: 2_000 });
    // At another moment of the call each time: before, while and after the server works on it.
    const cut = setTimeout(() => proxy.cut(), (round % 12) / 3);
    try {
      await pending;
      acknowledged += 1;
    } catch (error) {
      assert.ok(error instanceof EtcdError, String(error));
      if (error.isOutcomeUnknown) unknown += 1;
    } finally {
      clearTimeout(cut);
    }
  }
  // Both at one revision: the last transaction that was cut may still be on its way.
  const { kvs: rounds, revision } = await direct.getAll({ prefix: "round/" });
  const version = (await direct.get("counter", { revision }))?.version ?? 0;
  assert.ok(
    rounds.every((kv) => kv.version === 1),
    "no round ran twice",
  );
  assert.equal(version - 1, rounds.length);
  assert.ok(rounds.length >= acknowledged, "no acknowledged round is missing");
  assert.ok(rounds.length <= acknowledged + unknown, "no round ran that was said not to");
  assert.ok(unknown > 0, "no call was cut in flight");
});

test("A paused member: reads and watches move to another one", options, async () => {
  await using cluster = await startStore(storeKind, 3, fastElections);
  await using client = connect({
    endpoints: cluster.endpoints,
    readAttemptMillis: 500,
    keepalive: { timeMillis: 1_000, timeoutMillis: 500 },
    runtime: startAtFirst,
  });
  await client.put("p", "1");
  await using watcher = client.watch("p");
  await watcher.whenCreated();
  const events = watcher[Symbol.asyncIterator]();
  cluster.member(0).pause();
  try {
    assert.equal((await client.get("p"))?.text(), "1");
    await client.put("p", "2");
    const { value } = await events.next();
    assert.equal(value?.kv.text(), "2");
  } finally {
    cluster.member(0).resume();
  }
});

test(
  "A lease survives the death of the leader and the switch to another member",
  options,
  async () => {
    await using cluster = await startStore(storeKind, 3, fastElections);
    await using client = connect({ endpoints: cluster.endpoints });
    const lease = await client.lease.hold(5);
    await client.put("alive", "x", { lease: lease.id });
    const leader = await leaderOf(cluster);
    await leader.kill();
    await using observer = connect({
      endpoints: cluster.members.filter((member) => member.isRunning).map((m) => m.endpoint),
    });
    // Two TTLs and neither a loss here nor a deletion there: both would end the wait early.
    const twoTtls = AbortSignal.timeout(lease.ttlSeconds * 2_000);
    const signal = AbortSignal.any([twoTtls, lease.lost]);
    await using watcher = observer.watch("alive", { only: "deletes", signal });
    await assert.rejects(watcher.batches().next(), { code: "cancelled" });
    assert.equal(lease.lost.aborted, false, String(lease.lost.reason));
    await lease.revoke();
    assert.equal(await observer.get("alive"), undefined);
  },
);

test(
  "Lease.lost fires before the server can have ended the lease, server paused",
  options,
  async () => {
    await using store = await startStore();
    await using client = connect({ endpoints: store.endpoints });
    const sentMillis = performance.now();
    const lease = await client.lease.hold(2);
    store.member(0).pause();
    try {
      await new Promise((resolve) => {
        lease.lost.addEventListener("abort", resolve, { once: true });
      });
      const lostMillis = performance.now() - sentMillis;
      assert.ok(lostMillis < lease.ttlSeconds * 1_000, `lost after ${lostMillis} ms`);
      assert.ok(lease.lost.reason instanceof LeaseLostError);
      assert.equal(lease.lost.reason.reason, "deadline");
    } finally {
      store.member(0).resume();
    }
  },
);

test("A lease that somebody else revokes is reported as expired", options, async () => {
  await using store = await startStore();
  await using client = connect({ endpoints: store.endpoints });
  await using other = connect({ endpoints: store.endpoints });
  const lease = await client.lease.hold(3);
  await other.lease.revoke(lease.id);
  await new Promise((resolve) => {
    lease.lost.addEventListener("abort", resolve, { once: true });
  });
  assert.equal(lease.lost.reason.reason, "expired");
});

test(
  "All members gone, then back: reads wait within their deadline, watches go on",
  options,
  async () => {
    await using store = await startStore();
    await using client = connect({ endpoints: store.endpoints });
    await client.put("back", "1");
    await using watcher = client.watch("back");
    await watcher.whenCreated();
    await store.member(0).kill();
    await assert.rejects(client.get("back", { deadlineMillis: 300 }), { code: "unavailable" });
    const reading = client.get("back", { deadlineMillis: 20_000 });
    await store.member(0).start();
    assert.equal((await reading)?.text(), "1");
    await client.put("back", "2");
    const { value } = await watcher[Symbol.asyncIterator]().next();
    assert.equal(value?.kv.text(), "2");
  },
);

test(
  "A member that lost its quorum refuses writes for certain and reads its own state",
  options,
  async () => {
    await using store = await startStore(storeKind, 3, fastElections);
    await using client = connect({ endpoints: store.endpoints });
    await client.put("q", "1");
    // Stream the state to the one that stays, then take the quorum away.
    await using survivor = connect({ endpoints: [store.member(2).endpoint] });
    assert.equal((await survivor.get("q"))?.text(), "1");
    await store.member(0).kill();
    await store.member(1).kill();
    // Until it has noticed, writes time out with an unknown outcome; from then on they are refused.
    for (;;) {
      try {
        await survivor.put("q", "2", { deadlineMillis: 1_000 });
        assert.fail("a write went through without a quorum");
      } catch (error) {
        assert.ok(error instanceof EtcdError, String(error));
        if (error.code !== "no-leader") continue;
        assert.equal(error.isOutcomeUnknown, false);
        break;
      }
    }
    assert.equal((await survivor.get("q", { serializable: true }))?.text(), "1");
  },
);
