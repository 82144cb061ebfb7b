/**
 * A network that fails under load, on five real members (B8, B9, C2, C18, V1, V2).
 *
 * How links are made, and the variables, are those of `network.test.ts`.
 */
import { after, before, describe, test } from "node:test";
import { quorateMissing } from "../support/cluster-processes.ts";
import { NetworkCluster } from "./network-cluster.ts";
import { runScenario } from "./network-scenario.ts";
import { networkKind, rounds, scenariosOfFive } from "./network-scenarios.ts";

describe("five members on a network that fails", { skip: quorateMissing }, () => {
  let cluster: NetworkCluster;

  before(async () => {
    if (quorateMissing !== false) return;
    cluster = await NetworkCluster.start(5, {}, networkKind);
    console.log(`links are ${cluster.faults.kind}`);
  });

  after(async () => {
    if (quorateMissing === false) await cluster.close();
  });

  for (let round = 0; round < rounds; round += 1) {
    for (const [index, scenario] of scenariosOfFive.entries()) {
      test(scenario.name, { timeout: 60_000 }, async () => {
        await runScenario(cluster, scenario, `${round}-${index}`);
      });
    }
  }
});
