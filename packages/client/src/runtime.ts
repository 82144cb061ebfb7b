import type { Clock, Logger, Random, Timers } from "@quorate/platform";
import type { Tracer } from "@opentelemetry/api";

/** What the client needs of the world around it. @internal */
export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger | undefined;
  readonly tracer: Tracer | undefined;
}

/**
 * Waits, or stops waiting when the signal aborts; resolves in both cases.
 *
 * @returns Whether the whole delay passed.
 */
export function sleep(
  timers: Timers,
  delayMillis: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = (): void => {
      timer.cancel();
      resolve(false);
    };
    const timer = timers.setTimer(delayMillis, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve(true);
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
