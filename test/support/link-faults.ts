/**
 * Links between members, and between members and the tests, that can be cut at a chosen moment.
 *
 * Two ways to have them: namespaces of the kernel, where packets vanish, and relays on loopback
 * that stop to carry bytes, where nobody may make namespaces. The same scenarios run on both.
 */
import type { ClusterOptions, ClusterProcesses } from "./cluster-processes.ts";

/** Sender or receiver: a member's index, or the tests themselves. */
export type Party = number | "clients";

/** One direction between two parties. */
export interface Link {
  readonly from: Party;
  readonly to: Party;
}

/** The network of one cluster. Close the cluster first. */
export interface LinkFaults extends AsyncDisposable {
  /** How it is done, for the output. */
  readonly kind: "namespaces" | "proxies";
  /** What the members have to be started with. */
  readonly clusterOptions: Pick<ClusterOptions, "host" | "wrapper" | "advertisePeer">;
  /** Where the tests reach each member of a cluster that was made with these options. */
  endpoints(cluster: ClusterProcesses): Promise<readonly string[]>;
  /** Lets exactly these links carry nothing, silently; all others carry again. */
  drop(links: readonly Link[]): void;
  /** Resets all connections between a member and another party. */
  reset(index: number, party: Party): void;
  /** Lets what goes to a member pass slowly, or again at full speed. */
  narrow(index: number, isNarrow: boolean): void;
}

/** Both directions between each party of one group and each of another. */
export function between(group: readonly Party[], others: readonly Party[]): readonly Link[] {
  return [...oneWay(group, others), ...oneWay(others, group)];
}

/** What goes from each party of one group to each of another. */
export function oneWay(senders: readonly Party[], receivers: readonly Party[]): readonly Link[] {
  return senders.flatMap((from) =>
    receivers.filter((to) => to !== from).map((to) => ({ from, to })),
  );
}

/** All directions between the groups; inside a group everything goes on. */
export function partition(...groups: readonly (readonly Party[])[]): readonly Link[] {
  return groups.flatMap((group, index) =>
    groups.slice(index + 1).flatMap((other) => between(group, other)),
  );
}
