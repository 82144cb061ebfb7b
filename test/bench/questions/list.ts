import type { Question } from "../question.ts";
import { fill } from "./range.ts";

/** Lists of a thousand keys, as a service catalogue is read. */
export const listQuestion: Question = {
  name: "list-1000",
  title: "Range of 1,000 keys of 256 B, about 290 kB an answer, 10 callers",
  group: "table",
  members: [1],
  prepare: (workbench, peer) => fill(workbench, peer, "list/", workbench.scale.listKeys),
  measure: async (workbench, peer) => [
    await workbench.measure(peer, "list-1000", "list", {
      kind: "closed",
      endpoints: await peer.endpoints(),
      connections: 10,
      callers: 10,
      operation: { kind: "list", keyPrefix: "list/", keyCount: workbench.scale.listKeys },
      bound: workbench.bound,
    }),
  ],
};
