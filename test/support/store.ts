/**
 * Starts the store that a suite is to run against, real etcd or Quorate, behind one interface.
 *
 * `QUORATE_TEST_STORE` chooses; both take the same flags and write the same readiness line.
 */
import { quorateCommand, quorateMissing } from "./cluster-processes.ts";
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

/** False when the store can be started here, else the reason to pass as `skip`. */
export function storeMissing(kind: StoreKind = storeKind): string | false {
  if (kind === "etcd") return etcdMissing;
  return quorateMissing;
}

/** Starts a store of `size` members and waits until all serve clients. */
export function startStore(
  kind: StoreKind = storeKind,
  size = 1,
  options: EtcdOptions = {},
): Promise<EtcdCluster> {
  if (kind === "etcd") return startEtcdCluster(size, options);
  return startEtcdCluster(size, { ...options, command: quorateCommand });
}
