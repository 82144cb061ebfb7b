import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeStored, keyFromBytes } from "@quorate/mvcc";
import type { LeaseView } from "@quorate/state-machine";
import { runSchedule } from "../schedules/schedule.ts";
import { CheckFailure } from "./check-failure.ts";
import { checkCaches, type CachedState } from "./caches-checker.ts";

type Backend = CachedState["store"]["backend"];

/** The state of a member that has leases with keys, deleted ones, and replaced ones. */
async function withState(judge: (state: CachedState) => void): Promise<void> {
  const { failure } = await runSchedule(
    {
      name: "keys on leases",
      rows: [],
      plan: { workloads: [] },
      script: async (stage) => {
        const { anyone } = stage;
        const { id } = await anyone.lease.grant(1_000);
        await anyone.put("gone", "1", { lease: id });
        await anyone.delete("gone");
        for (const key of ["a", "b", "c"]) await anyone.put(key, "1", { lease: id });
        await anyone.put("a", "2");
        await stage.settled();
        judge(stage.memberOf(stage.machine(0)).state);
      },
    },
    1n,
  );
  assert.equal(failure, undefined, `${failure?.message}\n${failure?.stack}`);
}

function isBroken(words: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof CheckFailure && words.test(error.message);
}

/** A backend whose scans of a bucket leave out what a test wants. */
function without(backend: Backend, bucket: string, key?: string): Backend {
  const scan: Backend["scan"] = (name, range, take) => {
    backend.scan(name, range, (row, bytes) => {
      const isLeftOut =
        name === bucket && (key === undefined || keyFromBytes(decodeStored(bytes).key) === key);
      return isLeftOut || take(row, bytes);
    });
  };
  return new Proxy(backend, {
    get: (target, name) => (name === "scan" ? scan : Reflect.get(target, name)),
  });
}

function leasesWith(leases: LeaseView, changes: Partial<LeaseView>): LeaseView {
  const { size, attachedKeys } = leases;
  return {
    ...{ size, attachedKeys },
    has: (id) => leases.has(id),
    get: (id) => leases.get(id),
    records: () => leases.records(),
    keysOf: (id) => leases.keysOf(id),
    leaseOf: (key) => leases.leaseOf(key),
    ...changes,
  };
}

describe("checkCaches (D8)", () => {
  test("what members keep in memory passes, and lies about it do not", async () => {
    await withState((state) => {
      checkCaches(state, "m1");
      const { leases, store } = state;
      const openRange = store.openRange.bind(store);
      const fails = (lie: Partial<CachedState>, words: RegExp): void => {
        assert.throws(() => checkCaches({ leases, store, ...lie }, "m1"), isBroken(words));
      };
      const rowless = (bucket: string, key?: string): Partial<CachedState> => ({
        store: { backend: without(store.backend, bucket, key), openRange },
      });
      fails(rowless("key", "b"), /the index has "b"/);
      fails(rowless("lease"), /1 leases in memory, 0 rows/);
      const some = (): ReturnType<typeof openRange> => openRange({ key: "a" });
      fails({ store: { backend: store.backend, openRange: some } }, /the index has 1 keys, rows 3/);
      fails({ leases: leasesWith(leases, { has: () => false }) }, /is not in memory/);
      fails({ leases: leasesWith(leases, { leaseOf: () => 0n }) }, /"b" hangs on lease 0/);
      fails({ leases: leasesWith(leases, { attachedKeys: 3 }) }, /3 keys hang on leases, .* 2/);
    });
  });
});
