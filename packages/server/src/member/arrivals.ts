/**
 * When requests arrived, without a number in each of them: they are numbered in the order of their
 * arrival, so it is enough to note, every few milliseconds, which number came next.
 *
 * ```
 * number    1 2 3 4 5 | 6 7 8 9 | 10 11
 * arrived   0 .. 9 ms | 10 .. 17| 31 .. 31
 * ```
 */
export class Arrivals {
  readonly #stepMillis: number;
  readonly #steps: Step[] = [];
  #last: Step | undefined;

  /** @param stepMillis - What arrives within this time counts as arrived with the last of it. */
  constructor(stepMillis: number) {
    this.#stepMillis = stepMillis;
  }

  /** Notes a request; times and numbers ascend. */
  note(millis: number, sequence: number): void {
    const last = this.#last;
    if (last !== undefined && millis - last.beginMillis < this.#stepMillis) {
      last.endMillis = millis;
      return;
    }
    this.#last = { beginMillis: millis, endMillis: millis, firstSequence: sequence };
    this.#steps.push(this.#last);
  }

  /**
   * Forgets what arrived at `millis` or before.
   *
   * @returns A number above those of all requests forgotten so far and not above any other;
   *   undefined when there was nothing to forget. O(steps forgotten).
   */
  forget(millis: number): number | undefined {
    let bound: number | undefined;
    for (let first = this.#steps[0]; first !== undefined; first = this.#steps[0]) {
      if (first.endMillis > millis) break;
      this.#steps.shift();
      bound = this.#steps[0]?.firstSequence ?? Number.POSITIVE_INFINITY;
    }
    if (this.#steps.length === 0) this.#last = undefined;
    return bound;
  }
}

interface Step {
  readonly beginMillis: number;
  endMillis: number;
  readonly firstSequence: number;
}
