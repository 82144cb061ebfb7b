import type { Question } from "../question.ts";
import { putLoad, valueBytes } from "./put.ts";

const connections = 100;
const rateKey = "put/s";

/**
 * Latency at a rate that both peers can hold: half of what the first peer, etcd, does at its best.
 * It is found once and the same for both.
 */
export const openLoopQuestion: Question = {
  name: "put-open-loop",
  title: "Put at a fixed rate, half of etcd's best with 100 x 100; latency from the due time",
  group: "table",
  members: [1, 3],
  prepare: async (workbench, peer) => {
    if (workbench.memory.has(rateKey)) return;
    const load = await putLoad(workbench, peer, { connections, callsPerConnection: 100 });
    const best = async (): Promise<number> => {
      const { operations, seconds } = await workbench.generator.run(load);
      return operations / seconds;
    };
    const rate = workbench.scale.rate ?? Math.max(await best(), await best()) / 2;
    workbench.memory.set(rateKey, Math.max(1, Math.round(rate)));
  },
  measure: async (workbench, peer) => [
    await workbench.measure(peer, "put-open-loop", "put", {
      kind: "open",
      endpoints: await peer.endpoints(),
      connections,
      rate: workbench.memory.get(rateKey) ?? 1,
      operation: { kind: "put", keyPrefix: "open/", keyCount: workbench.scale.keys, valueBytes },
      bound: workbench.bound,
    }),
  ],
};
