/**
 * A network that fails under load, on three real members (B8, B9, B10, C2, C4, C18, V1, V2).
 *
 * Links are cut in namespaces of the kernel where the tests may make them (root and `ip`), else in
 * relays; the output says which. `QUORATE_NETWORK=proxies` chooses the relays anyway.
 * `QUORATE_NETWORK_ROUNDS` runs the whole table so many times. @default 1
 */
import { after, before, describe, test } from "node:test";
import { quorateMissing } from "../support/cluster-processes.ts";
import { NetworkCluster } from "./network-cluster.ts";
import { runScenario } from "./network-scenario.ts";
import { networkKind, rounds, scenariosOfThree } from "./network-scenarios.ts";

describe("three members on a network that fails", { skip: quorateMissing }, () => {
  let cluster: NetworkCluster;

  before(async () => {
    if (quorateMissing !== false) return;
    cluster = await NetworkCluster.start(3, {}, networkKind);
    console.log(`links are ${cluster.faults.kind}`);
  });

  after(async () => {
    if (quorateMissing === false) await cluster.close();
  });

  for (let round = 0; round < rounds; round += 1) {
    for (const [index, scenario] of scenariosOfThree.entries()) {
      test(scenario.name, { timeout: 60_000 }, async () => {
        await runScenario(cluster, scenario, `${round}-${index}`);
      });
    }
  }
});
