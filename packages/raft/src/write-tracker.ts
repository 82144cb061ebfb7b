/**
 * How far the log on the disk follows the log in memory, with several writes under way.
 *
 * The caller writes in order, but the log may be overwritten while writes are still under way:
 *
 * ```
 *   write A: 5(t1) 6(t1)      under way
 *   write B: 5(t2)            under way; it cuts 6(t1) off again
 *   write C: 5(t1) 6(t1)      a leader of term 3 brought the old entries back
 *   A is done: is 6(t1) durable?  No: B will still remove it. Only C makes it so.
 * ```
 *
 * Comparing terms when A is done would say yes (the ABA problem). So every overwrite shortens at
 * once what all earlier writes will acknowledge: after B, A acknowledges nothing from index 5 on.
 */
import { assert } from "./assert.ts";
import type { SnapshotMark } from "./configuration.ts";

/** One write handed to the caller. */
export interface LogWrite {
  /** Replaces everything when set. */
  readonly snapshot: SnapshotMark | undefined;
  /** Everything through this index is durable when the write is; lowered by overwrites. */
  throughIndex: number;
}

/** The durable boundary of a log. */
export class WriteTracker {
  #persistedIndex: number;
  #handedOutIndex: number;
  readonly #inFlight: LogWrite[] = [];

  constructor(index: number) {
    this.#persistedIndex = index;
    this.#handedOutIndex = index;
  }

  /** Every entry of the log in memory through this index is durable and will stay so. */
  get persistedIndex(): number {
    return this.#persistedIndex;
  }

  /** Entries through this index were handed out to be written. */
  get handedOutIndex(): number {
    return this.#handedOutIndex;
  }

  /** Notes a write that ends with the log's `lastIndex`. */
  handOut(snapshot: SnapshotMark | undefined, lastIndex: number): LogWrite {
    const write: LogWrite = { snapshot, throughIndex: lastIndex };
    this.#inFlight.push(write);
    this.#handedOutIndex = lastIndex;
    return write;
  }

  /** The oldest write under way is durable. */
  complete(write: LogWrite): void {
    assert(this.#inFlight.shift() === write, "writes complete in the order of their Readys");
    this.#persistedIndex = Math.max(this.#persistedIndex, write.throughIndex);
  }

  /** The log in memory was cut before `index`. */
  truncateFrom(index: number): void {
    this.#persistedIndex = Math.min(this.#persistedIndex, index - 1);
    this.#handedOutIndex = Math.min(this.#handedOutIndex, index - 1);
    for (const write of this.#inFlight) {
      write.throughIndex = Math.min(write.throughIndex, index - 1);
    }
  }

  /** The log in memory was replaced by a snapshot at `index`, which is yet to be written. */
  reset(index: number): void {
    this.#persistedIndex = 0;
    this.#handedOutIndex = index;
    for (const write of this.#inFlight) write.throughIndex = 0;
  }
}
