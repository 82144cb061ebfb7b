/** The tables of faults: what is cut, and what must hold meanwhile. */
import { setTimeout as passing } from "node:timers/promises";
import { between, oneWay, partition, type LinkFaults } from "../support/link-faults.ts";
import type { Scenario } from "./network-scenario.ts";

/** How links are to be made, if the environment says. */
export const networkKind: LinkFaults["kind"] | undefined =
  process.env["QUORATE_NETWORK"] === "proxies" ? "proxies" : undefined;

/** How often the tables are run. */
export const rounds: number = Number(process.env["QUORATE_NETWORK_ROUNDS"] ?? "1");

/** Time in which a member without pre-vote would have disturbed the others: two elections. */
const disturbanceMillis = 2_500;

/** Faults of three members. */
export const scenariosOfThree: readonly Scenario[] = [
  {
    name: "the leader alone: it stops to serve, the others go on (B8, C2, V2)",
    cut: ({ leader, others }) => between([leader], others),
    serving: ({ others }) => others,
    refusing: ({ leader }) => [leader],
  },
  {
    name: "a follower alone: it disturbs nobody (B8, C18)",
    cut: ({ leader, others }) => between(others.slice(0, 1), [leader, ...others.slice(1)]),
    serving: ({ leader, others }) => [leader, ...others.slice(1)],
    isStable: true,
    holdMillis: disturbanceMillis,
  },
  {
    name: "everybody alone, then all together (B8, V2)",
    cut: ({ leader, others }) => partition([leader], ...others.map((index) => [index])),
    refusing: ({ leader, others }) => [leader, ...others],
    holdMillis: disturbanceMillis,
  },
  {
    name: "the leader is not heard by one follower (B9, C18)",
    cut: ({ leader, others }) => oneWay([leader], others.slice(0, 1)),
    serving: ({ leader, others }) => [leader, ...others.slice(1)],
    isStable: true,
    holdMillis: disturbanceMillis,
  },
  {
    name: "the leader is heard by nobody (B9)",
    cut: ({ leader, others }) => oneWay([leader], others),
    serving: ({ others }) => others,
  },
  {
    name: "the leader hears nobody, and steps down (B9)",
    cut: ({ leader, others }) => oneWay(others, [leader]),
    serving: ({ others }) => others,
    // Nobody can tell it that there is another leader: it has to give up by itself.
    refusing: ({ leader }) => [leader],
  },
  {
    name: "the leader does not hear one follower (B9, C18)",
    cut: ({ leader, others }) => oneWay(others.slice(0, 1), [leader]),
    serving: ({ leader, others }) => [leader, ...others.slice(1)],
    isStable: true,
    holdMillis: disturbanceMillis,
  },
  {
    name: "the followers do not reach each other: nobody cares (B9)",
    cut: ({ others }) => between(others.slice(0, 1), others.slice(1)),
    serving: ({ leader, others }) => [leader, ...others],
    isStable: true,
    holdMillis: disturbanceMillis,
  },
  {
    name: "answers to the leader's clients are lost (B9, P6)",
    cut: ({ leader }) => oneWay([leader], ["clients"]),
    serving: ({ others }) => others,
    isStable: true,
    holdMillis: 1_000,
  },
  {
    name: "a link of the leader that comes and goes (B9)",
    isStable: true,
    act: async ({ faults }, { leader, others }) => {
      for (let turn = 0; turn < 10; turn += 1) {
        faults.drop(turn % 2 === 0 ? between([leader], others.slice(0, 1)) : []);
        await passing(250);
      }
    },
  },
  {
    name: "all links of the leader come and go (B9)",
    act: async ({ faults }, { leader, others }) => {
      for (let turn = 0; turn < 10; turn += 1) {
        faults.drop(turn % 2 === 0 ? between([leader], others) : []);
        await passing(turn % 2 === 0 ? 700 : 300);
      }
    },
  },
  {
    name: "connections that are reset again and again (B10, P6)",
    isStable: true,
    act: async ({ faults }, { leader, others }) => {
      for (let turn = 0; turn < 20; turn += 1) {
        for (const other of others) faults.reset(leader, other);
        faults.reset(leader, "clients");
        await passing(50);
      }
    },
  },
  {
    name: "half-open connections: a machine is gone, its address comes back (B10)",
    act: async (cluster, { leader, others }) => {
      const [gone = leader] = others;
      const rest = cluster.indexes.filter((index) => index !== gone);
      cluster.faults.drop(between([gone], rest));
      await cluster.member(gone).kill();
      await cluster.service(rest);
      cluster.member(gone).launch();
      // It says that it is ready when it has found the others.
      await cluster.member(gone).logged(/opened data directory/);
    },
  },
  {
    name: "narrow links: what comes in waits and is lost (B10)",
    act: async (cluster, { leader, others }) => {
      for (const index of cluster.indexes) cluster.faults.narrow(index, true);
      try {
        const value = "x".repeat(20_000);
        const writes = [leader, ...others].flatMap((index) =>
          Array.from({ length: 4 }, (_, number) =>
            cluster.client(index).put(`large/${index}/${number}`, value),
          ),
        );
        await Promise.all(writes);
      } finally {
        for (const index of cluster.indexes) cluster.faults.narrow(index, false);
      }
    },
  },
];

/** Faults of five members. */
export const scenariosOfFive: readonly Scenario[] = [
  {
    name: "the leader and a follower against three (B8, C2, V2)",
    cut: ({ leader, others }) => between([leader, ...others.slice(0, 1)], others.slice(1)),
    serving: ({ others }) => others.slice(1),
    refusing: ({ leader, others }) => [leader, ...others.slice(0, 1)],
  },
  {
    name: "the leader and two followers against two (B8, V2)",
    cut: ({ leader, others }) => between([leader, ...others.slice(0, 2)], others.slice(2)),
    serving: ({ leader, others }) => [leader, ...others.slice(0, 2)],
    refusing: ({ others }) => others.slice(2),
    isStable: true,
  },
  {
    name: "two, two and one: nobody serves (B8, V2)",
    cut: ({ leader, others }) =>
      partition([leader, ...others.slice(0, 1)], others.slice(1, 3), others.slice(3)),
    refusing: ({ leader, others }) => [leader, ...others],
  },
  {
    name: "halves with a bridge that both reach (B9, C18)",
    cut: ({ leader, others }) => between([leader, ...others.slice(0, 1)], others.slice(1, 3)),
    serving: ({ leader, others }) => [leader, ...others.slice(0, 1), ...others.slice(3)],
    isStable: true,
    holdMillis: disturbanceMillis,
  },
  {
    name: "the leader as the only bridge between four (B9, C18)",
    cut: ({ others }) => partition(...others.map((index) => [index])),
    serving: ({ leader, others }) => [leader, ...others],
    isStable: true,
    holdMillis: disturbanceMillis,
  },
  {
    name: "a majority ring: each hears one neighbour on either side (B9, D4)",
    cut: ({ leader, others }) => {
      const ring = [leader, ...others];
      const isNeighbour = (one: number, other: number): boolean =>
        [1, ring.length - 1].includes(Math.abs(ring.indexOf(one) - ring.indexOf(other)));
      return ring.flatMap((one) => {
        const far = ring.filter((other) => other !== one && !isNeighbour(one, other));
        return oneWay([one], far);
      });
    },
    serving: ({ leader, others }) => [leader, ...others.slice(0, 1), ...others.slice(3)],
    isStable: true,
    holdMillis: disturbanceMillis,
  },
  {
    name: "the leader is heard by one follower only (B9)",
    cut: ({ leader, others }) => oneWay([leader], others.slice(1)),
    serving: ({ others }) => others.slice(1),
  },
  {
    name: "links are cut one by one and heal in another order (B9, D4)",
    act: async ({ faults }, { leader, others }) => {
      const links = partition([leader], ...others.map((index) => [index]));
      for (let count = 1; count <= links.length; count += 1) {
        faults.drop(links.slice(0, count));
        await passing(75);
      }
      const healing = links.filter((_, index) => index % 2 === 0);
      for (let count = healing.length; count > 0; count -= 1) {
        faults.drop(healing.slice(0, count));
        await passing(75);
      }
    },
  },
];
