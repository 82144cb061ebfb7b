/**
 * Which operations a search has placed, and a text that names exactly this set.
 *
 * Completed operations are numbered by call time from 0, pending ones behind them. A history's
 * order in time allows only few completed operations to be placed before an older one, so the set
 * of them is "all below a bound, and these few": the text holds the bound and the words behind it.
 * Without this, each remembered configuration of 10,000 operations would cost a kilobyte.
 */
import { assert } from "./assert.ts";

const wordBits = 16;

/** A set of operations that have been given a place. */
export class PlacedSet {
  readonly #completedCount: number;
  /** One bit for each completed operation, then whole words for the pending ones. */
  readonly #words: Uint16Array;
  /** First word of the pending ones. */
  readonly #pendingFirst: number;
  /** All completed operations of words before this one are placed. */
  #fullWords = 0;
  #placedCompleted = 0;

  constructor(counts: { readonly completed: number; readonly pending: number }) {
    this.#completedCount = counts.completed;
    this.#pendingFirst = Math.ceil(counts.completed / wordBits);
    this.#words = new Uint16Array(this.#pendingFirst + Math.ceil(counts.pending / wordBits));
  }

  /** How many completed operations are placed. */
  get placedCompleted(): number {
    return this.#placedCompleted;
  }

  /** Adds an operation that is not in it. */
  add(id: number): void {
    const { word, bit } = this.#placeOf(id);
    const before = this.#words[word] ?? 0;
    assert((before & bit) === 0, "an operation is placed once");
    this.#words[word] = before | bit;
    if (id >= this.#completedCount) return;
    this.#placedCompleted++;
    while (this.#fullWords < this.#pendingFirst && this.#words[this.#fullWords] === 0xffff) {
      this.#fullWords++;
    }
  }

  /** Takes an operation out again. */
  remove(id: number): void {
    const { word, bit } = this.#placeOf(id);
    const before = this.#words[word] ?? 0;
    assert((before & bit) !== 0, "only a placed operation is taken back");
    this.#words[word] = before & ~bit;
    if (id >= this.#completedCount) return;
    this.#placedCompleted--;
    if (word < this.#fullWords) this.#fullWords = word;
  }

  /** A text that two sets share exactly if they are equal. */
  key(): string {
    const words = this.#words;
    let end = this.#fullWords;
    let rest = this.#placedCompleted - this.#fullWords * wordBits;
    for (; rest > 0; end++) rest -= bitCount(words[end] ?? 0);
    let text = `${this.#fullWords}.${end - this.#fullWords}.`;
    for (let word = this.#fullWords; word < end; word++) {
      text += String.fromCharCode(words[word] ?? 0);
    }
    for (let word = this.#pendingFirst; word < words.length; word++) {
      text += String.fromCharCode(words[word] ?? 0);
    }
    return text;
  }

  #placeOf(id: number): { readonly word: number; readonly bit: number } {
    const isPending = id >= this.#completedCount;
    const index = isPending ? id - this.#completedCount : id;
    const first = isPending ? this.#pendingFirst : 0;
    return { word: first + Math.floor(index / wordBits), bit: 1 << (index % wordBits) };
  }
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
