/** What a client of a member sees when the majority of the cluster is gone. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { services, wireErrors } from "@quorate/api";
import { RpcClient } from "@quorate/grpc/testing";
import { comparedStores, startComparedStore } from "../../support/compared-stores.ts";
import { until } from "../../support/deadline.ts";
import type { EtcdCluster } from "../../support/etcd-process.ts";
import { storeMissing } from "../../support/store.ts";
import { put, range } from "../differential/requests.ts";
import { StreamSession } from "../differential/stream-session.ts";

const { kv, lease, maintenance, watch } = services;
const hasLeader = { headers: { hasleader: "true" } };
const electionMillis = 500;

interface End {
  readonly code: number;
  readonly message: string;
}

for (const kind of new Set(comparedStores)) {
  describe(`a member without a majority: ${kind}`, { skip: storeMissing(kind) }, () => {
    let cluster: EtcdCluster;
    let rpc: RpcClient;
    let watching: StreamSession;
    let patient: StreamSession;

    async function call(
      method: { readonly path: string },
      request: Uint8Array,
      options: { readonly headers?: Readonly<Record<string, string>> } = {},
    ): Promise<End> {
      const { code, details } = await rpc.unary(method.path, Buffer.from(request), options).outcome;
      return { code, message: details };
    }

    function openWatch(options: {
      readonly headers?: Readonly<Record<string, string>>;
    }): StreamSession {
      const session = new StreamSession(rpc.bidiStream(watch.watch.path, options));
      const value = { key: Buffer.from("a") };
      session.send(watch.watch.encodeRequest({ requestUnion: { case: "createRequest", value } }));
      return session;
    }

    before(async () => {
      if (storeMissing(kind) !== false) return;
      cluster = await startComparedStore(kind, { size: 3, heartbeatMillis: 50, electionMillis });
      rpc = new RpcClient(cluster.member(0).endpoint);
      const { code } = await call(kv.put, kv.put.encodeRequest(put("a", "1")));
      assert.equal(code, 0);
      [watching, patient] = [openWatch(hasLeader), openWatch({})];
      for (const session of [watching, patient]) assert.ok((await session.next()) !== undefined);
      await Promise.all([cluster.member(1).kill(), cluster.member(2).kill()]);
      await until(20_000, "the loss of the leader", async () => {
        const { code: status } = await call(
          kv.range,
          kv.range.encodeRequest(range("a")),
          hasLeader,
        );
        return status === 0 ? undefined : true;
      });
    });

    after(async () => {
      if (storeMissing(kind) !== false) return;
      for (const session of [watching, patient]) session.cancel();
      rpc.close();
      await cluster.close();
    });

    test("requests that ask for a leader fail at once", async () => {
      for (const [method, request] of [
        [kv.range, kv.range.encodeRequest(range("a"))],
        [kv.put, kv.put.encodeRequest(put("a", "2"))],
        [lease.leaseGrant, lease.leaseGrant.encodeRequest({ ttl: 10 })],
      ] as const) {
        assert.deepEqual(await call(method, request, hasLeader), wireErrors["no-leader"]);
      }
    });

    test("a watch that asks for a leader ends; another stays", async () => {
      assert.equal(await watching.next(), undefined);
      assert.deepEqual(await watching.end(), wireErrors["no-leader"]);
      assert.equal(patient.unread.length, 0);
    });

    test("serializable reads, status and the health of the process go on", async () => {
      const local = kv.range.encodeRequest(range("a", { serializable: true }));
      assert.equal((await call(kv.range, local)).code, 0);
      const { outcome } = rpc.unary(maintenance.status.path, Buffer.of());
      const { messages } = await outcome;
      const status = maintenance.status.decodeResponse(messages[0] ?? Buffer.of());
      assert.equal(status.leader, 0n);
      assert.ok(status.errors.includes("etcdserver: no leader"), status.errors.join());
    });

    test("linearizable reads and writes end, and do not say that they were done", async () => {
      const ends = await Promise.all([
        call(kv.range, kv.range.encodeRequest(range("a"))),
        call(kv.put, kv.put.encodeRequest(put("a", "2"))),
        call(lease.leaseGrant, lease.leaseGrant.encodeRequest({ ttl: 10 })),
      ]);
      for (const { code, message } of ends) {
        // A write that times out has the text of the Go context in etcd 3.4, and no code.
        if (kind === "etcd" && message === "context deadline exceeded") continue;
        assert.equal(code, 14, message);
        assert.match(message, /^etcdserver: (request timed out|no leader)/);
      }
    });

    test("with the majority back, writes and watches go on", async () => {
      await Promise.all([cluster.member(1).start(), cluster.member(2).start()]);
      await until(30_000, "a write", async () =>
        (await call(kv.put, kv.put.encodeRequest(put("a", "3")))).code === 0 ? true : undefined,
      );
      const message = await patient.next();
      const { events } = watch.watch.decodeResponse(message ?? Buffer.of());
      assert.match(Buffer.from(events[0]?.kv?.value ?? []).toString(), /^[23]$/);
    });
  });
}
