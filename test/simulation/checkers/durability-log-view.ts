import type { HardState, MemberId, SnapshotMark } from "@quorate/raft";
import type { SegmentHead, WalAppend } from "@quorate/wal";

/**
 * What a log says: the terms of its entries, its newest mark and hard state. A model of its own,
 * beside the replay of the write-ahead log that it judges.
 *
 * Invariant: `#terms[i]` is the term of the entry at `baseIndex + 1 + i`.
 */
export class LogView {
  #terms: number[] = [];
  #baseIndex = 0;
  #baseTerm = 0;
  #hardState: HardState | undefined;

  /** Everything up to here is in a snapshot. */
  get baseIndex(): number {
    return this.#baseIndex;
  }

  /** Index of the last entry, or of the snapshot. */
  get lastIndex(): number {
    return this.#baseIndex + this.#terms.length;
  }

  /** Term of the last entry, or of the snapshot. */
  get lastTerm(): number {
    return this.#terms.at(-1) ?? this.#baseTerm;
  }

  get term(): number {
    return this.#hardState?.term ?? 0;
  }

  get votedFor(): MemberId | undefined {
    return this.#hardState?.votedFor;
  }

  get commit(): number {
    return this.#hardState?.commit ?? 0;
  }

  /** Undefined beyond the log and inside the snapshot, but at its end. */
  termAt(index: number): number | undefined {
    return index === this.#baseIndex ? this.#baseTerm : this.#terms[index - this.#baseIndex - 1];
  }

  /** Whether the entry, or a snapshot that covers it, is here. */
  holds(index: number, term: number): boolean {
    return index < this.#baseIndex || this.termAt(index) === term;
  }

  /** The beginning of the oldest segment. */
  begin({ nextIndex, hardState, snapshot }: SegmentHead): void {
    this.#baseIndex = snapshot?.index ?? nextIndex - 1;
    this.#baseTerm = snapshot?.term ?? 0;
    this.#hardState = hardState;
    // What released segments held behind the snapshot: nobody can ask for it.
    this.#terms = Array.from(
      { length: Math.max(0, nextIndex - 1 - this.#baseIndex) },
      () => unknownTerm,
    );
  }

  append({ snapshot, entries, hardState }: WalAppend): void {
    if (snapshot !== undefined) {
      this.#terms = [];
      this.#baseIndex = snapshot.index;
      this.#baseTerm = snapshot.term;
    }
    const [first] = entries;
    if (first !== undefined) {
      // An overwrite below the snapshot still ends what was behind it (C11).
      this.#terms.length = Math.max(
        0,
        Math.min(this.#terms.length, first.index - this.#baseIndex - 1),
      );
      for (const { index, term } of entries) if (index > this.#baseIndex) this.#terms.push(term);
    }
    this.#hardState = hardState ?? this.#hardState;
  }

  mark({ index, term }: SnapshotMark): void {
    if (index < this.#baseIndex) return;
    this.#terms = this.#terms.slice(index - this.#baseIndex);
    this.#baseIndex = index;
    this.#baseTerm = term;
  }

  clone(): LogView {
    const copy = new LogView();
    copy.#terms = [...this.#terms];
    copy.#baseIndex = this.#baseIndex;
    copy.#baseTerm = this.#baseTerm;
    copy.#hardState = this.#hardState;
    return copy;
  }
}

/** No term: an entry that a released segment held. */
const unknownTerm = -1;
