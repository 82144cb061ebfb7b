/**
 * The replicated log of one node, in memory from its compacted mark on.
 *
 * ```
 *   compacted <= applied <= applying <= min(commit, persisted)
 *   commit <= last      persisted <= handed out <= last
 *
 *     1 .. 40 | 41 42 43 44 | 45 46 | 47 48 | 49
 *   compacted   applied       ^       ^       ^ appended, not yet handed out to be written
 *                  committed, here    written, the disk is still at it
 * ```
 *
 * An entry is given to the state machine only when it is committed *and* durable here, so that
 * nothing ever shows what a crash of this member could take back (P3, P4; etcd#14370).
 */
import { assert } from "./assert.ts";
import { decodeConfigurationEntry } from "./codec-records.ts";
import { isLoneGrowth } from "./configuration-change.ts";
import type { Configuration, SnapshotMark } from "./configuration.ts";
import { ConfigurationHistory } from "./configuration-history.ts";
import {
  toLogIndex,
  toTerm,
  type Entry,
  type LogIndex,
  type MemberId,
  type Term,
} from "./entry.ts";
import { EntryWindow } from "./entry-window.ts";
import { WriteTracker, type LogWrite } from "./write-tracker.ts";

/** What an append message did to the log. */
export type AppendOutcome =
  | { readonly kind: "appended"; readonly lastIndex: LogIndex }
  /** The log has no entry with the previous index and term. */
  | { readonly kind: "mismatch" };

/** A position in the log. Term 0 beside an index above 0 means that the term is not known. */
export interface LogPosition {
  readonly index: LogIndex;
  readonly term: Term;
}

/** The log of one node: entries, configurations, and how far each boundary has moved. */
export class RaftLog {
  readonly #window: EntryWindow;
  readonly #history: ConfigurationHistory;
  readonly #writes: WriteTracker;
  /** A snapshot that is not yet durable and installed; nothing is applied meanwhile. */
  #installing: SnapshotMark | undefined;
  #isSnapshotHandedOut = true;
  #commitIndex: LogIndex;
  #applyingIndex: number;
  #appliedIndex: LogIndex;

  /** `entries` follow `compacted` without a hole and are durable, `applied <= commit <= last`. */
  constructor(
    compacted: SnapshotMark,
    entries: readonly Entry[],
    boundaries: { readonly commit: LogIndex; readonly applied: LogIndex },
  ) {
    this.#window = new EntryWindow(compacted.index, compacted.term);
    this.#history = new ConfigurationHistory(compacted.index, compacted.configuration);
    this.#appendToWindow(entries);
    this.#writes = new WriteTracker(this.#window.lastIndex);
    assert(boundaries.commit >= compacted.index, "commit is below the compacted index");
    assert(boundaries.commit <= this.lastIndex, "commit is beyond the log");
    assert(boundaries.applied >= compacted.index, "applied is below the compacted index");
    assert(boundaries.applied <= boundaries.commit, "applied is beyond commit");
    this.#commitIndex = boundaries.commit;
    this.#applyingIndex = boundaries.applied;
    this.#appliedIndex = boundaries.applied;
  }

  /** Index of the newest entry. */
  get lastIndex(): LogIndex {
    return this.#window.lastIndex;
  }

  /** Term of the newest entry. */
  get lastTerm(): Term {
    const term = this.#window.termAt(this.lastIndex);
    assert(term !== undefined, "the last entry has a term");
    return term;
  }

  /** The newest index whose entry is no longer held. */
  get compactedIndex(): LogIndex {
    return this.#window.baseIndex;
  }

  /** Highest index known committed. */
  get commitIndex(): LogIndex {
    return this.#commitIndex;
  }

  /** Highest index the state machine has applied. */
  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  /** Highest index that is durable here. */
  get persistedIndex(): LogIndex {
    return toLogIndex(this.#writes.persistedIndex);
  }

  /** Bytes of the entries held. */
  get bytes(): number {
    return this.#window.bytes;
  }

  /** Bytes appended and not known committed. */
  get uncommittedBytes(): number {
    return this.#window.bytesBetween(this.#commitIndex, this.lastIndex);
  }

  /** Bytes appended and not both committed and durable here. */
  get unsettledBytes(): number {
    const settled = Math.min(this.#commitIndex, this.#writes.persistedIndex);
    return this.#window.bytesBetween(Math.max(settled, this.compactedIndex), this.lastIndex);
  }

  /** The configuration in force: that of the newest configuration entry (thesis §4.1). */
  get configuration(): Configuration {
    return this.#history.latest;
  }

  /** Index from which {@link configuration} is in force. */
  get configurationIndex(): number {
    return this.#history.latestIndex;
  }

  /** The configuration that comes back if the newest one is overwritten. */
  get previousConfiguration(): Configuration {
    return this.#history.previous;
  }

  /**
   * The newest entry, if it is one that `member` alone commits: the one by which a newcomer joins
   * it, the only voter. 0 when the newest configuration is not of this kind, or committed.
   *
   * The entry would need the disk of a member that often starts only when it hears that it was
   * added. Nothing is lost by not waiting: the only old voter is part of every quorum of the two,
   * so nobody is elected without its vote, and that goes to none whose log lacks the entry.
   */
  loneGrowthIndex(member: MemberId): number {
    const { latest, latestIndex, previous } = this.#history;
    if (latestIndex <= this.#commitIndex) return 0;
    return isLoneGrowth(previous, latest, member) ? latestIndex : 0;
  }

  /** A snapshot was received and is not yet durable. */
  get isInstalling(): boolean {
    return this.#installing !== undefined;
  }

  /** There is something to write. */
  get hasWrite(): boolean {
    return !this.#isSnapshotHandedOut || this.#writes.handedOutIndex < this.lastIndex;
  }

  /** There is something to apply. */
  get hasCommitted(): boolean {
    return this.#applyingIndex < this.#appliableIndex();
  }

  /** The term at `index`; undefined outside `[compacted, last]`. */
  termAt(index: number): Term | undefined {
    return this.#window.termAt(index);
  }

  /** Entries of `[firstIndex, lastIndex]` within `maxBytes`, at least one. */
  slice(firstIndex: number, lastIndex: number, maxBytes: number): readonly Entry[] {
    return this.#window.slice(firstIndex, lastIndex, maxBytes);
  }

  /** Bytes of the entries in `(afterIndex, throughIndex]`. */
  bytesBetween(afterIndex: number, throughIndex: number): number {
    return this.#window.bytesBetween(afterIndex, throughIndex);
  }

  /** Where a snapshot of the state at `index` stands; `index` in `[compacted, commit]`. */
  markAt(index: number): SnapshotMark {
    const term = this.termAt(index);
    assert(term !== undefined && index <= this.#commitIndex, "a mark stands on a committed entry");
    return { index: toLogIndex(index), term, configuration: this.#history.at(index) };
  }

  /** Whether a log that ends at (index, term) is at least as complete as this one (§3.6.1). */
  isUpToDate(lastIndex: number, lastTerm: number): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /** Appends entries of this node's own leadership. */
  append(entries: readonly Entry[]): void {
    this.#appendToWindow(entries);
  }

  /**
   * Takes over what a leader sent (thesis §3.5): entries already here are kept, the first one that
   * conflicts and everything after it are replaced, so that a late or repeated message cuts
   * nothing.
   *
   * @throws RaftAssertionError when a committed entry would be replaced (C15).
   */
  appendFromLeader(previous: LogPosition, entries: readonly Entry[]): AppendOutcome {
    if (this.termAt(previous.index) !== previous.term) return { kind: "mismatch" };
    const conflict = entries.findIndex((entry) => this.termAt(entry.index) !== entry.term);
    if (conflict >= 0) {
      const index = previous.index + 1 + conflict;
      assert(index > this.#commitIndex, `entry ${index} conflicts with a committed entry`);
      if (index <= this.lastIndex) this.#truncateFrom(index);
      this.#appendToWindow(entries.slice(conflict));
    }
    return { kind: "appended", lastIndex: toLogIndex(previous.index + entries.length) };
  }

  /**
   * The newest position at or below `index` whose term is at most `term`: the last place where two
   * logs can agree when one of them has `term` at `index`. O(entries skipped).
   */
  findAgreement(index: number, term: number): LogPosition {
    for (let at = Math.min(index, this.lastIndex); at > 0; at -= 1) {
      const here = this.termAt(at);
      if (here === undefined) return { index: toLogIndex(at), term: toTerm(0) };
      if (here <= term) return { index: toLogIndex(at), term: here };
    }
    return { index: toLogIndex(0), term: toTerm(0) };
  }

  /** Moves the commit index up to `index`; lower ones change nothing. */
  commitTo(index: number): boolean {
    if (index <= this.#commitIndex) return false;
    assert(index <= this.lastIndex, `commit ${index} is beyond the log: entries were lost`);
    this.#commitIndex = toLogIndex(index);
    return true;
  }

  /** Replaces everything by a snapshot, which is then to be written and installed. */
  restore(snapshot: SnapshotMark): void {
    assert(snapshot.index > this.#commitIndex, "a snapshot never takes committed entries back");
    this.#window.reset(snapshot.index, snapshot.term);
    this.#history.reset(snapshot.index, snapshot.configuration);
    this.#writes.reset(snapshot.index);
    this.#commitIndex = snapshot.index;
    this.#installing = snapshot;
    this.#isSnapshotHandedOut = false;
  }

  /** Hands out what is to be written next. */
  takeWrite(): {
    readonly write: LogWrite;
    readonly snapshot: SnapshotMark | undefined;
    readonly entries: readonly Entry[];
  } {
    const snapshot = this.#isSnapshotHandedOut ? undefined : this.#installing;
    this.#isSnapshotHandedOut = true;
    const first = this.#writes.handedOutIndex + 1;
    const entries = this.#window.slice(first, this.lastIndex, Infinity);
    return { write: this.#writes.handOut(snapshot, this.lastIndex), snapshot, entries };
  }

  /** A write is durable; with a snapshot, the state is installed as well. */
  completeWrite(write: LogWrite): void {
    this.#writes.complete(write);
    if (this.#installing === undefined || write.snapshot !== this.#installing) return;
    this.#appliedIndex = this.#installing.index;
    this.#applyingIndex = this.#installing.index;
    this.#installing = undefined;
  }

  /** Hands out what is to be applied next, each entry once. */
  takeCommitted(maxBytes: number): readonly Entry[] {
    const through = this.#appliableIndex();
    if (through <= this.#applyingIndex) return [];
    const entries = this.#window.slice(this.#applyingIndex + 1, through, maxBytes);
    this.#applyingIndex += entries.length;
    return entries;
  }

  /** The state machine has applied everything through `index`. */
  applied(index: number): void {
    if (index <= this.#appliedIndex || this.isInstalling) return;
    assert(index <= this.#applyingIndex, "applied more than was handed out");
    this.#appliedIndex = toLogIndex(index);
  }

  /** Forgets the entries through `index`, which are applied; lower ones change nothing. */
  compact(index: number): void {
    if (index <= this.compactedIndex) return;
    assert(index <= this.#appliedIndex, "only applied entries are compacted");
    this.#history.compactThrough(index);
    this.#window.compactThrough(index);
  }

  #appliableIndex(): number {
    // While a snapshot is being installed nothing is persisted, so nothing is applied.
    return Math.min(this.#commitIndex, this.#writes.persistedIndex);
  }

  #appendToWindow(entries: readonly Entry[]): void {
    const changes = entries
      .filter((entry) => entry.kind === "configuration")
      .map(({ index, data }) => ({ index, ...decodeConfigurationEntry(data) }));
    this.#window.append(entries);
    for (const { index, configuration } of changes) this.#history.append(index, configuration);
  }

  #truncateFrom(index: number): void {
    this.#window.truncateFrom(index);
    this.#history.truncateFrom(index);
    this.#writes.truncateFrom(index);
  }
}
