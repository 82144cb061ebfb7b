import type { Question } from "../question.ts";
import { fill } from "./range.ts";

/** Lists of a thousand keys, as a service catalogue is read. */
export const listQuestion: Question = {
  name: "list-1000",
  title: "Range of 1,000 keys of 256 B by 10 callers",
  members: [1, 3],
  prepare: (workbench, peer) => fill(workbench, peer, "list/", workbench.scale.listKeys),
  measure: async (workbench, peer) => {
    const spec = {
      kind: "closed",
      endpoints: await peer.endpoints(),
      connections: 3,
      callers: 10,
      operation: { kind: "list", keyPrefix: "list/", keyCount: workbench.scale.listKeys },
      bound: workbench.bound,
    } as const;
    const own = await workbench.measure(peer, "list-1000", "list", spec);
    const other = await workbench.measureWithH2load(peer, "list-1000", "list", spec);
    return other === undefined ? [own] : [own, other];
  },
};
