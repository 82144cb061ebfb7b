/**
 * The entries that are in memory: everything after one base position.
 *
 * ```
 *   base (7, term 2)      8      9      10       <- indexes
 *   compacted             [t2]   [t3]   [t3]     <- #entries[0..]
 *   #droppedBytes = 900   930    1000   1040     <- #cumulativeBytes[0..]
 * ```
 *
 * The running total of bytes beside each entry makes the size of any stretch one subtraction, so
 * flow control, bounded Readys and compaction by size cost nothing.
 */
import { assert } from "./assert.ts";
import { entryBytes, toLogIndex, type Entry, type LogIndex, type Term } from "./entry.ts";

/** A contiguous run of entries after a base whose index and term are known. */
export class EntryWindow {
  #baseIndex: LogIndex;
  #baseTerm: Term;
  #entries: Entry[] = [];
  /** Bytes of all entries through this one since the window was created. */
  #cumulativeBytes: number[] = [];
  #droppedBytes = 0;

  constructor(baseIndex: LogIndex, baseTerm: Term) {
    this.#baseIndex = baseIndex;
    this.#baseTerm = baseTerm;
  }

  /** Index before the first entry held. */
  get baseIndex(): LogIndex {
    return this.#baseIndex;
  }

  /** Term of {@link baseIndex}. */
  get baseTerm(): Term {
    return this.#baseTerm;
  }

  /** Index of the last entry; `baseIndex` when there is none. */
  get lastIndex(): LogIndex {
    return toLogIndex(this.#baseIndex + this.#entries.length);
  }

  /** Bytes of all entries held. */
  get bytes(): number {
    return (this.#cumulativeBytes.at(-1) ?? this.#droppedBytes) - this.#droppedBytes;
  }

  /** The entry at `index`; undefined when it is not held. */
  at(index: number): Entry | undefined {
    return this.#entries[index - this.#baseIndex - 1];
  }

  /** The term at `index`, also for the base; undefined when it is not known. */
  termAt(index: number): Term | undefined {
    if (index === this.#baseIndex) return this.#baseTerm;
    return this.at(index)?.term;
  }

  /** Bytes of the entries in `(afterIndex, throughIndex]`; both must be held or the base. */
  bytesBetween(afterIndex: number, throughIndex: number): number {
    return this.#bytesThrough(throughIndex) - this.#bytesThrough(afterIndex);
  }

  /** Appends entries that follow the last one. Asserts contiguity (C10). */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.index === this.#baseIndex + this.#entries.length + 1, "log has a hole");
      const total = (this.#cumulativeBytes.at(-1) ?? this.#droppedBytes) + entryBytes(entry);
      this.#entries.push(entry);
      this.#cumulativeBytes.push(total);
    }
  }

  /** Drops `index` and everything after it. */
  truncateFrom(index: number): void {
    assert(index > this.#baseIndex, "truncation reaches the compacted part of the log");
    this.#entries.length = Math.min(this.#entries.length, index - this.#baseIndex - 1);
    this.#cumulativeBytes.length = this.#entries.length;
  }

  /** Drops everything through `index`, which becomes the base. O(entries that remain). */
  compactThrough(index: number): void {
    const term = this.termAt(index);
    assert(term !== undefined, "compaction reaches beyond the log");
    const count = index - this.#baseIndex;
    this.#droppedBytes = this.#bytesThrough(index);
    this.#entries = this.#entries.slice(count);
    this.#cumulativeBytes = this.#cumulativeBytes.slice(count);
    this.#baseIndex = toLogIndex(index);
    this.#baseTerm = term;
  }

  /** Drops everything and starts after another base. */
  reset(baseIndex: LogIndex, baseTerm: Term): void {
    this.#baseIndex = baseIndex;
    this.#baseTerm = baseTerm;
    this.#entries = [];
    this.#cumulativeBytes = [];
    this.#droppedBytes = 0;
  }

  /**
   * The entries of `[firstIndex, lastIndex]`, cut so that they hold at most `maxBytes`, but never
   * to nothing.
   */
  slice(firstIndex: number, lastIndex: number, maxBytes: number): readonly Entry[] {
    if (firstIndex > lastIndex) return [];
    assert(firstIndex > this.#baseIndex, "slice reaches the compacted part of the log");
    assert(lastIndex <= this.lastIndex, "slice reaches beyond the log");
    const before = this.#bytesThrough(firstIndex - 1);
    let last = firstIndex;
    if (this.#bytesThrough(lastIndex) - before <= maxBytes) last = lastIndex;
    else while (last < lastIndex && this.#bytesThrough(last + 1) - before <= maxBytes) last += 1;
    return this.#entries.slice(firstIndex - this.#baseIndex - 1, last - this.#baseIndex);
  }

  #bytesThrough(index: number): number {
    if (index === this.#baseIndex) return this.#droppedBytes;
    const bytes = this.#cumulativeBytes[index - this.#baseIndex - 1];
    assert(bytes !== undefined, "index is outside the log");
    return bytes;
  }
}
