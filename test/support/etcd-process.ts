/** Real etcd members as child processes, for interop tests. */
import { existsSync } from "node:fs";
import { ClusterProcesses } from "./cluster-processes.ts";
import type { MemberProcess } from "./member-process.ts";

const etcdBinary = process.env["ETCD_BINARY"] ?? "/usr/bin/etcd";

/** False when real etcd is present, else the reason to pass to `test(..., { skip })`. */
export const etcdMissing: string | false = existsSync(etcdBinary)
  ? false
  : `no etcd at ${etcdBinary} (set ETCD_BINARY)`;

/** What {@link startEtcdCluster} takes. */
export interface EtcdOptions {
  /** Further command line flags of every member. @default none */
  readonly flags?: readonly string[];
  /** @default 100 */
  readonly heartbeatMillis?: number;
  /** @default 1000 */
  readonly electionMillis?: number;
  /** Another program that takes etcd's flags, with its first arguments. @default etcd itself */
  readonly command?: readonly [string, ...string[]];
}

/** One member of a store that takes etcd's flags. */
export type EtcdMember = MemberProcess;

/** A running cluster of one or more of them. */
export type EtcdCluster = ClusterProcesses;

/** Starts a cluster of `size` members and waits until all serve clients. */
export async function startEtcdCluster(
  size: number,
  options: EtcdOptions = {},
): Promise<EtcdCluster> {
  return ClusterProcesses.start(size, { command: [etcdBinary], ...options });
}
