/** What workloads share: waiting on virtual time, and telling trouble from broken promises. */
import { setMaxListeners } from "node:events";

import { EtcdError, type Client } from "@quorate/client";
import type { Timers } from "@quorate/platform";
import type { SimClient } from "./workload.ts";

/** Codes that a client may see while members fail, and that say nothing about its request. */
const troubleCodes: ReadonlySet<string> = new Set([
  "unavailable",
  "deadline-exceeded",
  "cancelled",
  "resource-exhausted",
  "transport-failure",
  "no-leader",
  "not-leader",
  "leader-changed",
  "stopped",
  "timeout",
  "timeout-leader-failure",
  "timeout-connection-lost",
  "timeout-applied-index",
  "server-deadline-exceeded",
  "request-cancelled",
  "caller-cancelled",
  "proposal-dropped",
  "too-many-requests",
  "not-primary-lessor",
  "not-supported-for-learner",
  "no-space",
]);

/** Waits; ends early, without a word, when the signal aborts. */
export function pause(timers: Timers, millis: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  // Everybody who waits listens to the one signal of the run; that is no leak.
  setMaxListeners(0, signal);
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = timers.setTimer(millis, done);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** A call's answer, or the error that is no broken promise. */
export type Attempt<Answer> =
  | { readonly kind: "done"; readonly answer: Answer }
  | { readonly kind: "failed"; readonly error: EtcdError };

/**
 * Makes a call.
 *
 * @param expected - Codes that this call may also end with.
 * @throws every other error: a client must never see it.
 */
export async function attempt<Answer>(
  call: () => Promise<Answer>,
  expected: readonly string[] = [],
): Promise<Attempt<Answer>> {
  try {
    return { kind: "done", answer: await call() };
  } catch (error) {
    if (error instanceof EtcdError && (isTrouble(error) || expected.includes(error.code))) {
      return { kind: "failed", error };
    }
    throw error;
  }
}

/** Whether an error only says that the store, or the way to it, was not well. */
export function isTrouble(error: unknown): boolean {
  return error instanceof EtcdError && (error.isTransient || troubleCodes.has(error.code));
}

/** Repeats a call until it succeeds; undefined when the time is over. */
export async function untilDone<Answer>(
  timers: Timers,
  call: () => Promise<Answer>,
  untilMillis: number,
  nowMillis: () => number,
): Promise<Answer | undefined> {
  const never = new AbortController().signal;
  for (;;) {
    const result = await attempt(call);
    if (result.kind === "done") return result.answer;
    if (nowMillis() >= untilMillis) return undefined;
    await pause(timers, 100, never);
  }
}

/** What one endpoint costs: a call's deadline, or the keepalive of a connection gone silent. */
const endpointMillis = 5_000;

/**
 * Longest time until a client is served by a store that serves: any connection that it has may be
 * silent, with those to members that are gone, and it finds out about one after the other.
 */
export function servedMillis({ endpoints }: Client): number {
  return endpointMillis * (endpoints.length + 2);
}

/** Repeats a call once all is well. @throws when it fails for {@link servedMillis} */
export async function untilServed<Answer>(
  what: string,
  { client, timers }: SimClient,
  call: () => Promise<Answer>,
  nowMillis: () => number,
): Promise<Answer> {
  const millis = servedMillis(client);
  const answer = await untilDone(timers, call, nowMillis() + millis, nowMillis);
  if (answer === undefined) throw new Error(`no ${what} within ${millis} ms after healing`);
  return answer;
}

/** Bytes as a text that holds each of them: what histories are written in. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** The inverse of {@link latin1}. */
export function fromLatin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}
