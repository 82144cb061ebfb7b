import type { SeededRandom } from "@quorate/platform/sim";
import { KvWorkload } from "./kv-workload.ts";
import { drawMultiKeySpace, MultiKeyBehaviour } from "./multi-key-operations.ts";
import type { Workload } from "./workload.ts";

const prefix = "multi/";

/** Transactions over several keys, judged step by step at their revision (P1, P5, C28). */
export function createMultiKeyWorkload(random: SeededRandom): Workload {
  return new KvWorkload(random, {
    name: "multi-key",
    prefix,
    draw: (own) => {
      const space = drawMultiKeySpace(prefix, own.split("keys"));
      return (name, client) => new MultiKeyBehaviour(space, name, client);
    },
  });
}
