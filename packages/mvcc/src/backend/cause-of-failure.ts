import type { FileSystem, Timers } from "@quorate/platform";
import { isDiskFull, reasonOf } from "./database.ts";

/** What {@link causeOfFailure} asks. */
export interface FailureContext {
  readonly files: Pick<FileSystem, "freeBytes">;
  readonly timers: Timers;
}

/** A disk with less than this is full: databases write pages, and some at a time. */
const fullBytesMax = 1024 * 1024;

/** A disk that failed may not answer at all. */
const askMillisMax = 500;

/**
 * Why a commit failed: LMDB's own error if it comes within a turn. LMDB calls a write that fitted
 * in part an input/output error; on a full disk this says so, for whoever must mend it (B5).
 *
 * @param path - Of the database.
 */
export async function causeOfFailure(
  error: unknown,
  path: string,
  { files, timers }: FailureContext,
): Promise<unknown> {
  const turn = new Promise((resolve) =>
    timers.setImmediate(() => {
      resolve(error);
    }),
  );
  const reason = reasonOf(error)?.catch((cause: unknown) => cause);
  const cause = await Promise.race([reason ?? error, turn]);
  if (!isInputOutputError(cause) || isDiskFull(cause)) return cause;
  const freeBytes = await freeBytesSoon(path, { files, timers });
  if (freeBytes === undefined || freeBytes >= fullBytesMax) return cause;
  return new Error(`No space left on device: ${freeBytes} bytes are free`, { cause });
}

/** Undefined when nobody knows. */
function freeBytesSoon(
  path: string,
  { files, timers }: FailureContext,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const timer = timers.setTimer(askMillisMax, () => {
      resolve(undefined);
    });
    files
      .freeBytes(path)
      .then(resolve, () => {
        resolve(undefined);
      })
      .finally(() => {
        timer.cancel();
      });
  });
}

function isInputOutputError(error: unknown): boolean {
  return error instanceof Error && error.message.includes("Input/output error");
}
