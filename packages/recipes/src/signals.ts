import { setMaxListeners } from "node:events";

import { EtcdError, type Client } from "@quorate/client";

/** Pause before a read is repeated that the store could not answer; milliseconds. */
const unavailablePauseMillis = 250;

/** Repeats a read while the store is not available; the signal ends it. @internal */
export async function untilAvailable<Result>(
  client: Client,
  read: () => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof EtcdError) || !error.isTransient || signal.aborted) throw error;
      await pause(client, unavailablePauseMillis, signal);
      if (isAborted(signal)) throw error;
    }
  }
}

/**
 * A signal that aborts when one of several does; undefined ones are left out.
 *
 * Dispose it when the wait is over. `AbortSignal.any` would stay attached to the sources, which
 * live as long as a session: on Node 20 that is a leak of some 50 bytes a wait.
 * @internal
 */
export class LinkedSignal implements Disposable {
  readonly signal: AbortSignal;
  readonly #sources: readonly AbortSignal[];
  readonly #onAbort: () => void;

  constructor(...sources: readonly (AbortSignal | undefined)[]) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#sources = sources.filter((source) => source !== undefined);
    this.#onAbort = (): void => {
      const aborted = this.#sources.find((source) => source.aborted);
      this[Symbol.dispose]();
      controller.abort(aborted?.reason);
    };
    setMaxListeners(0, this.signal);
    for (const source of this.#sources) source.addEventListener("abort", this.#onAbort);
    if (this.#sources.some((source) => source.aborted)) this.#onAbort();
  }

  get aborted(): boolean {
    return this.signal.aborted;
  }

  [Symbol.dispose](): void {
    for (const source of this.#sources) source.removeEventListener("abort", this.#onAbort);
  }
}

/** Whether a signal has aborted by now, whatever the compiler concluded before. @internal */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Waits `millis` of the client's time; ends early when the signal aborts. @internal */
export function pause(client: Client, millis: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = client.runtime.timers.setTimer(millis, done);
    signal.addEventListener("abort", done, { once: true });
  });
}
