import type { Random, Timer, Timers } from "@quorate/platform";

/** What a {@link Ticker} needs. */
export interface TickerDependencies {
  readonly timers: Timers;
  readonly random: Random;
  /** Whether there is a leader, as far as this member knows. */
  readonly isLed: () => boolean;
  readonly onTick: () => void;
}

/**
 * The beat of a member: consensus counts its time in ticks.
 *
 * Under a leader, ticks come at equal distances. While nobody leads, at random ones, from one half
 * to one and a half of the usual: members whose ticks fall together, as after a common start, would
 * else campaign together whenever they draw time-outs of as many ticks, in one election after the
 * other.
 */
export class Ticker {
  readonly #tickMillis: number;
  readonly #dependencies: TickerDependencies;
  #timer: Timer | undefined;

  /** @param tickMillis - Length of a tick; while nobody leads, their mean. */
  constructor(tickMillis: number, dependencies: TickerDependencies) {
    this.#tickMillis = tickMillis;
    this.#dependencies = dependencies;
  }

  /** Begins to tick. */
  start(): void {
    this.#schedule();
  }

  /** Ends the ticks. */
  close(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { timers, onTick } = this.#dependencies;
    this.#timer = timers.setTimer(this.#nextMillis(), () => {
      this.#schedule();
      onTick();
    });
  }

  #nextMillis(): number {
    const { random, isLed } = this.#dependencies;
    if (isLed()) return this.#tickMillis;
    return Math.ceil(this.#tickMillis / 2) + random.nextInt(this.#tickMillis);
  }
}
