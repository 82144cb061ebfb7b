import type { Question } from "../question.ts";
import { callersPerConnection, putLoad, valueBytes } from "./put.ts";

const callers = 100;
const rateKey = "put/s";

/**
 * Latency at a rate that both peers can hold: half of what the first peer, etcd, does at its best.
 * It is found once and the same for both.
 */
export const openLoopQuestion: Question = {
  name: "put-open-loop",
  title: "Put at a fixed rate, half of etcd's best with 100 callers; latency from the due time",
  members: [1, 3],
  prepare: async (workbench, peer) => {
    if (workbench.memory.has(rateKey)) return;
    const spec = await putLoad(workbench, peer, callers);
    const { operations, seconds } = await workbench.generator.run(spec);
    workbench.memory.set(rateKey, Math.max(1, Math.round(operations / seconds / 2)));
  },
  measure: async (workbench, peer) => [
    await workbench.measure(peer, "put-open-loop", "put", {
      kind: "open",
      endpoints: await peer.endpoints(),
      connections: callers / callersPerConnection,
      rate: workbench.memory.get(rateKey) ?? 1,
      operation: { kind: "put", keyPrefix: "open/", keyCount: workbench.scale.keys, valueBytes },
      bound: workbench.bound,
    }),
  ],
};
