import type { SnapshotMark } from "./configuration.ts";
import type { Entry, LogIndex, MemberId, Term } from "./entry.ts";

/** Fields of every message between members. */
export interface MessageHead {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly term: Term;
}

/** A message between two members, discriminated by `kind`. */
export type Message =
  | AppendMessage
  | AppendResponseMessage
  | CommitMessage
  | HeartbeatMessage
  | HeartbeatResponseMessage
  | VoteMessage
  | VoteResponseMessage
  | SnapshotMessage
  | TimeoutNowMessage
  | ReadIndexMessage
  | ReadIndexResponseMessage;

/** Leader to follower: entries that follow `previousIndex` (thesis §3.5). */
export interface AppendMessage extends MessageHead {
  readonly kind: "append";
  readonly previousIndex: LogIndex;
  readonly previousTerm: Term;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
}

/** Follower to leader. Sent only after everything it promises is durable (P4, D8). */
export interface AppendResponseMessage extends MessageHead {
  readonly kind: "append-response";
  /** Accepted: the last index that matches. Rejected: the `previousIndex` that did not match. */
  readonly index: LogIndex;
  readonly isRejected: boolean;
  /** On rejection: where the follower's log may agree, so that the leader skips whole terms. */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
}

/** Leader to follower: what it was sent is committed through `commit`. Not answered. */
export interface CommitMessage extends MessageHead {
  readonly kind: "commit";
  readonly commit: LogIndex;
  /**
   * Term of the entry at `commit`: a log that has this very entry has all the ones before it, too
   * (log matching, thesis §3.5).
   */
  readonly commitTerm: Term;
}

/** Leader to all: keeps the lease of leadership and carries a read round (thesis §6.4). */
export interface HeartbeatMessage extends MessageHead {
  readonly kind: "heartbeat";
  readonly commit: LogIndex;
  /**
   * The newest read round that waits for a quorum; 0 for none. Never reused by a leader's term
   * (C4).
   */
  readonly readRound: number;
}

/** Follower to leader: echoes the read round. */
export interface HeartbeatResponseMessage extends MessageHead {
  readonly kind: "heartbeat-response";
  readonly readRound: number;
}

/** Candidate to voters; with `isPreVote` nothing is promised and no term moves (thesis §9.6). */
export interface VoteMessage extends MessageHead {
  readonly kind: "vote";
  readonly isPreVote: boolean;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /**
   * Set when the leader asked for the election: voters then ignore their leader lease (thesis
   * §3.10).
   */
  readonly isLeaderTransfer: boolean;
}

/** Voter to candidate. */
export interface VoteResponseMessage extends MessageHead {
  readonly kind: "vote-response";
  readonly isPreVote: boolean;
  readonly isRejected: boolean;
}

/** Leader to a follower whose next entry is compacted away; the state is streamed beside it. */
export interface SnapshotMessage extends MessageHead {
  readonly kind: "snapshot";
  readonly snapshot: SnapshotMark;
}

/** Leader to the target of a transfer: start an election now (thesis §3.10). */
export interface TimeoutNowMessage extends MessageHead {
  readonly kind: "timeout-now";
}

/** Follower to leader: asks for a read index on behalf of its own clients. */
export interface ReadIndexMessage extends MessageHead {
  readonly kind: "read-index";
  /** Chosen by the follower, unique in its process. */
  readonly requestId: number;
}

/** Leader to follower: reads may be served once `index` is applied. */
export interface ReadIndexResponseMessage extends MessageHead {
  readonly kind: "read-index-response";
  readonly requestId: number;
  readonly index: LogIndex;
}
