import type { Question } from "../question.ts";

/** Leases of many registered instances. */
export const keepAliveQuestion: Question = {
  name: "keep-alive-1000",
  title: "Renewal of 1,000 leases over 10 streams",
  members: [1, 3],
  measure: async (workbench, peer) => [
    await workbench.measure(peer, "keep-alive-1000", "renewal", {
      kind: "keep-alive",
      endpoints: await peer.endpoints(),
      connections: 10,
      leases: workbench.scale.leases,
      bound: workbench.bound,
    }),
  ],
};
