import {
  encodeLeaseExpireRequest,
  type DecodedRequest,
  type RequestOutcome,
} from "@quorate/state-machine";
import {
  notQueued,
  type Proposal,
  type ProposalBatch,
  type ProposalFailure,
} from "./proposal-queue.ts";

/** A request on its way through the log of this project's state machine. */
export type MemberProposal = DecodedRequest & Proposal<RequestOutcome>;

/** A batch of them. */
export type MemberBatch = ProposalBatch<MemberProposal>;

/** Hears how a request ended: exactly one of the two is given. */
export type SettleListener = (
  outcome: RequestOutcome | undefined,
  failure: ProposalFailure | undefined,
) => void;

/**
 * Makes a proposal whose end is told to a function. Kinds that come in masses have classes of their
 * own, see `services/`.
 *
 * @param bytes - What `request` was decoded from, or is encoded to.
 */
export function toProposal(
  request: DecodedRequest,
  bytes: Uint8Array,
  listener: SettleListener,
): MemberProposal {
  return {
    ...request,
    authRevision: 0,
    bytes,
    sequence: notQueued,
    settle: (outcome) => {
      listener(outcome, undefined);
    },
    fail: (failure) => {
      listener(undefined, failure);
    },
  };
}

/** The leader's proposal to end leases; nobody waits for it, the schedule asks again. */
export function encodeExpiry(ids: readonly bigint[], term: number): MemberProposal {
  const message = { term, ids };
  const bytes = encodeLeaseExpireRequest(message);
  return toProposal({ kind: "lease-expire", message }, bytes, () => undefined);
}
