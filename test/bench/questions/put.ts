import type { ClosedLoad } from "../load/load-spec.ts";
import type { Peer } from "../peer.ts";
import type { Question, Workbench } from "../question.ts";

/** Bytes of every value in all questions. */
export const valueBytes = 256;

/** How many callers there are, and how they share connections. */
export interface Callers {
  readonly connections: number;
  /** Calls of a connection that are on their way at one time. */
  readonly callsPerConnection: number;
}

/** Put by so many callers. */
export function putQuestion(name: string, members: readonly number[], callers: Callers): Question {
  const { connections, callsPerConnection } = callers;
  return {
    name,
    title: `Put of ${valueBytes} B, ${connections} connections x ${callsPerConnection} callers`,
    group: "table",
    members,
    measure: async (workbench, peer) =>
      await workbench.measureWithBoth(peer, name, "put", await putLoad(workbench, peer, callers)),
  };
}

/** The load of {@link putQuestion}. */
export async function putLoad(
  { scale, bound }: Workbench,
  peer: Peer,
  { connections, callsPerConnection }: Callers,
): Promise<ClosedLoad> {
  return {
    kind: "closed",
    endpoints: await peer.endpoints(),
    connections,
    callers: connections * callsPerConnection,
    operation: { kind: "put", keyPrefix: "put/", keyCount: scale.keys, valueBytes },
    bound,
  };
}
