import type { Key } from "../key.ts";

/**
 * Rows in a hash map, put into order only when somebody scans.
 *
 * Keys that arrive in ascending order, as those of bucket `key` do, keep the order for free.
 */
export class SortedRows<Value> {
  readonly #rows = new Map<Key, Value>();
  #order: Key[] = [];
  #isOrdered = true;

  get size(): number {
    return this.#rows.size;
  }

  get(key: Key): Value | undefined {
    return this.#rows.get(key);
  }

  set(key: Key, value: Value): void {
    const before = this.#rows.size;
    this.#rows.set(key, value);
    if (this.#rows.size === before || !this.#isOrdered) return;
    const last = this.#order[this.#order.length - 1];
    if (last === undefined || key > last) this.#order.push(key);
    else this.#isOrdered = false;
  }

  /** Sets a row that scans need not come upon by themselves: no order is kept for it. */
  setUnordered(key: Key, value: Value): void {
    this.#rows.set(key, value);
  }

  delete(key: Key): void {
    this.#rows.delete(key);
    if (this.#order.length > 64 && this.#order.length > this.#rows.size * 2) {
      this.#isOrdered = false;
    }
  }

  /** Keys in order; some may have been deleted. Valid until the next `set` or `delete`. */
  orderedKeys(): readonly Key[] {
    if (!this.#isOrdered) {
      this.#order = [...this.#rows.keys()].sort(compareKeys);
      this.#isOrdered = true;
    }
    return this.#order;
  }

  /** Rows in no order. */
  entries(): IterableIterator<[Key, Value]> {
    return this.#rows.entries();
  }
}

/** First position in ordered keys that is not below `key`. */
export function lowerBoundOf(keys: readonly Key[], key: Key): number {
  let begin = 0;
  let end = keys.length;
  while (begin < end) {
    const middle = (begin + end) >>> 1;
    const at = keys[middle];
    if (at !== undefined && at < key) begin = middle + 1;
    else end = middle;
  }
  return begin;
}

function compareKeys(left: Key, right: Key): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
