import { scaleRepetitionsMax, type Question, type QuestionGroup, type Scale } from "../question.ts";
import { valueBytes } from "./put.ts";

/** What differs between the questions of {@link watchQuestion}. */
export interface WatchVariant {
  readonly name: string;
  readonly group: QuestionGroup;
  readonly watchers: (scale: Scale) => number;
  /** How many Puts the writer may be ahead of the watchers. */
  readonly putsInFlight: number;
}

const connections = 100;

/** One writer, and many watchers of its key, dealt out to the streams of a hundred clients. */
export function watchQuestion(variant: WatchVariant): Question {
  const { name, group, putsInFlight } = variant;
  return {
    name,
    title: `One writer, ${putsInFlight} Puts ahead at most; watchers of its key on 100 streams`,
    group,
    members: [1],
    ...(group === "scale" ? { repetitionsMax: scaleRepetitionsMax } : {}),
    measure: async (workbench, peer) => [
      await workbench.measure(peer, name, "event", {
        kind: "watch",
        endpoints: await peer.endpoints(),
        connections,
        streamsPerConnection: 1,
        watchers: variant.watchers(workbench.scale),
        putsInFlight,
        valueBytes,
        bound: workbench.bound,
      }),
    ],
  };
}
