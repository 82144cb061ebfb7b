const idlePingIntervalMillis = 7_200_000;
const strikesMax = 2;

/**
 * Judges the HTTP/2 pings of one connection, as grpc-go's server does: a ping that comes too soon
 * after the one before is a strike, the third strike in a row is abuse. With calls open "too soon"
 * is the configured interval; without any it is two hours. Whatever the server sends forgives.
 */
export class PingPolicy {
  readonly #intervalMillis: number;
  #lastPingMillis = Number.NEGATIVE_INFINITY;
  #strikes = 0;
  #isForgiven = false;

  /**
   * @param intervalMillis - Least time between two pings of a connection with open calls; 0 allows
   *   all.
   */
  constructor(intervalMillis: number) {
    this.#intervalMillis = intervalMillis;
  }

  /** Data or headers went to the client: the next ping is fine. */
  forgive(): void {
    this.#isForgiven = true;
  }

  /**
   * Counts one ping.
   *
   * @param nowMillis - Monotonic time.
   * @returns Whether the connection has to be closed with ENHANCE_YOUR_CALM.
   */
  isAbuse(nowMillis: number, openCalls: number): boolean {
    const sinceLast = nowMillis - this.#lastPingMillis;
    this.#lastPingMillis = nowMillis;
    if (this.#intervalMillis === 0) return false;
    if (this.#isForgiven) {
      this.#isForgiven = false;
      this.#strikes = 0;
      return false;
    }
    const least = openCalls > 0 ? this.#intervalMillis : idlePingIntervalMillis;
    if (sinceLast < least) this.#strikes += 1;
    return this.#strikes > strikesMax;
  }
}
