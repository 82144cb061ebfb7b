/** Makes the queues of a member with their bounds and instruments. */
import type { Clock, Random, Timers } from "@quorate/platform";
import { RaftNode } from "@quorate/raft";
import { firstSequence, type RequestOutcome } from "@quorate/state-machine";
import { Lessor } from "./lessor.ts";
import type { MemberMeter } from "./member-meter.ts";
import { defaultMemberLimits, type MemberTiming } from "./member-timing.ts";
import { Membership, type MembershipParts } from "./membership.ts";
import { encodeExpiry, type MemberProposal } from "./outcome.ts";
import { mayHaveForgotten } from "./promise-exchange.ts";
import { ProposalQueue } from "./proposal-queue.ts";
import { ReadQueue } from "./read-queue.ts";
import type { OpenedStorage } from "./storage.ts";

const readRetryMillis = 500;

/** Consensus as the log left it; one tick is one heartbeat. */
export function createRaft(
  { electionTicks, isPreVote, limits = defaultMemberLimits }: MemberTiming,
  storage: Pick<OpenedStorage, "memberId" | "raftState">,
  random: Random,
): RaftNode {
  const { memberId, raftState } = storage;
  return new RaftNode(
    {
      ...{ id: memberId, random, preVote: isPreVote, holdCommits: true },
      ...{ electionTimeoutTicks: electionTicks, heartbeatTicks: 1 },
      isOnProbation: mayHaveForgotten(storage),
      maxAppendBytes: limits.appendBytesMax,
      maxInflightAppends: limits.inflightAppendsMax,
      maxCommittedBytes: limits.committedBytesMax,
      maxUncommittedBytes: limits.uncommittedBytesMax,
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
  const { limits = defaultMemberLimits } = timing;
  return new ProposalQueue({
    memberId,
    firstSequence: firstSequence(random.nextBigUint64()),
    timeoutMillis: timing.requestTimeoutMillis,
    requestsMax: limits.proposalsMax,
    bytesMax: limits.proposalBytesMax,
    // There is no fixed batch size, only upper bounds.
    batchBytesMax: limits.batchBytesMax,
    batchRequestsMax: limits.batchRequestsMax,
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
    waitingMax: (timing.limits ?? defaultMemberLimits).readsMax,
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

/** Changes of the members. */
export function createMembership(
  timing: MemberTiming,
  { memberId }: Pick<OpenedStorage, "memberId">,
  random: Random,
  parts: MembershipParts,
): Membership {
  const options = {
    memberId,
    firstSequence: firstSequence(random.nextBigUint64()),
    timeoutMillis: timing.requestTimeoutMillis,
    isStrict: timing.isStrictReconfigCheck ?? true,
    learnersMax: timing.learnersMax ?? 1,
  };
  return new Membership(options, parts);
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
