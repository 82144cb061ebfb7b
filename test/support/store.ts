/**
 * Starts the store that a suite is to run against, real etcd or Quorate, behind one interface.
 *
 * `QUORATE_TEST_STORE` chooses; both take the same flags and write the same readiness line.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import {
  etcdMissing,
  startEtcdCluster,
  type EtcdCluster,
  type EtcdOptions,
} from "./etcd-process.ts";

/** Stores a suite can run against. */
export type StoreKind = "etcd" | "quorate";

/** The store named by the environment; etcd by default. */
export const storeKind: StoreKind =
  process.env["QUORATE_TEST_STORE"] === "quorate" ? "quorate" : "etcd";

const quorateBinary = fileURLToPath(new URL("../../node_modules/.bin/quorate", import.meta.url));

/** False when the store can be started here, else the reason to pass as `skip`. */
export function storeMissing(kind: StoreKind = storeKind): string | false {
  if (kind === "etcd") return etcdMissing;
  return existsSync(quorateBinary) ? false : `no build of quorate at ${quorateBinary}`;
}

/** Starts a store of `size` members and waits until all serve clients. */
export function startStore(
  kind: StoreKind = storeKind,
  size = 1,
  options: EtcdOptions = {},
): Promise<EtcdCluster> {
  if (kind === "etcd") return startEtcdCluster(size, options);
  return startEtcdCluster(size, { ...options, command: [process.execPath, quorateBinary] });
}
