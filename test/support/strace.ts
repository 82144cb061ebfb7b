/**
 * Faults in the middle of a process's file operations, brought in by `strace`.
 *
 * The kernel stops the process where it enters one of the chosen system calls on one of the chosen
 * files, in whatever thread: Node's main thread, its pool, or LMDB's writer. There it is killed
 * before the call does anything, or the call fails.
 */
import { execFileSync } from "node:child_process";
import { unlessRequired } from "./fault-means.ts";

/** What happens where. */
export interface Injection {
  /** Name of the system call, or several with commas. */
  readonly call: string;
  /** Files whose calls count, by absolute path. Empty: all. */
  readonly paths: readonly string[];
  /** Which call of a thread it is, from 1; `N+` for all from the Nth. */
  readonly when: string;
  /** As `strace` writes it: `signal=KILL`, `error=EIO`, `delay_enter=500000`. */
  readonly what: string;
}

/** False when `strace` works here, else the reason to pass as `skip`. */
export const straceMissing: string | false = unlessRequired(missing());

/** The wrapper of a command that carries an injection out; it keeps the command's pid. */
export function straceWrapper(injection: Injection): readonly string[] {
  const { call, paths, when, what } = injection;
  return [
    ...["strace", "-D", "-f", "-qq", "-y", "-e", "signal=none"],
    ...["-e", `trace=${call}`, "-e", `inject=${call}:${what}:when=${when}`],
    ...paths.flatMap((path) => ["-P", path]),
    ...["-o", "/dev/null"],
  ];
}

function missing(): string | false {
  try {
    execFileSync("strace", ["-D", "-f", "-e", "trace=openat", "-o", "/dev/null", "true"], {
      stdio: "ignore",
    });
    return false;
  } catch (error) {
    return `strace cannot be used here: ${error instanceof Error ? error.message : String(error)}`;
  }
}
