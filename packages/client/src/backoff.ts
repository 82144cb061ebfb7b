import type { Random } from "@quorate/platform";

/** Bounds of a {@link Backoff}; milliseconds. */
export interface BackoffBounds {
  /** Upper end of the first delay. */
  readonly firstMillis: number;
  /** Upper end no delay exceeds. */
  readonly lastMillis: number;
}

/**
 * Exponential delays with jitter: the n-th is uniform in `[d/2, d]`, `d = min(first * 2^n, last)`.
 *
 * The lower half keeps a crowd of clients from a hot loop, the upper half spreads it.
 */
export class Backoff {
  readonly #bounds: BackoffBounds;
  readonly #random: Random;
  #round = 0;

  constructor(bounds: BackoffBounds, random: Random) {
    this.#bounds = bounds;
    this.#random = random;
  }

  /** The next delay in milliseconds, at least 1. */
  next(): number {
    const { firstMillis, lastMillis } = this.#bounds;
    const ceiling = Math.min(firstMillis * 2 ** Math.min(this.#round, 30), lastMillis);
    this.#round += 1;
    const half = Math.max(1, Math.floor(ceiling / 2));
    return half + this.#random.nextInt(half + 1);
  }

  /** Starts again at the first delay; to be called when something worked. */
  reset(): void {
    this.#round = 0;
  }
}

/**
 * Delays before a stream is opened again: none while there are endpoints that were not tried since
 * the last delay, so that one that serves is found at once however many do not.
 */
export class RoundBackoff {
  readonly #backoff: Backoff;
  #tries = 0;

  constructor(bounds: BackoffBounds, random: Random) {
    this.#backoff = new Backoff(bounds, random);
  }

  /**
   * The next delay in milliseconds; 0 within a round.
   *
   * @param endpoints - How many there are to try.
   */
  next(endpoints: number): number {
    this.#tries += 1;
    if (this.#tries < endpoints) return 0;
    this.#tries = 0;
    return this.#backoff.next();
  }

  /** Starts again at the first delay; the round goes on, or a server that fails soon is flooded. */
  reset(): void {
    this.#backoff.reset();
  }
}
