import type { Timer } from "@quorate/platform";

/** What a {@link Keepalive} needs of its channel. */
export interface KeepaliveOptions {
  readonly timeMillis: number;
  readonly timeoutMillis: number;
  setTimer(delayMillis: number, work: () => void): Timer;
  hasCalls(): boolean;
  ping(): void;
  giveUp(): void;
}

/**
 * Pings as grpc-js does: every so often while there are calls, not only after silence; when none
 * was open as a ping fell due, with the next call.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  #timer: Timer | undefined;
  #isDue = false;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
  }

  /** A call was opened. */
  callBegins(): void {
    if (this.#isDue) this.#ping();
    else if (this.#timer === undefined) this.#wait();
  }

  /** The other side has answered a ping. */
  answered(): void {
    this.stop();
    if (this.#options.hasCalls()) this.#wait();
  }

  /** The connection is no more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isDue = false;
  }

  #wait(): void {
    this.#timer = this.#options.setTimer(this.#options.timeMillis, () => {
      this.#timer = undefined;
      if (this.#options.hasCalls()) this.#ping();
      else this.#isDue = true;
    });
  }

  #ping(): void {
    this.#isDue = false;
    this.#options.ping();
    this.#timer = this.#options.setTimer(this.#options.timeoutMillis, () => {
      this.#options.giveUp();
    });
  }
}
