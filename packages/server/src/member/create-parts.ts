/** Makes the queues of a member with their bounds and instruments. */
import type { Random } from "@quorate/platform";
import { firstSequence, type DecodedRequest } from "@quorate/state-machine";
import type { MemberMeter } from "./member-meter.ts";
import type { MemberTiming } from "./member-timing.ts";
import type { ProposedOutcome } from "./outcome.ts";
import { ProposalQueue } from "./proposal-queue.ts";
import { ReadQueue } from "./read-queue.ts";

/** Bounds of one log entry; there is no fixed batch size, only upper bounds. */
export const batchBounds: { readonly batchBytesMax: number; readonly batchRequestsMax: number } = {
  batchBytesMax: 1024 * 1024,
  batchRequestsMax: 10_000,
};

/** Most requests and bytes without an outcome before more are refused (V3). */
const proposalBounds = { requestsMax: 200_000, bytesMax: 512 * 1024 * 1024 };
const readsMax = 200_000;
const readRetryMillis = 500;

/** The queue of requests on their way through the log. */
export function createProposalQueue(
  memberId: bigint,
  timing: MemberTiming,
  random: Random,
  meter: MemberMeter,
): ProposalQueue<DecodedRequest, ProposedOutcome> {
  return new ProposalQueue({
    memberId,
    firstSequence: firstSequence(random.nextBigUint64()),
    timeoutMillis: timing.requestTimeoutMillis,
    ...proposalBounds,
    ...batchBounds,
    onBatch: (requests) => {
      meter.batchRequests.observe(requests);
    },
    onFailure: (reason, count) => {
      if (reason === "too-many-requests") meter.proposalsShed.add(count);
      else meter.proposalsFailed.add(count);
    },
  });
}

/** The queue of reads that wait for a quorum's word. */
export function createReadQueue(timing: MemberTiming, meter: MemberMeter): ReadQueue {
  return new ReadQueue({
    timeoutMillis: timing.requestTimeoutMillis,
    retryMillis: readRetryMillis,
    waitingMax: readsMax,
    onRound: () => {
      meter.readRounds.add();
    },
    onFailure: (_failure, count) => {
      meter.readsFailed.add(count);
    },
    onSlow: () => {
      meter.slowReads.add();
    },
  });
}
