/** Times and counts that steer a member. */
export interface MemberTiming {
  /** One tick of consensus is one heartbeat. */
  readonly tickMillis: number;
  /** Ticks without a leader before an election. */
  readonly electionTicks: number;
  readonly isPreVote: boolean;
  /** Whether the first election does not wait for a whole time-out. */
  readonly isElectionHastened: boolean;
  /** A request without an outcome fails after this: 5 s and two election timeouts, as etcd's. */
  readonly requestTimeoutMillis: number;
  /** Applied entries after which the log is cut. */
  readonly snapshotCount: number;
  /** Entries kept behind the cut for followers that are a little behind. */
  readonly catchupEntries: number;
  /** Bytes of log in memory after which it is cut whatever the number of entries. */
  readonly logBytesMax: number;
  readonly warningApplyMillis: number;
  /** Whether a change of members must leave a quorum of started, connected voters. @default true */
  readonly isStrictReconfigCheck?: boolean;
  /** Most learners at a time. @default 1 */
  readonly learnersMax?: number;
  /** @default defaultMemberLimits */
  readonly limits?: MemberLimits;
}

/** Bounds of queues and slices; simulators make them tiny to reach the paths beyond them. */
export interface MemberLimits {
  /** Bytes of one batch of requests in the log. */
  readonly batchBytesMax: number;
  /** Requests of one batch. */
  readonly batchRequestsMax: number;
  /** Requests without an outcome before more are refused (V3). */
  readonly proposalsMax: number;
  /** Bytes of {@link MemberLimits.proposalsMax}. */
  readonly proposalBytesMax: number;
  /** Reads that wait for a quorum's word before more are refused. */
  readonly readsMax: number;
  /** Bytes that the store may hold in memory before applying waits for its disk. */
  readonly stagedBytesMax: number;
  /** Longest time of applying in one turn; with 0 each turn applies one entry. */
  readonly applySliceMillis: number;
  /** Bytes of entries in one append message. */
  readonly appendBytesMax: number;
  /** Append messages on the way to one follower. */
  readonly inflightAppendsMax: number;
  /** Bytes of committed entries that are handed out at once. */
  readonly committedBytesMax: number;
  /** Bytes of uncommitted entries after which a leader takes no more. */
  readonly uncommittedBytesMax: number;
}

/** What a member works with. */
export const defaultMemberLimits: MemberLimits = {
  batchBytesMax: 1024 * 1024,
  batchRequestsMax: 10_000,
  proposalsMax: 200_000,
  proposalBytesMax: 512 * 1024 * 1024,
  readsMax: 200_000,
  stagedBytesMax: 256 * 1024 * 1024,
  applySliceMillis: 10,
  appendBytesMax: 1024 * 1024,
  inflightAppendsMax: 256,
  committedBytesMax: 8 * 1024 * 1024,
  uncommittedBytesMax: 256 * 1024 * 1024,
};
