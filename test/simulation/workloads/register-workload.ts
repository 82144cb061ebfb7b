import type { SeededRandom } from "@quorate/platform/sim";
import { KvWorkload } from "./kv-workload.ts";
import { drawRegisterMix, RegisterBehaviour } from "./register-operations.ts";
import type { Workload } from "./workload.ts";

const prefix = "register/";

/** Several clients on few keys: writes, deletions, compare-and-set, reads of all kinds. */
export function createRegisterWorkload(random: SeededRandom): Workload {
  return new KvWorkload(random, {
    name: "register",
    prefix,
    draw: (own) => {
      const mix = drawRegisterMix(prefix, own.split("mix"));
      return (name, client) => new RegisterBehaviour(mix, name, client);
    },
  });
}
