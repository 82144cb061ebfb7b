import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeClock, NodeTimers } from "@quorate/platform";
import {
  decodeStored,
  keyFromBytes,
  LmdbBackend,
  MvccStore,
  type Backend,
  type BackendOptions,
  type StoreOptions,
} from "@quorate/mvcc";

/** A new empty directory; removed with `dispose`. */
export async function temporaryDirectory(): Promise<{
  readonly path: string;
  readonly dispose: () => Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), "quorate-mvcc-"));
  return {
    path,
    dispose: async () => {
      await rm(path, { recursive: true, force: true });
    },
  };
}

export async function openLmdb(
  path: string,
  options: Partial<BackendOptions> = {},
): Promise<LmdbBackend> {
  return LmdbBackend.open(path, options, { timers: new NodeTimers() });
}

export async function openStore(
  backend: Backend,
  options: Partial<StoreOptions> = {},
): Promise<MvccStore> {
  return MvccStore.open(
    { compactionPauseMillis: 0, ...options },
    { backend, timers: new NodeTimers(), clock: new NodeClock() },
  );
}

export function bytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

export function put(store: MvccStore, key: string, value: string, lease = 0n): number {
  const txn = store.beginWrite();
  txn.put(key, bytes(value), lease);
  const revision = txn.end();
  store.backend.endUnit();
  return revision;
}

export function remove(store: MvccStore, key: string, rangeEnd = ""): readonly string[] {
  const txn = store.beginWrite();
  const keys = txn.deleteRange(key, rangeEnd);
  txn.end();
  store.backend.endUnit();
  return keys;
}

/** `a=1 create=2 mod=2 version=1`, and the lease if there is one. */
export function describe(stored: Uint8Array): string {
  const pair = decodeStored(stored);
  const lease = pair.lease === 0n ? "" : ` lease=${pair.lease}`;
  return (
    `${keyFromBytes(pair.key)}=${keyFromBytes(pair.value)} create=${pair.createRevision} ` +
    `mod=${pair.modRevision} version=${pair.version}${lease}`
  );
}
