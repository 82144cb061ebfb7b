import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { Etcd3, EtcdLeaseInvalidError, EtcdLockFailedError, type Watcher } from "etcd3";
import { within } from "../../support/deadline.ts";
import type { EtcdCluster } from "../../support/etcd-process.ts";
import { comparedStores, startComparedStore } from "../../support/compared-stores.ts";
import { storeMissing } from "../../support/store.ts";

const eventMillis = 15_000;

/** The next occurrences of an event, collected from now on. */
function collect(emitter: NodeJS.EventEmitter, event: string, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  const all = new Promise<unknown[]>((resolve) => {
    emitter.on(event, (value: unknown) => {
      seen.push(value);
      if (seen.length === count) resolve(seen);
    });
  });
  return within(eventMillis, `${count} events "${event}"`, all);
}

interface SeenPair {
  readonly key: Buffer;
  readonly value: Buffer;
}

async function puts(watcher: Watcher, count: number): Promise<readonly string[]> {
  const seen = (await collect(watcher, "put", count)) as readonly SeenPair[];
  return seen.map(({ key, value }) => `${key.toString()}=${value.toString()}`);
}

const stores = [
  ...[...new Set(comparedStores)].map((kind) => ({ title: kind, kind, flags: [] })),
  { title: "quorate with grpc-js", kind: "quorate", flags: ["--grpc-transport=grpc-js"] },
] as const;

for (const { title, kind, flags } of stores) {
  describe(`npm etcd3 on ${title}`, { skip: storeMissing(kind) }, () => {
    let cluster: EtcdCluster | undefined;
    let client: Etcd3;
    before(async () => {
      if (storeMissing(kind) !== false) return;
      cluster = await startComparedStore(kind, { flags });
      client = new Etcd3({ hosts: `http://${cluster.member(0).endpoint}` });
    });
    after(async () => {
      if (cluster === undefined) return;
      client.close();
      await cluster.close();
    });

    test("puts, gets and deletes within a namespace", async () => {
      const store = client.namespace("keys/");
      await store.put("a").value("1");
      await store.put("b").value(Buffer.from([0, 255]));
      await store.put("c").value("3");
      assert.equal(await store.get("a").string(), "1");
      assert.deepEqual(await store.get("b").buffer(), Buffer.from([0, 255]));
      assert.equal(await store.get("none").string(), null);
      assert.equal(await store.get("c").number(), 3);
      assert.equal(await client.get("keys/a").string(), "1");
      assert.deepEqual(await store.getAll().keys(), ["a", "b", "c"]);
      assert.deepEqual(await store.getAll().sort("Key", "Descend").limit(2).keys(), ["c", "b"]);
      assert.equal(await store.getAll().count(), 3);
      assert.deepEqual(await store.getAll().inRange({ start: "a", end: "b" }).strings(), {
        a: "1",
      });
      const previous = await store.put("a").value("2").getPrevious();
      assert.equal(previous.value.toString(), "1");
      assert.equal((await store.delete().key("a")).deleted, "1");
      assert.equal((await store.delete().all()).deleted, "2");
      assert.equal(await store.getAll().count(), 0);
    });

    test("reads at an old revision", async () => {
      const { header } = await client.put("old").value("1");
      await client.put("old").value("2");
      assert.equal(await client.get("old").revision(header.revision).string(), "1");
      assert.equal(await client.get("old").serializable(true).string(), "2");
    });

    test("compares and swaps", async () => {
      await client.put("cas").value("1");
      const attempt = async (expected: string): Promise<boolean> => {
        const { succeeded } = await client
          .if("cas", "Value", "==", expected)
          .then(client.put("cas").value("2"))
          .else(client.get("cas"))
          .commit();
        return succeeded;
      };
      assert.equal(await attempt("1"), true);
      assert.equal(await attempt("1"), false);
      const { succeeded, responses } = await client
        .if("cas", "Version", "==", 2)
        .and("cas", "Create", ">", 0)
        .and("none", "Version", "==", 0)
        .then(client.get("cas"), client.delete().key("cas"))
        .commit();
      assert.deepEqual([succeeded, responses.length], [true, 2]);
    });

    test("a lease keeps itself alive and takes its keys with it", async () => {
      const lease = client.lease(2);
      await lease.put("leased").value("1");
      const id = await lease.grant();
      // It renews at a third of its life: the second renewal comes past the first half.
      await collect(lease, "keepaliveSucceeded", 2);
      assert.equal((await client.leaseClient.leaseTimeToLive({ ID: id })).grantedTTL, "2");
      assert.equal(await client.get("leased").string(), "1");
      await lease.revoke();
      assert.equal(await client.get("leased").string(), null);
    });

    test("a lease revoked behind its back is reported as lost", async () => {
      const lease = client.lease(2);
      const id = await lease.grant();
      const lost = collect(lease, "lost", 1);
      await client.leaseClient.leaseRevoke({ ID: id });
      const [error] = await lost;
      assert.ok(error instanceof EtcdLeaseInvalidError, String(error));
    });

    test("watches a key, a prefix and history", async () => {
      const store = client.namespace("watch/");
      const first = await store.put("a").value("0");
      const key = await store.watch().key("a").create();
      const all = await store.watch().prefix("").withPreviousKV().create();
      const seen = Promise.all([puts(key, 2), puts(all, 3), collect(all, "delete", 1)]);
      await store.put("a").value("1");
      await store.put("b").value("1");
      await store.put("a").value("2");
      await store.delete().key("b");
      const [ofKey, ofAll, [deleted]] = await seen;
      assert.deepEqual(ofKey, ["a=1", "a=2"]);
      assert.deepEqual(ofAll, ["a=1", "b=1", "a=2"]);
      assert.equal((deleted as SeenPair).key.toString(), "b");
      const history = store.watch().prefix("").startRevision(first.header.revision).watcher();
      assert.deepEqual(await puts(history, 4), ["a=0", "a=1", "b=1", "a=2"]);
      await Promise.all([key.cancel(), all.cancel(), history.cancel()]);
    });

    test("watches only what it asks for", async () => {
      const watcher = await client.watch().prefix("filtered/").only("delete").create();
      const seen = collect(watcher, "data", 1);
      await client.put("filtered/a").value("1");
      await client.delete().key("filtered/a");
      const [response] = (await seen) as readonly {
        readonly events: readonly { type: string }[];
      }[];
      assert.deepEqual(
        response?.events.map(({ type }) => type),
        ["Delete"],
      );
      await watcher.cancel();
    });

    test("a lock has one holder at a time", async () => {
      const lock = client.lock("lock");
      await lock.acquire();
      await assert.rejects(client.lock("lock").acquire(), EtcdLockFailedError);
      await lock.release();
      const other = await client.lock("lock").acquire();
      await other.release();
      assert.equal(await client.lock("lock").do(() => "done"), "done");
    });

    test("an election has one leader, and the next after it resigns", async () => {
      const election = client.election("office", 5);
      const first = await election.campaign("one").wait();
      assert.equal(await election.leader(), "one");
      const observer = await election.observe();
      assert.equal(observer.leader(), "one");
      const second = election.campaign("two");
      const elected = once(second, "elected");
      await second.getCampaignKey();
      await first.proclaim("one again");
      assert.equal(await election.leader(), "one again");
      await first.resign();
      await within(eventMillis, "the second leader", elected);
      assert.equal(await election.leader(), "two");
      await second.resign();
      await observer.cancel();
      assert.equal(await election.leader(), undefined);
    });

    for (const isolation of [0, 1, 2, 3]) {
      test(`transactions in memory lose no update, at isolation ${isolation}`, async () => {
        const store = client.namespace(`stm${isolation}/`);
        await store.put("counter").value(0);
        const add = async (): Promise<void> => {
          await store.stm({ retries: 50, isolation }).transact(async (tx) => {
            const value = Number(await tx.get("counter").string());
            await tx.put("counter").value(value + 1);
          });
        };
        const attempts = Array.from({ length: 5 }, add);
        await Promise.all(attempts);
        const total = Number(await store.get("counter").string());
        // Read committed does not look whether what it read has changed.
        if (isolation === 3) assert.ok(total >= 1);
        else assert.equal(total, 5);
      });
    }

    test("tells status and alarms", async () => {
      const { leader, header } = await client.maintenance.status({});
      assert.equal(leader, header.member_id);
      assert.deepEqual((await client.maintenance.alarm({})).alarms, []);
    });

    test("an error keeps its class and text", async () => {
      await assert.rejects(
        client.put("a").value("1").lease("424242").exec(),
        /requested lease not found/,
      );
    });
  });
}
