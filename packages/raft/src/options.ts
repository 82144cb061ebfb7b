import type { MemberId } from "./entry.ts";
import { RaftOptionsError } from "./errors.ts";

/** The only randomness of a node: spreads election timeouts and tells its lives apart. */
export interface RaftRandom {
  /** Uniform in `[0, bound)`; `bound` is an integer in `[1, 2^32]`. */
  nextInt(bound: number): number;
}

/** Options of one {@link RaftNode}. */
export interface RaftOptions {
  /** This member. */
  readonly id: MemberId;
  readonly random: RaftRandom;
  /**
   * Shortest silence, in ticks, after which a follower campaigns; each wait is drawn from
   * `[electionTimeoutTicks, 2 * electionTimeoutTicks)`. More than `heartbeatTicks`, at most 10,000.
   *
   * @default 10
   */
  readonly electionTimeoutTicks?: number;
  /**
   * Ticks between heartbeats of a leader; at least 1.
   *
   * @default 1
   */
  readonly heartbeatTicks?: number;
  /**
   * Asks for promises of votes before the term moves, so that a member that cannot win does not
   * disturb (thesis §9.6).
   *
   * @default true
   */
  readonly preVote?: boolean;
  /**
   * A leader that does not hear a quorum for an election timeout steps down, and followers that
   * hear a leader ignore candidates (thesis §6.2, §4.2.3).
   *
   * @default true
   */
  readonly checkQuorum?: boolean;
  /**
   * Followers learn what is committed from the next append or heartbeat, not from a message of its
   * own: that message costs a leader under load as much as the append. The caller bounds the wait
   * by `tellCommit` while there is a `heldCommit`. Who waits for an entry, or reads, is told at
   * once.
   *
   * @default false
   */
  readonly holdCommits?: boolean;
  /**
   * Most bytes of entries in one append message; one entry always fits. At least 1.
   *
   * @default 1 MiB
   */
  readonly maxAppendBytes?: number;
  /**
   * Most append messages on the way to one follower; in `[1, 65536]`.
   *
   * @default 256
   */
  readonly maxInflightAppends?: number;
  /**
   * Bytes on the way to one follower after which no more are sent; at least `maxAppendBytes`.
   *
   * @default 64 MiB
   */
  readonly maxInflightBytes?: number;
  /**
   * Bytes of entries appended and not yet both committed and on the leader's own disk, above which
   * a leader drops proposals. One proposal is always accepted when there are none. At least 1.
   *
   * @default 256 MiB
   */
  readonly maxUncommittedBytes?: number;
  /**
   * Most bytes of `committedEntries` in one Ready; one entry always fits. At least 1.
   *
   * @default 8 MiB
   */
  readonly maxCommittedBytes?: number;
  /**
   * Most read requests that wait for their index on this node; further ones are dropped. At least
   * 1.
   *
   * @default 65536
   */
  readonly maxPendingReads?: number;
  /**
   * Start without taking part in elections, neither as voter nor as candidate, until
   * `endProbation()`: for a member that was there before, while others may know of promises that
   * its disk has lost (B16).
   *
   * @default false
   */
  readonly isOnProbation?: boolean;
}

/** {@link RaftOptions} with every default filled in. */
export type ResolvedRaftOptions = Readonly<Required<RaftOptions>>;

/** What an omitted option means. */
export const defaultRaftOptions: Omit<ResolvedRaftOptions, "id" | "random"> = {
  electionTimeoutTicks: 10,
  heartbeatTicks: 1,
  preVote: true,
  checkQuorum: true,
  holdCommits: false,
  isOnProbation: false,
  maxAppendBytes: 1024 * 1024,
  maxInflightAppends: 256,
  maxInflightBytes: 64 * 1024 * 1024,
  maxUncommittedBytes: 256 * 1024 * 1024,
  maxCommittedBytes: 8 * 1024 * 1024,
  maxPendingReads: 65_536,
};

/**
 * Fills in defaults and checks every bound.
 *
 * @throws {@link RaftOptionsError} with all problems at once.
 */
export function resolveRaftOptions(options: RaftOptions): ResolvedRaftOptions {
  const resolved = { ...defaultRaftOptions, ...options };
  const problems: string[] = [];
  const inRange = (name: BoundedOption, first: number, last: number): void => {
    const value = resolved[name];
    if (Number.isSafeInteger(value) && value >= first && value <= last) return;
    problems.push(`${name} is ${value}, expected an integer in [${first}, ${last}]`);
  };
  if (resolved.id <= 0n || resolved.id >= 1n << 64n) {
    problems.push(`id is ${resolved.id}, expected an unsigned 64-bit integer above 0`);
  }
  inRange("heartbeatTicks", 1, 10_000);
  inRange("electionTimeoutTicks", 2, 10_000);
  if (resolved.electionTimeoutTicks <= resolved.heartbeatTicks) {
    problems.push(
      `electionTimeoutTicks is ${resolved.electionTimeoutTicks}, ` +
        `expected more than heartbeatTicks (${resolved.heartbeatTicks})`,
    );
  }
  inRange("maxAppendBytes", 1, maxBytes);
  inRange("maxInflightAppends", 1, 65_536);
  inRange("maxInflightBytes", 1, maxBytes);
  if (resolved.maxInflightBytes < resolved.maxAppendBytes) {
    problems.push(
      `maxInflightBytes is ${resolved.maxInflightBytes}, ` +
        `expected at least maxAppendBytes (${resolved.maxAppendBytes})`,
    );
  }
  inRange("maxUncommittedBytes", 1, maxBytes);
  inRange("maxCommittedBytes", 1, maxBytes);
  inRange("maxPendingReads", 1, 2 ** 32);
  if (problems.length > 0) throw new RaftOptionsError(problems);
  return resolved;
}

const maxBytes = 2 ** 50;

type BoundedOption =
  | "electionTimeoutTicks"
  | "heartbeatTicks"
  | "maxAppendBytes"
  | "maxInflightAppends"
  | "maxInflightBytes"
  | "maxUncommittedBytes"
  | "maxCommittedBytes"
  | "maxPendingReads";
