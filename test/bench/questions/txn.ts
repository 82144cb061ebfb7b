import type { Question } from "../question.ts";
import { callersPerConnection, valueBytes } from "./put.ts";
import { fill } from "./range.ts";

const callers = 100;

/** Compare and swap: the write of every lock and every careful updater. */
export const txnQuestion: Question = {
  name: "txn-100",
  title: `Txn that compares a version, puts and gets, ${callers} callers`,
  members: [1, 3],
  // The compare wants keys that exist.
  prepare: (workbench, peer) => fill(workbench, peer, "txn/", workbench.scale.keys),
  measure: async (workbench, peer) => {
    const spec = {
      kind: "closed",
      endpoints: await peer.endpoints(),
      connections: callers / callersPerConnection,
      callers,
      operation: { kind: "txn", keyPrefix: "txn/", keyCount: workbench.scale.keys, valueBytes },
      bound: workbench.bound,
    } as const;
    const own = await workbench.measure(peer, "txn-100", "txn", spec);
    const other = await workbench.measureWithH2load(peer, "txn-100", "txn", spec);
    return other === undefined ? [own] : [own, other];
  },
};
