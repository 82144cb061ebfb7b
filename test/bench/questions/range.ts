import type { Question, Workbench } from "../question.ts";
import type { Peer } from "../peer.ts";
import { callersPerConnection, valueBytes } from "./put.ts";

/** Range of one key by so many callers. */
export function rangeQuestion(callers: number, isSerializable: boolean): Question {
  const consistency = isSerializable ? "serializable" : "linearizable";
  const name = `range-${consistency}-${callers}`;
  return {
    name,
    title: `Range of one key, ${consistency}, ${callers} callers`,
    members: [1, 3],
    prepare: (workbench, peer) => fill(workbench, peer, "range/", workbench.scale.keys),
    measure: async (workbench, peer) => {
      const spec = {
        kind: "closed",
        endpoints: await peer.endpoints(),
        connections: Math.ceil(callers / callersPerConnection),
        callers,
        operation: {
          kind: "range",
          keyPrefix: "range/",
          keyCount: workbench.scale.keys,
          isSerializable,
        },
        bound: workbench.bound,
      } as const;
      const own = await workbench.measure(peer, name, "get", spec);
      if (callers === 1) return [own];
      const other = await workbench.measureWithH2load(peer, name, "get", spec);
      return other === undefined ? [own] : [own, other];
    },
  };
}

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
