import type { Channel } from "./channel.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";

/** A failed endpoint is left alone this long at first; doubles up to the bound below. */
const penaltyFirstMillis = 250;
const penaltyLastMillis = 5_000;

/**
 * One server address with its own HTTP/2 connection.
 *
 * Knows whether the last experience was good: a failure puts the endpoint on a growing penalty,
 * during which others are preferred; an answer takes it off.
 * @internal
 */
export class Endpoint {
  /** As the caller wrote it. */
  readonly name: string;
  readonly channel: Channel;
  readonly #runtime: Runtime;
  #penaltyUntilMillis = 0;
  #failures = 0;

  constructor(name: string, options: ResolvedOptions, runtime: Runtime) {
    this.name = name;
    this.#runtime = runtime;
    this.channel = runtime.createChannel(name, options, runtime);
  }

  /** Whether the last experience was bad and recent. */
  get isPenalised(): boolean {
    return this.#runtime.clock.monotonicMillis() < this.#penaltyUntilMillis;
  }

  /** End of the penalty on the monotonic clock; in the past when there is none. */
  get penaltyUntilMillis(): number {
    return this.#penaltyUntilMillis;
  }

  noteSuccess(): void {
    this.#failures = 0;
    this.#penaltyUntilMillis = 0;
  }

  noteFailure(): void {
    const penalty = Math.min(
      penaltyFirstMillis * 2 ** Math.min(this.#failures, 10),
      penaltyLastMillis,
    );
    this.#failures += 1;
    this.#penaltyUntilMillis = this.#runtime.clock.monotonicMillis() + penalty;
  }

  /**
   * Waits until the connection is established, so that what follows is known to be sent or not.
   *
   * @returns False when it was refused, the wait was too long or the signal aborted.
   */
  connect(waitMillis: number, signal: AbortSignal | undefined): Promise<boolean> {
    return this.channel.connect(waitMillis, signal);
  }

  close(): void {
    this.channel.close();
  }
}
