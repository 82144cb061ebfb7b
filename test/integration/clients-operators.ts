/** Calls that look after the cluster rather than its keys, for clients that give them up (C30). */
import type { CallOptions, Client } from "@quorate/client";
import type { SeededRandom } from "@quorate/platform/sim";

/** Kinds of calls, beside those on keys. The store does not serve Snapshot. */
export const operatorKinds = [
  ...(["compact", "defragment", "members", "alarms", "status", "hash", "leases"] as const),
];

/** See {@link operatorKinds}. */
export type OperatorKind = (typeof operatorKinds)[number];

/** What all clients of a storm know together. */
export interface StormKnowledge {
  /** Highest revision told to any of them. */
  revision: number;
  /** Revision that was given up last, or tried to. */
  compacted: number;
  /** History above it is needed: nobody may give it up. */
  readonly compactMax: number;
}

const listAlarms = 0;

/** Makes one call; passes on what becomes of it. */
export async function callAsOperator(
  client: Client,
  kind: OperatorKind,
  random: SeededRandom,
  known: StormKnowledge,
  options: CallOptions,
): Promise<void> {
  switch (kind) {
    case "compact":
      known.compacted = Math.min(known.compacted + 1, known.compactMax);
      await client.compact(known.compacted, { ...options, physical: random.nextInt(2) === 0 });
      return;
    case "defragment":
      await client.maintenance.defragment({}, options);
      return;
    case "members":
      await client.cluster.memberList({ linearizable: random.nextInt(2) === 0 }, options);
      return;
    case "alarms":
      await client.maintenance.alarm({ action: listAlarms }, options);
      return;
    case "status":
      await client.maintenance.status({}, options);
      return;
    case "hash":
      await client.maintenance.hashKv({ revision: 0 }, options);
      return;
    case "leases":
      await client.lease.list(options);
      return;
  }
}
