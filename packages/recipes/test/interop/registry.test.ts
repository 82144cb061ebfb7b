import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { connect, op, type Client } from "@quorate/client";
import { Registry, type InstanceEvent, type RegistrationState } from "@quorate/recipes";

import type { EtcdCluster } from "../../../../test/support/etcd-process.ts";
import { startStore, storeMissing } from "../../../../test/support/store.ts";
import { TcpProxy } from "../../../../test/support/tcp-proxy.ts";

const options = { skip: storeMissing() };
let store: EtcdCluster | undefined;
let client: Client;
let registry: Registry;

before(async () => {
  if (storeMissing() !== false) return;
  store = await startStore();
  client = connect({ endpoints: store.endpoints });
  registry = new Registry(client);
});

after(async () => {
  if (storeMissing() !== false) return;
  client.close();
  await store?.close();
});

function describe(event: InstanceEvent): string {
  switch (event.kind) {
    case "snapshot":
      return `snapshot ${event.instances.map((each) => each.id).join(",")}`;
    case "foreign":
      return `foreign ${event.row.key}: ${event.row.problem}`;
    case "up":
    case "changed":
    case "down":
      return `${event.kind} ${event.instance.id} ${event.instance.address}`;
  }
}

/** A list of states that can be waited for. */
function stateLog(): {
  readonly states: RegistrationState[];
  onEvent(event: { readonly state: RegistrationState }): void;
  reached(state: RegistrationState): Promise<void>;
} {
  const states: RegistrationState[] = [];
  const waiting = new Map<RegistrationState, () => void>();
  return {
    states,
    onEvent: ({ state }) => {
      states.push(state);
      waiting.get(state)?.();
    },
    reached: (state) =>
      new Promise((resolve) => {
        waiting.set(state, resolve);
      }),
  };
}

test("An instance is registered, resolved, changed and gone when closed", options, async () => {
  const registration = await registry.register({
    service: "web",
    id: "host-1:80",
    address: "10.0.0.1:80",
    metadata: { zone: "a", __proto__x: "kept" },
    tags: ["blue"],
  });
  assert.equal(registration.key, "/quorate/registry/web/host-1:80");
  assert.equal(registration.state, "registered");
  const [instance] = (await registry.resolve("web")).instances;
  assert.ok(instance !== undefined);
  assert.equal(instance.address, "10.0.0.1:80");
  assert.deepEqual({ ...instance.metadata }, { zone: "a", __proto__x: "kept" });
  assert.deepEqual(instance.tags, ["blue"]);
  assert.equal(instance.token, registration.token);
  assert.equal(instance.leaseId, registration.leaseId);
  await registration.update({ tags: ["green"] });
  assert.deepEqual((await registry.resolve("web")).instances[0]?.tags, ["green"]);
  assert.equal((await registry.resolve()).instances.length, 1);
  const guarded = await registration.txn().then(op.put("by-web", "1")).commit();
  assert.equal(guarded.succeeded, true);
  await registration.close();
  assert.deepEqual((await registry.resolve("web")).instances, []);
  const late = await registration.txn().then(op.put("by-web", "2")).commit();
  assert.equal(late.succeeded, false);
});

test(
  "Watchers get a snapshot, then every change; foreign rows are told, never thrown",
  options,
  async () => {
    const first = await registry.register({ service: "seen", id: "a", address: "a:1" });
    await using watch = registry.watch("seen");
    const events = watch[Symbol.asyncIterator]();
    const next = async (): Promise<string> => {
      const { value } = await events.next();
      assert.ok(value !== undefined);
      return describe(value);
    };
    assert.equal(await next(), "snapshot a");
    const second = await registry.register({ service: "seen", id: "b", address: "b:1" });
    assert.equal(await next(), "up b b:1");
    await first.update({ address: "a:2" });
    assert.equal(await next(), "changed a a:2");
    await client.put("/quorate/registry/seen/c", "{not json");
    assert.equal(await next(), "foreign /quorate/registry/seen/c: the value is not JSON");
    await first.close();
    assert.equal(await next(), "down a a:2");
    assert.deepEqual(
      [...watch.instances.values()].map((each) => each.id),
      ["b"],
    );
    assert.equal((await registry.resolve("seen")).foreign.length, 1);
    await second.close();
    assert.equal(await next(), "down b b:1");
  },
);

test(
  "R1: after compaction the rows are read again; what vanished meanwhile is reported",
  options,
  async () => {
    await using proxy = await TcpProxy.start(store?.member(0).clientPort ?? 0);
    await using far = connect({ endpoints: [proxy.endpoint] });
    const rows = ["gone", "stays", "changes"] as const;
    for (const id of rows) {
      await client.put(`/quorate/registry/r1/${id}`, JSON.stringify({ address: `${id}:1` }));
    }
    await using watch = new Registry(far).watch("r1");
    const events = watch[Symbol.asyncIterator]();
    assert.equal((await events.next()).value?.kind, "snapshot");
    await proxy.refuse();
    await client.delete("/quorate/registry/r1/gone");
    await client.put("/quorate/registry/r1/changes", JSON.stringify({ address: "changes:2" }));
    const { revision } = await client.put("/quorate/registry/r1/new", '{"address":"new:1"}');
    await client.compact(revision);
    await proxy.listen();
    const seen: string[] = [];
    while (seen.length < 3) {
      const { value } = await events.next();
      assert.ok(value !== undefined);
      seen.push(describe(value));
    }
    assert.deepEqual(seen.sort(), [
      "changed changes changes:2",
      "down gone gone:1",
      "up new new:1",
    ]);
  },
);

test("A registration whose lease is revoked comes back under a new one", options, async () => {
  const log = stateLog();
  await using registration = await registry.register(
    { service: "back", id: "a", address: "a:1" },
    { ttlSeconds: 3, onEvent: log.onEvent },
  );
  const { leaseId, token } = registration;
  const again = log.reached("registering").then(() => log.reached("registered"));
  await client.lease.revoke(leaseId);
  await again;
  assert.notEqual(registration.leaseId, leaseId);
  assert.ok(registration.token > token, "a new token tells the two apart");
  assert.equal((await registry.resolve("back")).instances[0]?.token, registration.token);
});

test("A row that somebody removes is written again", options, async () => {
  await using registration = await registry.register({ service: "rm", id: "a", address: "a:1" });
  await using watcher = client.watch(registration.key, { only: "puts" });
  await watcher.whenCreated();
  await client.delete(registration.key);
  const { value } = await watcher[Symbol.asyncIterator]().next();
  assert.equal(value?.kv.lease, registration.leaseId);
});

test(
  "A restarted copy takes its row over; the one before steps back for good",
  options,
  async () => {
    const log = stateLog();
    await using earlier = await registry.register(
      { service: "twice", id: "a", address: "old:1" },
      { onEvent: log.onEvent },
    );
    const displaced = log.reached("displaced");
    await using later = await registry.register({ service: "twice", id: "a", address: "new:1" });
    await displaced;
    assert.equal(earlier.lost.aborted, true);
    await assert.rejects(earlier.update({ address: "old:2" }), { code: "instance-conflict" });
    await earlier.close();
    assert.equal((await registry.resolve("twice")).instances[0]?.address, "new:1");
    await assert.rejects(
      registry.register({ service: "twice", id: "a", address: "third:1" }, { onConflict: "fail" }),
      { code: "instance-conflict" },
    );
    assert.equal(later.state, "registered");
  },
);

test("An instance is withdrawn while its health check fails", options, async () => {
  const log = stateLog();
  let isSick = false;
  await using registration = await registry.register(
    { service: "health", id: "a", address: "a:1" },
    {
      health: () => {
        if (isSick) throw new Error("no disk");
      },
      healthIntervalMillis: 20,
      onEvent: log.onEvent,
    },
  );
  const withdrawn = log.reached("withdrawn");
  isSick = true;
  await withdrawn;
  assert.deepEqual((await registry.resolve("health")).instances, []);
  const registered = log.reached("registered");
  isSick = false;
  await registered;
  assert.equal((await registry.resolve("health")).instances.length, 1);
  assert.equal(registration.state, "registered");
});

test(
  "A process paused longer than its TTL is gone meanwhile and registers itself again",
  options,
  async () => {
    const [endpoint = ""] = client.endpoints;
    const script = fileURLToPath(new URL("registering-process.ts", import.meta.url));
    const child = spawn(
      process.execPath,
      ["--conditions=@quorate/source", "--import", "tsx", script, endpoint, "paused", "2"],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      assert.equal((await lines.next()).value, "registered");
      await using watch = registry.watch("child");
      const events = watch[Symbol.asyncIterator]();
      assert.equal(describe((await events.next()).value ?? failed()), "snapshot paused");
      child.kill("SIGSTOP");
      assert.equal(describe((await events.next()).value ?? failed()), "down paused paused:1");
      child.kill("SIGCONT");
      assert.equal(describe((await events.next()).value ?? failed()), "up paused paused:1");
      child.stdin.write("close\n");
      assert.equal(describe((await events.next()).value ?? failed()), "down paused paused:1");
    } finally {
      child.kill("SIGKILL");
    }
  },
);

test("Names and instances are checked before anything is sent", options, async () => {
  await assert.rejects(registry.register({ service: "a/b", id: "x y", address: "" }), {
    code: "invalid-instance",
  });
  await assert.rejects(registry.resolve("../etc"), { code: "invalid-instance" });
  assert.throws(() => registry.watch(""), { code: "invalid-instance" });
});

function failed(): never {
  throw new Error("The watch ended");
}
