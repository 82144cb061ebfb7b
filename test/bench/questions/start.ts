import { within } from "../../support/deadline.ts";
import type { Question } from "../question.ts";

/** An orderly end may take its time, but not for ever. */
const stopMillis = 60_000;

/** What an empty member needs to begin: time, memory. */
export const startQuestion: Question = {
  name: "start",
  title: "Restart of a member without data until a linearizable read",
  members: [1],
  measure: async (_workbench, peer) => {
    await within(stopMillis, "the member to stop", peer.cluster.member(0).stop());
    const begin = performance.now();
    await peer.cluster.member(0).start();
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
