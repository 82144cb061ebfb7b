/** A Raft term: a non-negative safe integer, 0 before the first election. */
export type Term = number & { readonly __brand: "raft.Term" };

/**
 * The position of an entry in the log: a non-negative safe integer; the first entry has index 1.
 */
export type LogIndex = number & { readonly __brand: "raft.LogIndex" };

/** A member's 64-bit id; never 0n. */
export type MemberId = bigint & { readonly __brand: "raft.MemberId" };

/** Checks and brands a term. */
export function toTerm(value: number): Term {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`Invalid term: ${value}`);
  return value as Term;
}

/** Checks and brands a log index. */
export function toLogIndex(value: number): LogIndex {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`Invalid index: ${value}`);
  return value as LogIndex;
}

/** Checks and brands a member id. */
export function toMemberId(value: bigint): MemberId {
  if (value <= 0n || value >= 1n << 64n) throw new RangeError(`Invalid member id: ${value}`);
  return value as MemberId;
}

/**
 * One entry of the log.
 *
 * - `normal`: `data` belongs to the state machine; empty for the entry that a new leader appends.
 * - `configuration`: `data` is an encoded `ConfigurationEntry`; in force as soon as it is appended
 *   (thesis §4.1).
 */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  /** Owned by the log from the moment it is proposed: never written to again. */
  readonly data: Uint8Array;
}

/** See {@link Entry}. */
export type EntryKind = "normal" | "configuration";

/** What an entry counts in every byte bound: its data and what it costs beside it. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + 24;
}

/** What must be durable before any message that depends on it leaves (thesis figure 3.1). */
export interface HardState {
  readonly term: Term;
  /** The candidate voted for in `term`; undefined for none. */
  readonly votedFor: MemberId | undefined;
  /** Highest index known committed; a hint that may lag, never exceeds the log. */
  readonly commit: LogIndex;
}
