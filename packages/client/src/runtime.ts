import type { Clock, Logger, Random, Timers } from "@quorate/platform";
import type { Tracer } from "@opentelemetry/api";

import type { ChannelFactory } from "./channel.ts";

/** What the client needs of the world around it. @internal */
export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly createChannel: ChannelFactory;
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

/** A promise and what settles it; the settling is once, as with any promise. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** See {@link Deferred}. */
export function deferred<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<Value>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
