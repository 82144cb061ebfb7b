import type { Configuration } from "./configuration.ts";
import { toLogIndex, type LogIndex, type MemberId, type Term } from "./entry.ts";
import type { Leadership } from "./leadership.ts";
import type { RaftLog } from "./log.ts";
import type { ProgressState } from "./progress.ts";
import type { Role } from "./ready.ts";

/** A copy of what a node knows, for metrics, consoles and tests. */
export interface RaftStatus {
  readonly id: MemberId;
  readonly term: Term;
  readonly role: Role;
  readonly leader: MemberId | undefined;
  readonly votedFor: MemberId | undefined;
  readonly configuration: Configuration;
  /** Index from which the configuration is in force. */
  readonly configurationIndex: LogIndex;
  /** The configuration in force is committed. */
  readonly isConfigurationCommitted: boolean;
  readonly log: LogStatus;
  /** A snapshot was received and is not yet installed. */
  readonly isInstallingSnapshot: boolean;
  /** Read requests not yet confirmed: own ones, and on a leader its followers'. */
  readonly pendingReads: number;
  /** Undefined unless leader. */
  readonly leadership: LeaderStatus | undefined;
}

/** The boundaries of a log: `compacted <= applied <= commit <= last`, `persisted <= last`. */
export interface LogStatus {
  readonly compactedIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly commitIndex: LogIndex;
  readonly persistedIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Bytes of all entries in memory. */
  readonly bytes: number;
  /** Bytes of entries not known committed. */
  readonly uncommittedBytes: number;
}

/** What only a leader knows. */
export interface LeaderStatus {
  /** An entry of this term is committed: changes and reads are possible. */
  readonly isCommitCurrent: boolean;
  readonly transferTarget: MemberId | undefined;
  /** Every follower, ascending by id. */
  readonly followers: readonly FollowerStatus[];
}

/** One follower in the eyes of the leader. */
export interface FollowerStatus {
  readonly id: MemberId;
  readonly state: ProgressState;
  /** Highest index known durable there. */
  readonly matchIndex: LogIndex;
  readonly nextIndex: LogIndex;
  /** Has answered since the last quorum check. */
  readonly isRecentlyActive: boolean;
  readonly isLearner: boolean;
  /** Removed, and told about it for a little longer. */
  readonly isDeparting: boolean;
  /**
   * Has denied an index that it had acknowledged: its disk went back in time, unless an old answer
   * came late. While that stays so, the member must not be counted on (B16).
   */
  readonly hasRegressed: boolean;
  /** Append messages on the way. */
  readonly inflightAppends: number;
  /** Index of the snapshot on the way: keep the log after it until it has arrived (B14). */
  readonly pendingSnapshot: LogIndex | undefined;
}

/**
 * Copies the boundaries of a log.
 *
 * @internal
 */
export function describeLog(log: RaftLog): LogStatus {
  return {
    compactedIndex: log.compactedIndex,
    appliedIndex: log.appliedIndex,
    commitIndex: log.commitIndex,
    persistedIndex: log.persistedIndex,
    lastIndex: log.lastIndex,
    lastTerm: log.lastTerm,
    bytes: log.bytes,
    uncommittedBytes: log.uncommittedBytes,
  };
}

/**
 * Copies what a leader knows; undefined when there is none.
 *
 * @internal
 */
export function describeLeadership(
  leadership: Leadership | undefined,
  configuration: Configuration,
): LeaderStatus | undefined {
  if (leadership === undefined) return undefined;
  const followers = [...leadership.replication.followers].map(([id, progress]): FollowerStatus => {
    const isSnapshot = progress.state === "snapshot";
    return {
      id,
      state: progress.state,
      matchIndex: toLogIndex(progress.match),
      nextIndex: toLogIndex(progress.next),
      isRecentlyActive: progress.isRecentlyActive,
      isLearner: configuration.learners.includes(id),
      isDeparting: progress.departingTicks !== undefined,
      hasRegressed: progress.hasRegressed,
      inflightAppends: progress.inflights.count,
      pendingSnapshot: isSnapshot ? toLogIndex(progress.pendingSnapshot) : undefined,
    };
  });
  return {
    isCommitCurrent: leadership.isCommitCurrent,
    transferTarget: leadership.transferTarget,
    followers: followers.sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}
