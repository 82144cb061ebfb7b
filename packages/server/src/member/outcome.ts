import type { DecodedRequest, RequestOutcome } from "@quorate/state-machine";
import { encodeLeaseExpireRequest } from "@quorate/state-machine";
import type { Proposal } from "./proposal-queue.ts";

/** What applying a request gave. */
export type ProposedOutcome = RequestOutcome["outcome"];

/** A request on its way through the log of this project's state machine. */
export type MemberProposal = Proposal<DecodedRequest, ProposedOutcome>;

/** The leader's proposal to end leases; nobody waits for it, the schedule asks again. */
export function encodeExpiry(ids: readonly bigint[], term: number): MemberProposal {
  return {
    kind: "lease-expire",
    bytes: encodeLeaseExpireRequest({ term, ids }),
    decoded: { kind: "lease-expire", message: { term, ids } },
    settle: () => undefined,
  };
}
