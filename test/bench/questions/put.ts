import type { ClosedLoad } from "../load/load-spec.ts";
import type { Peer } from "../peer.ts";
import type { Question, Workbench } from "../question.ts";

/** Bytes of every value in all questions. */
export const valueBytes = 256;

/** Callers that share a connection; etcd's own benchmark uses ten, too. */
export const callersPerConnection = 10;

/** Put under `keys` keys by so many callers. */
export function putQuestion(callers: number): Question {
  return {
    name: `put-${callers}`,
    title: `Put of ${valueBytes} B by ${callers} callers`,
    members: [1, 3],
    measure: async (workbench, peer) => {
      const spec = await putLoad(workbench, peer, callers);
      const row = `put-${callers}`;
      const own = await workbench.measure(peer, row, "put", spec);
      if (callers !== 100) return [own];
      const other = await workbench.measureWithH2load(peer, row, "put", spec);
      return other === undefined ? [own] : [own, other];
    },
  };
}

/** The load of {@link putQuestion}. */
export async function putLoad(
  { scale, bound }: Workbench,
  peer: Peer,
  callers: number,
): Promise<ClosedLoad> {
  return {
    kind: "closed",
    endpoints: await peer.endpoints(),
    connections: Math.ceil(callers / callersPerConnection),
    callers,
    operation: { kind: "put", keyPrefix: "put/", keyCount: scale.keys, valueBytes },
    bound,
  };
}
