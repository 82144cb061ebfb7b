/**
 * Calls and returns of operations that have no place yet, in the order of time: a doubly linked
 * list from which an operation is lifted when it is placed, and into which it is put back unchanged
 * when the search goes back (Wing and Gong's list).
 *
 * ```
 * time       1    2    3    4    5
 * A          call ........ return            list: head > A+ > B+ > C+ > A- > B- > tail
 * B               call ............. return
 * C                    call ...              no answer: it has no return
 * ```
 *
 * What may come next is what was called before the first return of the list: A, B and C.
 */
import { isCompleted, type Operation } from "./history.ts";

/** See the file comment. Operations are named by their number. */
export class EventList {
  /** Entry `id` is the call of operation `id`, entry `count + id` its return. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #count: number;
  readonly #head: number;
  readonly #completedCount: number;

  /** @param operations - Completed ones first. */
  constructor(operations: readonly Operation<unknown, unknown>[]) {
    const count = operations.length;
    this.#count = count;
    this.#head = 2 * count;
    this.#completedCount = operations.filter(isCompleted).length;
    this.#next = new Int32Array(2 * count + 1).fill(this.#head);
    this.#previous = new Int32Array(2 * count + 1).fill(this.#head);
    let last = this.#head;
    for (const entry of orderOfEvents(operations)) {
      this.#link(last, entry);
      last = entry;
    }
    this.#link(last, this.#head);
  }

  /** The operation that returns first; undefined when only pending ones are left. */
  firstReturn(): number | undefined {
    let entry = this.#at(this.#next, this.#head);
    while (entry !== this.#head) {
      if (entry >= this.#count) return entry - this.#count;
      entry = this.#at(this.#next, entry);
    }
    return undefined;
  }

  /** Operations that may come next: completed ones by call time, then pending ones. */
  candidates(): number[] {
    const completed: number[] = [];
    const pending: number[] = [];
    let entry = this.#at(this.#next, this.#head);
    while (entry < this.#count) {
      if (entry < this.#completedCount) completed.push(entry);
      else pending.push(entry);
      entry = this.#at(this.#next, entry);
    }
    return pending.length === 0 ? completed : completed.concat(pending);
  }

  /** Takes an operation out. */
  lift(id: number): void {
    this.#cut(id);
    if (id < this.#completedCount) this.#cut(this.#count + id);
  }

  /** Puts back the operation that was lifted last. */
  unlift(id: number): void {
    if (id < this.#completedCount) this.#restore(this.#count + id);
    this.#restore(id);
  }

  #link(left: number, right: number): void {
    this.#next[left] = right;
    this.#previous[right] = left;
  }

  #cut(entry: number): void {
    this.#link(this.#at(this.#previous, entry), this.#at(this.#next, entry));
  }

  #restore(entry: number): void {
    this.#next[this.#at(this.#previous, entry)] = entry;
    this.#previous[this.#at(this.#next, entry)] = entry;
  }

  #at(links: Int32Array, entry: number): number {
    return links[entry] ?? this.#head;
  }
}

/** Entries by time; of one instant calls come first, so that what touches counts as concurrent. */
function orderOfEvents(operations: readonly Operation<unknown, unknown>[]): number[] {
  const count = operations.length;
  const entries: number[] = [];
  const times = new Float64Array(2 * count);
  for (const [id, operation] of operations.entries()) {
    times[id] = operation.callTime;
    entries.push(id);
    if (!isCompleted(operation)) continue;
    times[count + id] = operation.returnTime;
    entries.push(count + id);
  }
  // Entries of calls are the smaller numbers.
  return entries.sort((one, other) => (times[one] ?? 0) - (times[other] ?? 0) || one - other);
}
