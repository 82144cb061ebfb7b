/** Clients of other people live through the death of the leader and of the member they use. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Etcd3, type IKeyValue } from "etcd3";
import { services } from "@quorate/api";
import { RpcClient } from "@quorate/grpc/testing";
import { ChildProgram } from "../../support/child-program.ts";
import { comparedStores, startComparedStore } from "../../support/compared-stores.ts";
import { until } from "../../support/deadline.ts";
import type { EtcdCluster, EtcdMember } from "../../support/etcd-process.ts";
import { storeMissing } from "../../support/store.ts";
import { etcdctlMissing } from "../etcdctl/etcdctl.ts";

const recoveryMillis = 30_000;
const environment = { ETCDCTL_API: "3" };

/** The member that leads; undefined while there is none. */
async function leaderOf(cluster: EtcdCluster): Promise<EtcdMember | undefined> {
  const { path, decodeResponse } = services.maintenance.status;
  for (const member of cluster.members) {
    if (!member.isRunning) continue;
    const rpc = new RpcClient(member.endpoint);
    const { messages } = await rpc.unary(path, Buffer.of(), { timeoutMillis: 2_000 }).outcome;
    rpc.close();
    const { header, leader } = decodeResponse(messages[0] ?? Buffer.of());
    if (leader !== 0n && leader === header?.memberId) return member;
  }
  return undefined;
}

for (const kind of new Set(comparedStores)) {
  const skip = storeMissing(kind) === false ? etcdctlMissing : storeMissing(kind);
  describe(`clients of ${kind} when the leader is killed`, { skip }, () => {
    let cluster: EtcdCluster;
    let endpoints: string;

    before(async () => {
      if (skip !== false) return;
      const elections = { heartbeatMillis: 50, electionMillis: 500 };
      cluster = await startComparedStore(kind, { size: 3, ...elections });
      endpoints = `--endpoints=${cluster.endpoints.join(",")}`;
    });
    after(async () => {
      if (skip === false) await cluster.close();
    });

    async function put(key: string, value: string): Promise<boolean> {
      const args = [endpoints, "--command-timeout=3s", "put", key, value];
      return (await ChildProgram.run("/usr/bin/etcdctl", args, { environment })).code === 0;
    }

    /** Kills the leader, waits until writes go on without it, and starts it again. */
    async function loseLeader(): Promise<void> {
      const leader = await until(recoveryMillis, "a leader", async () => await leaderOf(cluster));
      await leader.kill();
      await until(recoveryMillis, "writes under another leader", async () =>
        (await put("probe", leader.name)) ? true : undefined,
      );
      const next = await until(recoveryMillis, "another", async () => await leaderOf(cluster));
      assert.notEqual(next.name, leader.name);
      await leader.start();
    }

    test("etcdctl watch sees every change, in order, whoever it is connected to", async () => {
      await using watch = new ChildProgram(
        "/usr/bin/etcdctl",
        [endpoints, "watch", "--prefix", "w/"],
        { environment, timeoutMillis: recoveryMillis },
      );
      await until(recoveryMillis, "the first event", async () => {
        await put("w/start", "start");
        return watch.stdout.includes("start") ? true : undefined;
      });
      const written: string[] = [];
      // Three members die one after another: one of them is the watch's.
      for (const member of cluster.members) {
        await member.kill();
        const value = `value-${member.name}`;
        await until(recoveryMillis, "a write", async () =>
          (await put("w/key", value)) ? true : undefined,
        );
        written.push(value);
        await member.start();
      }
      await watch.output(/value-m2/);
      const seen = watch.stdout.split("\n").filter((line) => line.startsWith("value-"));
      assert.deepEqual([...new Set(seen)], written);
    });

    test("etcdctl lock stays held, and goes to the next when it is released", async () => {
      const start = (): ChildProgram =>
        new ChildProgram("/usr/bin/etcdctl", [endpoints, "lock", "--ttl", "10", "name"], {
          environment,
          timeoutMillis: recoveryMillis,
        });
      await using first = start();
      await first.output(/\n/);
      await using second = start();
      await loseLeader();
      assert.equal(second.stdout, "");
      first.signal("SIGINT");
      await second.output(/\n/);
      second.signal("SIGINT");
      await second.end();
    });

    test("npm etcd3 writes, watches and keeps its lease through it", async () => {
      const client = new Etcd3({ hosts: cluster.endpoints.map((one) => `http://${one}`) });
      try {
        const lease = client.lease(5);
        await lease.put("leased").value("1");
        const watcher = await client.watch().key("etcd3").create();
        const seen: string[] = [];
        watcher.on("put", ({ value }: IKeyValue) => seen.push(value.toString()));
        await loseLeader();
        // It tries one host after another, and gives an error for each that is not there.
        const persist = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
          const { value } = await until(recoveryMillis, what, async () => {
            try {
              return { value: await act() };
            } catch {
              return undefined;
            }
          });
          return value;
        };
        await persist("a write of etcd3", async () => await client.put("etcd3").value("after"));
        await until(recoveryMillis, "the event of it", async () => {
          await persist("a read", async () => await client.get("etcd3"));
          return seen.includes("after") ? true : undefined;
        });
        assert.equal(await persist("the leased key", async () => await client.get("leased")), "1");
        await watcher.cancel();
        await persist("the end of the lease", async () => {
          await lease.revoke();
        });
      } finally {
        client.close();
      }
    });
  });
}
