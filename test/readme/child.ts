import { type ChildProcess, spawn } from "node:child_process";
import { waitUntilListening } from "./listening.ts";

/** What a finished process said. */
export interface ChildEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program to run to its end. */
export interface ChildCommand {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Time after which it is killed, in milliseconds. */
  readonly timeoutMillis: number;
  /** True for a program that stays: once it listens on a port, it is ended, and that is code 0. */
  readonly serves?: boolean;
}

/** Runs a program to its end, without standard input. */
export async function runChild(options: ChildCommand): Promise<ChildEnd> {
  const child = spawn(options.command, options.arguments, {
    cwd: options.directory,
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: options.timeoutMillis,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const hasServed = options.serves === true && (await endWhenListening(child, options));
  const code = await closed;
  return { code: hasServed ? 0 : code, stdout: stdout(), stderr: stderr() };
}

async function endWhenListening(child: ChildProcess, options: ChildCommand): Promise<boolean> {
  const isEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  if (child.pid === undefined) return false;
  const hasServed = await waitUntilListening(child.pid, options.timeoutMillis, isEnded);
  child.kill("SIGTERM");
  return hasServed;
}

/**
 * Waits until a process has written something.
 *
 * @throws Error with all it wrote, when it ends before.
 */
export async function waitForOutput(child: ChildProcess, pattern: RegExp): Promise<string> {
  let output = "";
  return await new Promise<string>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
      if (pattern.test(output)) resolve(output);
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("error", reject);
    child.once("exit", (code) => {
      reject(
        new Error(`The process ended with code ${code} before writing ${pattern}:\n${output}`),
      );
    });
  });
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}
