import type { Peer } from "../peer.ts";
import type { Question, Workbench } from "../question.ts";
import { valueBytes } from "./put.ts";

/** Linearizable reads of one key each. */
export const rangeQuestion: Question = {
  name: "range-100x10",
  title: "Range of one key, linearizable, 100 connections x 10 callers",
  group: "table",
  members: [1],
  prepare: (workbench, peer) => fill(workbench, peer, "range/", workbench.scale.keys),
  measure: async (workbench, peer) =>
    await workbench.measureWithBoth(peer, "range-100x10", "get", {
      kind: "closed",
      endpoints: await peer.endpoints(),
      connections: 100,
      callers: 1_000,
      operation: {
        kind: "range",
        keyPrefix: "range/",
        keyCount: workbench.scale.keys,
        isSerializable: false,
      },
      bound: workbench.bound,
    }),
};

/**
 * Writes `keyCount` keys, a hundred in a transaction.
 *
 * @throws Error when one of the transactions fails.
 */
export async function fill(
  { generator }: Workbench,
  peer: Peer,
  keyPrefix: string,
  keyCount: number,
): Promise<void> {
  const { failures } = await generator.run({
    kind: "closed",
    endpoints: await peer.endpoints(),
    connections: 1,
    callers: 4,
    operation: { kind: "fill", keyPrefix, keyCount, keysPerTxn: 100, valueBytes },
    bound: { seconds: 120 },
  });
  if (failures > 0) throw new Error(`Cannot load keys: ${failures} transactions failed`);
}
