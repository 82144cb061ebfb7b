/** What a {@link QuietWatch} needs. */
export interface QuietWatchOptions {
  /** How long nothing may come before the client is asked whether it is there. */
  readonly quietMillis: number;
  /** How long it may take to say anything. */
  readonly answerMillis: number;
}

const timerMillisMax = 2 ** 31 - 1;

/**
 * Finds out that a client is gone where TCP does not say so: it is pinged when it has been quiet,
 * and given up when it stays so. Whatever it sends shows that it lives, answer or not.
 */
export class QuietWatch {
  /** Monotonic time at which something came last. */
  lastMillis: number;
  readonly #options: QuietWatchOptions;
  readonly #ping: () => void;
  readonly #giveUp: () => void;
  #timer: NodeJS.Timeout | undefined;
  #pingedMillis: number | undefined;

  constructor(options: QuietWatchOptions, ping: () => void, giveUp: () => void) {
    this.#options = options;
    this.#ping = ping;
    this.#giveUp = giveUp;
    this.lastMillis = performance.now();
    this.#arm(options.quietMillis);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(millis: number): void {
    this.#timer = setTimeout(() => this.#check(), Math.min(Math.ceil(millis), timerMillisMax));
    this.#timer.unref();
  }

  #check(): void {
    const nowMillis = performance.now();
    if (this.#pingedMillis !== undefined && this.lastMillis < this.#pingedMillis) {
      this.#giveUp();
      return;
    }
    this.#pingedMillis = undefined;
    const leftMillis = this.lastMillis + this.#options.quietMillis - nowMillis;
    if (leftMillis > 0) {
      this.#arm(leftMillis);
      return;
    }
    this.#pingedMillis = nowMillis;
    this.#arm(this.#options.answerMillis);
    this.#ping();
  }
}
