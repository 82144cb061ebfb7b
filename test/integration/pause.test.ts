/**
 * Members stopped by SIGSTOP under load: what a member does first after waking must not be acting
 * on an old leadership (B12, C2, C4, C45, L1 to L3, V1).
 *
 * `QUORATE_NETWORK_ROUNDS` runs the whole table so many times, `QUORATE_NAPS_SEED` repeats one
 * order of random pauses.
 */
import { after, before, describe, test } from "node:test";
import { quorateMissing } from "../support/cluster-processes.ts";
import { NetworkCluster } from "./network-cluster.ts";
import { runScenario } from "./network-scenario.ts";
import { networkKind, rounds } from "./network-scenarios.ts";
import { leaderPauses, pauseScenarios } from "./pause-scenarios.ts";

for (const { size, scenarios } of [
  { size: 3, scenarios: pauseScenarios },
  { size: 5, scenarios: leaderPauses },
]) {
  describe(`members that sleep for a while, of ${size}`, { skip: quorateMissing }, () => {
    let cluster: NetworkCluster;

    before(async () => {
      if (quorateMissing !== false) return;
      cluster = await NetworkCluster.start(size, {}, networkKind);
    });

    after(async () => {
      if (quorateMissing === false) await cluster.close();
    });

    for (let round = 0; round < rounds; round += 1) {
      for (const [index, scenario] of scenarios.entries()) {
        test(scenario.name, { timeout: 60_000 }, async () => {
          await runScenario(cluster, scenario, `${round}-${index}`);
        });
      }
    }
  });
}
