/**
 * Faults in the middle of a process's file operations, brought in by `strace`.
 *
 * The kernel stops the process where it enters one of the chosen system calls on one of the chosen
 * files, in whatever thread: Node's main thread, its pool, or LMDB's writer. There it is killed
 * before the call does anything, or the call fails.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { within } from "./deadline.ts";
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
  return ["strace", "-D", "-f", "-qq", "-y", ...straceFlags(injection), "-o", "/dev/null"];
}

/** An injection into a process that runs: it begins at a known moment, and ends by disposal. */
export class AttachedStrace implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcess, ended: Promise<void>) {
    this.#child = child;
    this.#ended = ended;
  }

  /** Resolves when the process and all its threads are under it. */
  static async attach(pid: number, injection: Injection): Promise<AttachedStrace> {
    const flags = ["-f", "-y", ...straceFlags(injection), "-o", "/dev/null", "-p", String(pid)];
    const child = spawn("strace", flags, { stdio: ["ignore", "ignore", "pipe"] });
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    const lines: string[] = [];
    const attached = new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on("line", (line) => {
        lines.push(line);
        if (line.includes(" attached")) resolve();
      });
      const refuse = (): void => reject(new Error(`Cannot trace ${pid}: ${lines.join(" ")}`));
      void ended.then(refuse);
    });
    await within(10_000, `strace at ${pid}`, attached);
    return new AttachedStrace(child, ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#ended;
  }
}

function straceFlags({ call, paths, when, what }: Injection): readonly string[] {
  return [
    ...["-e", "signal=none", "-e", `trace=${call}`, "-e", `inject=${call}:${what}:when=${when}`],
    ...paths.flatMap((path) => ["-P", path]),
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
