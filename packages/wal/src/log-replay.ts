import type { Entry, HardState, LogIndex, SnapshotMark } from "@quorate/raft";
import type { WalAppend } from "./payloads.ts";

/** The records contradict each other: a file is missing, or this code did not write them. */
export class ReplayError extends Error {
  override readonly name = "ReplayError";
}

/**
 * Rebuilds the state of a log from its records in the order they were written.
 *
 * Every record is replayed, also what a later snapshot makes obsolete: an overwrite at or below the
 * snapshot's index still removes the entries behind it. Skipping it would bring them back as ghosts
 * (C11).
 *
 * Invariant: `entries` are contiguous and the first has index `#firstIndex`. Everything below
 * `#firstIndex` was in segments that are released, or is covered by the snapshot.
 */
export class LogReplay {
  #entries: Entry[] = [];
  #firstIndex: number;
  #snapshot: SnapshotMark | undefined;
  #hardState: HardState | undefined;

  /** @param head - State at the start of the oldest segment. */
  constructor(head: {
    readonly nextIndex: LogIndex;
    readonly snapshot: SnapshotMark | undefined;
    readonly hardState: HardState | undefined;
  }) {
    this.#firstIndex = head.nextIndex;
    this.#snapshot = head.snapshot;
    this.#hardState = head.hardState;
  }

  get hardState(): HardState | undefined {
    return this.#hardState;
  }

  get snapshot(): SnapshotMark | undefined {
    return this.#snapshot;
  }

  /** Last index of the log: of its last entry, or of the snapshot. */
  get lastIndex(): number {
    return Math.max(this.#firstIndex + this.#entries.length - 1, this.#snapshot?.index ?? 0);
  }

  /** @throws {@link ReplayError} on a gap, or when the commit index or the term goes back. */
  append(append: WalAppend): void {
    if (append.snapshot !== undefined) this.#install(append.snapshot);
    const [first] = append.entries;
    if (first !== undefined) this.#overwrite(first.index, append.entries);
    if (append.hardState !== undefined) this.#setHardState(append.hardState);
    if (this.#hardState !== undefined && this.#hardState.commit > this.lastIndex) {
      throw new ReplayError(
        `the commit index is ${this.#hardState.commit}, but the log ends at ${this.lastIndex}`,
      );
    }
  }

  /** A snapshot of the own state: covers a prefix of the log and keeps the rest. */
  markSnapshot(mark: SnapshotMark): void {
    if (mark.index > this.lastIndex) {
      throw new ReplayError(
        `a snapshot is at ${mark.index}, but the log ends at ${this.lastIndex}`,
      );
    }
    if (this.#snapshot !== undefined && mark.index < this.#snapshot.index) return;
    const entry = this.#entries[mark.index - this.#firstIndex];
    if (entry !== undefined && entry.term !== mark.term) {
      throw new ReplayError(
        `the snapshot at ${mark.index} has term ${mark.term}, its entry ${entry.term}`,
      );
    }
    this.#snapshot = mark;
    this.#trim();
  }

  /**
   * The entries after the snapshot.
   *
   * @throws {@link ReplayError} when entries between snapshot and the oldest segment are missing.
   */
  finish(): readonly Entry[] {
    this.#trim();
    const next = (this.#snapshot?.index ?? 0) + 1;
    if (this.#firstIndex > next) {
      throw new ReplayError(`entries ${next} to ${this.#firstIndex - 1} are missing`);
    }
    return this.#entries;
  }

  /** Replaces the log: nothing written before counts (C13). */
  #install(mark: SnapshotMark): void {
    if (this.#snapshot !== undefined && mark.index < this.#snapshot.index) {
      throw new ReplayError(`the snapshot went back from ${this.#snapshot.index} to ${mark.index}`);
    }
    this.#snapshot = mark;
    this.#entries = [];
    this.#firstIndex = mark.index + 1;
  }

  #overwrite(index: number, entries: readonly Entry[]): void {
    if (index > this.lastIndex + 1) {
      throw new ReplayError(`an entry has index ${index}, but the log ends at ${this.lastIndex}`);
    }
    if (index < this.#firstIndex) {
      this.#entries = [];
      this.#firstIndex = index;
    } else if (index >= this.#firstIndex + this.#entries.length) {
      if (this.#entries.length === 0) this.#firstIndex = index;
    } else {
      this.#entries.length = index - this.#firstIndex;
    }
    let expected = index;
    for (const entry of entries) {
      if (entry.index !== expected) {
        throw new ReplayError(`an entry has index ${entry.index}, expected ${expected}`);
      }
      this.#entries.push(entry);
      expected++;
    }
    this.#trim();
  }

  #setHardState(next: HardState): void {
    const previous = this.#hardState;
    if (previous !== undefined && (next.term < previous.term || next.commit < previous.commit)) {
      throw new ReplayError(
        `term and commit went back from ${previous.term}, ${previous.commit} to ` +
          `${next.term}, ${next.commit}`,
      );
    }
    this.#hardState = next;
  }

  /** Drops entries that the snapshot covers. */
  #trim(): void {
    const covered = (this.#snapshot?.index ?? 0) + 1 - this.#firstIndex;
    if (covered <= 0) return;
    this.#entries = this.#entries.slice(covered);
    this.#firstIndex += covered;
  }
}
