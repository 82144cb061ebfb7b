import type { Key } from "@quorate/mvcc";

/**
 * A set of keys made of half-open intervals, kept sorted and disjoint.
 *
 * Immutable; {@link KeyIntervals.union} merges two sorted lists, so that building one out of many
 * parts stays linear in what the parts hold.
 */
export class KeyIntervals {
  /** The set without keys. */
  static readonly empty: KeyIntervals = new KeyIntervals([], []);

  readonly #begins: readonly Key[];
  readonly #ends: readonly Key[];

  private constructor(begins: readonly Key[], ends: readonly Key[]) {
    this.#begins = begins;
    this.#ends = ends;
  }

  /** The set of all keys in any of the intervals; an interval with `begin >= end` holds none. */
  static of(intervals: readonly KeyInterval[]): KeyIntervals {
    const proper = intervals.filter(({ begin, end }) => begin < end);
    if (proper.length === 0) return KeyIntervals.empty;
    proper.sort((left, right) => (left.begin < right.begin ? -1 : 1));
    return KeyIntervals.#merge(proper);
  }

  /** Whether the key is in the set. O(log intervals). */
  has(key: Key): boolean {
    let low = 0;
    let high = this.#begins.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#begins[middle] ?? "") <= key) low = middle + 1;
      else high = middle;
    }
    return low > 0 && key < (this.#ends[low - 1] ?? "");
  }

  /** The keys of both sets. O(intervals of both). */
  union(other: KeyIntervals): KeyIntervals {
    if (other.#begins.length === 0) return this;
    if (this.#begins.length === 0) return other;
    const sorted: KeyInterval[] = [];
    for (let left = 0, right = 0; left + right < this.#begins.length + other.#begins.length;) {
      const mine = this.#begins[left];
      const theirs = other.#begins[right];
      if (theirs === undefined || (mine !== undefined && mine <= theirs)) {
        sorted.push({ begin: mine ?? "", end: this.#ends[left] ?? "" });
        left += 1;
      } else {
        sorted.push({ begin: theirs, end: other.#ends[right] ?? "" });
        right += 1;
      }
    }
    return KeyIntervals.#merge(sorted);
  }

  static #merge(sorted: readonly KeyInterval[]): KeyIntervals {
    const begins: Key[] = [];
    const ends: Key[] = [];
    for (const { begin, end } of sorted) {
      const last = ends[ends.length - 1];
      if (last !== undefined && begin <= last) {
        if (last < end) ends[ends.length - 1] = end;
      } else {
        begins.push(begin);
        ends.push(end);
      }
    }
    return new KeyIntervals(begins, ends);
  }
}

/** All keys with `begin <= key < end`. */
export interface KeyInterval {
  readonly begin: Key;
  readonly end: Key;
}
