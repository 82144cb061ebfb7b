import type { Question } from "../question.ts";

/** What an empty member needs to begin: time, memory. */
export const startQuestion: Question = {
  name: "start",
  title: "Restart of a member without data until a linearizable read",
  members: [1],
  measure: async (_workbench, peer) => {
    await Promise.all(peer.cluster.members.map((member) => member.stop()));
    const begin = performance.now();
    await Promise.all(peer.cluster.members.map((member) => member.start()));
    await peer.untilReady();
    const seconds = (performance.now() - begin) / 1_000;
    return [
      {
        row: "start",
        unit: "start",
        client: "-",
        operations: 1,
        seconds,
        latencies: undefined,
        failures: 0,
        generatorShare: undefined,
        usage: await peer.usageSinceStart(),
        diskBytes: await peer.diskBytes(),
      },
    ];
  },
};
