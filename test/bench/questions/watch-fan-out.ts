import type { Question } from "../question.ts";
import { valueBytes } from "./put.ts";

/** One writer and a thousand watchers of its key: ten watches on each of a hundred clients. */
export const watchQuestion: Question = {
  name: "watch-1000",
  title: "One writer, 1,000 watchers of one key; latency from the Put to the event",
  members: [1, 3],
  measure: async (workbench, peer) => {
    const { watchers } = workbench.scale;
    const spec = {
      kind: "watch",
      endpoints: await peer.endpoints(),
      connections: Math.ceil(watchers / 10),
      streamsPerConnection: 1,
      watchers,
      valueBytes,
      bound: workbench.bound,
    } as const;
    return [
      // Each Put alone: how long until it is everywhere.
      await workbench.measure(peer, "watch-1000", "event", { ...spec, putsInFlight: 1 }),
      // The writer ahead of the watchers: how much gets through.
      await workbench.measure(peer, "watch-1000-busy", "event", { ...spec, putsInFlight: 16 }),
    ];
  },
};
