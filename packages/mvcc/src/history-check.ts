import type { Backend } from "./backend/backend.ts";

/**
 * Looks for holes in history: above the compact revision each revision is there, its versions
 * numbered from 0. A row that a damaged page has made unreachable is missed so (B7).
 */
export class HistoryCheck {
  readonly #backend: Backend;
  readonly #compactRevision: number;
  #main: number;
  #sub = -1;

  /**
   * @param compactRevision - Up to here anything may be missing; -1 for nothing.
   * @param begin - The first revision that is looked for.
   */
  constructor(backend: Backend, compactRevision: number, begin: number) {
    this.#backend = backend;
    this.#compactRevision = compactRevision;
    this.#main = Math.max(begin - 1, compactRevision, 1);
  }

  /** Takes the next version in order. @throws StoreCorruptError if one before it is missing. */
  take(main: number, sub: number): void {
    if (main <= this.#compactRevision) return;
    const isNext = main === this.#main ? sub === this.#sub + 1 : main === this.#main + 1;
    if (!isNext || (main !== this.#main && sub !== 0)) {
      this.#backend.condemn(`version ${this.#main}.${this.#sub} is followed by ${main}.${sub}`);
    }
    this.#main = main;
    this.#sub = sub;
  }

  /** All versions were taken. @throws StoreCorruptError if this is not the last revision. */
  end(revision: number): void {
    if (this.#main >= revision) return;
    this.#backend.condemn(`revision ${this.#main + 1} has no row, the newest is ${revision}`);
  }
}
