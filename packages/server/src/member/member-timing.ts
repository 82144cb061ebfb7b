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
}
