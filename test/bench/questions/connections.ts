import type { Peer } from "../peer.ts";
import { memoryOf } from "../process-usage.ts";
import { scaleRepetitionsMax, type Question, type Sample, type Workbench } from "../question.ts";
import { valueBytes } from "./put.ts";

const name = "connections-10000";
/** Puts in a second of the one caller that goes on while the connections come and stay. */
const canaryRate = 100;
/** Puts in a second of all held connections together. */
const heldRate = 1_000;
const secondsMax = 120;
const memoryIntervalMillis = 100;

/** Many clients at once: how fast they get in, what each costs, and what others feel of it. */
export const connectionsQuestion: Question = {
  name,
  title: "10^4 connections opened at once, then 1,000 Puts/s over all; a lone caller beside",
  group: "scale",
  members: [1],
  // A store does not give back all memory of connections that are gone.
  needsEmptyPeer: true,
  repetitionsMax: scaleRepetitionsMax,
  measure: async (workbench, peer) => {
    const { canary } = workbench;
    const endpoints = await peer.endpoints();
    const spec = {
      kind: "open",
      endpoints,
      connections: 1,
      rate: canaryRate,
      operation: { kind: "put", keyPrefix: "canary/", keyCount: 1, valueBytes },
    } as const;
    // Compiles what the lone caller needs, here and there.
    await canary.run({ ...spec, bound: { seconds: workbench.scale.warmupSeconds } });
    const before = await memoryOf(peer.pids);
    const lone = canary.run({ ...spec, bound: { seconds: secondsMax } });
    // Whatever becomes of it is seen below.
    lone.catch(() => undefined);
    const { sample, heldBytes } = await connect(workbench, peer, endpoints);
    canary.stop();
    const { latencies, failures } = await lone;
    const grownBytes = Math.max(0, heldBytes - before.residentBytes);
    return [
      {
        ...sample,
        failures: sample.failures + failures,
        details: {
          ...sample.details,
          connections: sample.operations,
          "KiB a connection": grownBytes / 1_024 / sample.operations,
          "lone caller p99 ms": latencies.p99,
          "lone caller max ms": latencies.max,
        },
      },
    ];
  },
};

async function connect(
  { generator, scale, bound }: Workbench,
  peer: Peer,
  endpoints: readonly string[],
): Promise<{ readonly sample: Sample; readonly heldBytes: number }> {
  const { pids } = peer;
  let heldBytes = 0;
  // The last look falls into the time in which all are held.
  const looking = setInterval(() => {
    void memoryOf(pids).then(({ residentBytes }) => {
      heldBytes = residentBytes;
    });
  }, memoryIntervalMillis);
  try {
    const { result, usage } = await peer.measure(`${name}-raw`, () =>
      generator.run({
        kind: "connections",
        endpoints,
        connections: scale.manyConnections,
        rate: heldRate,
        valueBytes,
        bound,
      }),
    );
    return {
      sample: { row: name, unit: "connection", client: "raw", usage, ...result },
      heldBytes,
    };
  } finally {
    clearInterval(looking);
  }
}
