import type { SnapshotMark } from "./configuration.ts";
import type { Entry, HardState, LogIndex, MemberId } from "./entry.ts";
import type { Message } from "./message.ts";

/** The role a node plays in its term. */
export type Role = "follower" | "pre-candidate" | "candidate" | "leader";

/** State that need not be durable. */
export interface SoftState {
  readonly role: Role;
  readonly leader: MemberId | undefined;
}

/** A read request whose index a quorum has confirmed (P2). */
export interface ReadState {
  readonly requestId: number;
  readonly index: LogIndex;
}

/**
 * What the caller of a node must do next, taken by `ready()`.
 *
 * Several may be under way: `ready()` may be called again before the disk has finished with an
 * earlier one. The caller
 * 1. sends `messages` at once, in order;
 * 2. writes `snapshot`, then `entries` and `hardState` to its log, in the order of the Readys, and
 *    when they are durable calls `persisted(ready)` once, for every Ready and in their order, and
 *    sends `messagesAfterPersist`;
 * 3. applies `committedEntries` in order and calls `applied(index)`.
 *
 * With a `snapshot`, `persisted(ready)` says that the log knows of it and that its state is where a
 * restart finds it. From then on the applied index is the snapshot's; entries handed out later are
 * applied after the state is installed.
 */
export interface Ready {
  /** Undefined when unchanged. */
  readonly softState: SoftState | undefined;
  /** Undefined when unchanged. */
  readonly hardState: HardState | undefined;
  /** A snapshot that replaces the log and the state, received from the leader. */
  readonly snapshot: SnapshotMark | undefined;
  /** Entries to append; an index at or below the last one written replaces it and what follows. */
  readonly entries: readonly Entry[];
  /**
   * False when nothing here needs to reach the disk before the next Ready: only the commit hint
   * moved, or nothing at all. The write may then go without a sync of its own, and `persisted` may
   * follow as soon as all Readys before this one are durable.
   */
  readonly isSyncRequired: boolean;
  /** Promise nothing that is not yet durable: appends, heartbeats, read answers. */
  readonly messages: readonly Message[];
  /** Leave only when this Ready and all before it are durable: votes, append answers. */
  readonly messagesAfterPersist: readonly Message[];
  /** Committed and durable here; in order, each exactly once. */
  readonly committedEntries: readonly Entry[];
  readonly readStates: readonly ReadState[];
  /**
   * Read requests that cannot be answered in this term any more: the caller asks again or fails.
   */
  readonly abandonedReads: readonly number[];
}
