/** Makes the queues of a member with their bounds and instruments. */
import type { Clock, Random, Timers } from "@quorate/platform";
import { RaftNode } from "@quorate/raft";
import { firstSequence, type RequestOutcome } from "@quorate/state-machine";
import { Lessor } from "./lessor.ts";
import type { MemberMeter } from "./member-meter.ts";
import type { MemberTiming } from "./member-timing.ts";
import { encodeExpiry, type MemberProposal } from "./outcome.ts";
import { ProposalQueue } from "./proposal-queue.ts";
import { ReadQueue } from "./read-queue.ts";
import type { OpenedStorage } from "./storage.ts";

/** Bounds of one log entry; there is no fixed batch size, only upper bounds. */
export const batchBounds: { readonly batchBytesMax: number; readonly batchRequestsMax: number } = {
  batchBytesMax: 1024 * 1024,
  batchRequestsMax: 10_000,
};

/** Most requests and bytes without an outcome before more are refused (V3). */
const proposalBounds = { requestsMax: 200_000, bytesMax: 512 * 1024 * 1024 };
/** Bytes that the store may hold in memory before applying waits for its disk. */
export const stagedBytesMax: number = 256 * 1024 * 1024;

const readsMax = 200_000;
const readRetryMillis = 500;

/** Consensus as the log left it; one tick is one heartbeat. */
export function createRaft(
  { electionTicks, isPreVote }: MemberTiming,
  { memberId, raftState }: Pick<OpenedStorage, "memberId" | "raftState">,
  random: Random,
): RaftNode {
  return new RaftNode(
    {
      ...{ id: memberId, random, preVote: isPreVote, holdCommits: true },
      ...{ electionTimeoutTicks: electionTicks, heartbeatTicks: 1 },
    },
    raftState,
  );
}

/** The queue of requests on their way through the log. */
export function createProposalQueue(
  memberId: bigint,
  timing: MemberTiming,
  random: Random,
  meter: MemberMeter,
): ProposalQueue<MemberProposal, RequestOutcome> {
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

/** The leader's half of leasing. */
export function createLessor(
  { electionTicks, tickMillis, requestTimeoutMillis }: MemberTiming,
  member: {
    readonly state: { readonly leases: ConstructorParameters<typeof Lessor>[1]["leases"] };
    propose(proposal: MemberProposal): void;
  },
  surroundings: { readonly clock: Clock; readonly timers: Timers; readonly meter: MemberMeter },
): Lessor {
  const { clock, timers, meter } = surroundings;
  return new Lessor(
    {
      promotionExtensionMillis: electionTicks * tickMillis,
      expiryRetryMillis: requestTimeoutMillis,
      scanMillis: 100,
    },
    {
      leases: member.state.leases,
      proposeExpiry: (ids, term) => member.propose(encodeExpiry(ids, term)),
    },
    {
      clock,
      timers,
      onExpired: (count) => meter.leasesExpired.add(count),
      onRenewed: (count) => meter.leasesRenewed.add(count),
    },
  );
}
