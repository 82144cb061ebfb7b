import type { PairOrder, RangePair } from "./range-order.ts";

/** Pairs sorted at a time: about a millisecond. */
const runLength = 2048;

/**
 * Puts pairs in order without a turn that grows with their number: runs of a fixed length are
 * sorted as they fill, and merged as they are taken. Of each run only as many are kept as anybody
 * will take.
 *
 * The merge is a binary heap of runs by their first pair; of equal pairs that of the earlier run
 * comes first, so the order is stable.
 */
export class SortedRuns {
  readonly #order: PairOrder | undefined;
  readonly #limit: number;
  #filling: RangePair[] = [];
  /** A heap once sealed. */
  readonly #runs: Run[] = [];
  #size = 0;

  /**
   * @param order - Undefined keeps the order of adding.
   * @param limit - Most pairs that will be taken.
   */
  constructor(order: PairOrder | undefined, limit: number) {
    this.#order = order;
    this.#limit = limit;
  }

  /** Pairs added so far. */
  get size(): number {
    return this.#size;
  }

  add(pair: RangePair): void {
    this.#size++;
    if (this.#order === undefined && this.#size > this.#limit) return;
    this.#filling.push(pair);
    if (this.#filling.length === runLength) this.#endRun();
  }

  /** Nothing is added any more. */
  seal(): void {
    if (this.#filling.length > 0) this.#endRun();
    for (let at = (this.#runs.length >>> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** Takes the next pair in order; undefined behind the last. O(log runs). */
  take(): RangePair | undefined {
    const run = this.#runs[0];
    if (run === undefined) return undefined;
    const pair = run.pairs[run.taken++];
    if (run.taken === run.pairs.length) {
      const last = this.#runs.pop();
      if (last !== undefined && this.#runs.length > 0) this.#runs[0] = last;
    }
    this.#sink(0);
    return pair;
  }

  #endRun(): void {
    const pairs = this.#filling;
    this.#filling = [];
    if (this.#order !== undefined) pairs.sort(this.#order);
    if (pairs.length > this.#limit) pairs.length = this.#limit;
    if (pairs.length > 0) this.#runs.push({ pairs, number: this.#runs.length, taken: 0 });
  }

  #sink(from: number): void {
    const runs = this.#runs;
    let at = from;
    for (;;) {
      let first = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2; child++) {
        if (child < runs.length && this.#isBefore(runs[child], runs[first])) first = child;
      }
      const [upper, lower] = [runs[at], runs[first]];
      if (first === at || upper === undefined || lower === undefined) return;
      runs[at] = lower;
      runs[first] = upper;
      at = first;
    }
  }

  #isBefore(left: Run | undefined, right: Run | undefined): boolean {
    const leftPair = left?.pairs[left.taken];
    const rightPair = right?.pairs[right.taken];
    if (left === undefined || right === undefined) return false;
    if (leftPair === undefined || rightPair === undefined) return false;
    const order = this.#order?.(leftPair, rightPair) ?? 0;
    return order === 0 ? left.number < right.number : order < 0;
  }
}

interface Run {
  readonly pairs: RangePair[];
  readonly number: number;
  taken: number;
}
