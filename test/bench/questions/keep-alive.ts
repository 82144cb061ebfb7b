import { scaleRepetitionsMax, type Question, type QuestionGroup, type Scale } from "../question.ts";

/** What differs between the questions of {@link keepAliveQuestion}. */
export interface KeepAliveVariant {
  readonly name: string;
  readonly group: QuestionGroup;
  readonly leases: (scale: Scale) => number;
  readonly leaseIdFirst: number;
  /** Of a stream, on their way at one time. */
  readonly renewalsInFlight: number;
}

const connections = 10;
const streamsPerConnection = 10;

/** Leases of many registered instances, renewed round robin over a hundred streams. */
export function keepAliveQuestion(variant: KeepAliveVariant): Question {
  const { name, group, leaseIdFirst, renewalsInFlight } = variant;
  return {
    name,
    title: `Renewal of leases over 100 streams, ${renewalsInFlight} on their way on each`,
    group,
    members: [1],
    ...(group === "scale" ? { repetitionsMax: scaleRepetitionsMax } : {}),
    prepare: async ({ generator, scale }, peer) => {
      const leaseCount = variant.leases(scale);
      const { failures, operations } = await generator.run({
        kind: "closed",
        endpoints: await peer.endpoints(),
        connections,
        callers: 1_000,
        operation: { kind: "grant", leaseIdFirst, leaseCount },
        bound: { seconds: 120 },
      });
      if (failures === 0 && operations === leaseCount) return;
      throw new Error(`Cannot grant ${leaseCount} leases: ${operations} were granted`);
    },
    measure: async (workbench, peer) => [
      await workbench.measure(peer, name, "renewal", {
        kind: "keep-alive",
        endpoints: await peer.endpoints(),
        connections,
        streamsPerConnection,
        leaseIdFirst,
        leases: variant.leases(workbench.scale),
        inFlightPerStream: renewalsInFlight,
        bound: workbench.bound,
      }),
    ],
  };
}
