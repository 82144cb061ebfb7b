const creditMax = 1_000;
const creditPerSecond = 33;
/** A stream that is reset when it is younger was hardly opened for its answer. */
const rapidMillis = 1_000;

/**
 * How much senseless work a client may make before its connection ends, after Rapid Reset
 * (CVE-2023-44487), MadeYouReset (CVE-2025-8671) and the floods of 2019 (CVE-2019-9512 and on).
 *
 * A bucket of credit: 1,000 at first and at most, 33 a second come back, and one for each call that
 * was answered, so that clients that work may also change their minds. Pings are judged apart
 * (`PingPolicy`).
 */
export class AbuseBudget {
  #credit = creditMax;
  #lastMillis: number;

  /** @param nowMillis - Monotonic time. */
  constructor(nowMillis: number) {
    this.#lastMillis = nowMillis;
  }

  /** A call was answered. */
  refund(): void {
    if (this.#credit < creditMax) this.#credit += 1;
  }

  /**
   * Pays for a stream that the client reset.
   *
   * @returns Whether the connection may go on.
   */
  payForReset(nowMillis: number, startedMillis: number): boolean {
    return nowMillis - startedMillis >= rapidMillis || this.pay(nowMillis, 1);
  }

  /**
   * Pays for something without use.
   *
   * @returns Whether the connection may go on.
   */
  pay(nowMillis: number, price: number): boolean {
    const earned = ((nowMillis - this.#lastMillis) * creditPerSecond) / 1_000;
    this.#lastMillis = nowMillis;
    this.#credit = Math.min(creditMax, this.#credit + earned) - price;
    return this.#credit >= 0;
  }
}
