/** Watches over a process that must give word of itself now and then (D12). */
import type { ChildProcess } from "node:child_process";

/** How a process ended; `silent`: it was killed because it gave no word for too long. */
export type Ending =
  | {
      readonly kind: "exited";
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    }
  | { readonly kind: "silent"; readonly seconds: number };

/** How a process is watched. */
export interface Supervision {
  /** Longest time in real seconds between two messages; for the first one never below a minute. */
  readonly silenceSeconds: number;
  readonly onMessage: (message: unknown) => void;
}

/** A process may take so long before its first word, on a busy machine. */
const startSecondsMin = 60;

/** Follows a process to its end. */
export function supervise(
  child: ChildProcess,
  { silenceSeconds, onMessage }: Supervision,
): Promise<Ending> {
  return new Promise((resolve) => {
    const startSeconds = Math.max(silenceSeconds, startSecondsMin);
    let isOver = false;
    const finish = (ending: Ending): void => {
      isOver = true;
      clearTimeout(timer);
      resolve(ending);
    };
    const killAfter = (seconds: number): NodeJS.Timeout =>
      setTimeout(() => {
        finish({ kind: "silent", seconds });
        child.kill("SIGKILL");
      }, seconds * 1000);
    let timer = killAfter(startSeconds);
    child.on("message", (message) => {
      if (isOver) return;
      clearTimeout(timer);
      timer = killAfter(silenceSeconds);
      onMessage(message);
    });
    child.once("exit", (code, signal) => finish({ kind: "exited", code, signal }));
    child.once("error", () => finish({ kind: "exited", code: 1, signal: null }));
  });
}

/** An ending as the end of a sentence: `ended with code 7`. */
export function describeEnding(ending: Ending): string {
  if (ending.kind === "silent") return `gave no word for ${ending.seconds} s`;
  return ending.signal === null
    ? `ended with code ${ending.code}`
    : `was ended by ${ending.signal}`;
}

/** Signals that end a run early, with its exit code. */
export const stopSignals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** One of {@link stopSignals}. */
export type StopSignal = keyof typeof stopSignals;

/** Calls `stop` at each of {@link stopSignals}. @returns Ends that. */
export function onStopSignal(stop: (signal: StopSignal) => void): () => void {
  const signals = ["SIGHUP", "SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}
