import type { Entry, HardState, Ready, SnapshotMark } from "@quorate/raft";

/**
 * The disk of one member: what survives a crash. Writes are made durable in order; a crash keeps
 * those that were completed and a random few of those under way.
 */
export class SimDisk {
  hardState: HardState;
  compacted: SnapshotMark;
  entries: Entry[] = [];

  constructor(hardState: HardState, compacted: SnapshotMark) {
    this.hardState = hardState;
    this.compacted = compacted;
  }

  get lastIndex(): number {
    return this.compacted.index + this.entries.length;
  }

  /** Makes the writes of one Ready durable. */
  write(ready: Ready): void {
    if (ready.snapshot !== undefined) {
      this.compacted = ready.snapshot;
      this.entries = [];
    }
    for (const entry of ready.entries) {
      const at = entry.index - this.compacted.index - 1;
      if (at < 0 || at > this.entries.length) throw new Error(`hole in the log at ${entry.index}`);
      this.entries.length = at;
      this.entries.push(entry);
    }
    if (ready.hardState !== undefined) this.hardState = ready.hardState;
  }

  /** Forgets entries through the mark. */
  compact(mark: SnapshotMark): void {
    if (mark.index <= this.compacted.index) return;
    this.entries = this.entries.slice(mark.index - this.compacted.index);
    this.compacted = mark;
  }

  termAt(index: number): number | undefined {
    if (index === this.compacted.index) return this.compacted.term;
    return this.entries[index - this.compacted.index - 1]?.term;
  }
}
