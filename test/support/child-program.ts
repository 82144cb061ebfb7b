import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { within } from "./deadline.ts";

const running = new Set<ChildProgram>();
process.once("exit", () => {
  for (const program of running) program.signal("SIGKILL");
});

/** What a program has done when it ended. */
export interface ProgramEnd {
  /** Exit code, or the name of the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start a program. */
export interface ProgramOptions {
  /** Whole environment beside PATH and HOME. @default none */
  readonly environment?: Readonly<Record<string, string>>;
  /** Standard input; closed after it. Absent: stays open for {@link ChildProgram.write}. */
  readonly input?: string;
  /** Time after which it is killed, in milliseconds. @default 30000 */
  readonly timeoutMillis?: number;
}

/** A program that runs beside the test; it never outlives the test's process. */
export class ChildProgram implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #name: string;
  readonly #timeoutMillis: number;
  readonly #end: Promise<ProgramEnd>;
  readonly #waiting = new Set<() => void>();
  #stdout = "";
  #stderr = "";
  #isOver = false;

  constructor(command: string, args: readonly string[], options: ProgramOptions = {}) {
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH, HOME, ...options.environment },
    });
    this.#child = child;
    this.#name = [command, ...args].join(" ");
    this.#timeoutMillis = options.timeoutMillis ?? 30_000;
    running.add(this);
    // It may end before it has read everything.
    child.stdin.on("error", () => undefined);
    if (options.input !== undefined) child.stdin.end(options.input);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    this.#end = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#isOver = true;
        running.delete(this);
        resolve({ code: code ?? signal ?? "", stdout: this.#stdout, stderr: this.#stderr });
        this.#wake();
      });
    });
  }

  /** Runs a program to its end. */
  static async run(
    command: string,
    args: readonly string[],
    options: ProgramOptions = {},
  ): Promise<ProgramEnd> {
    await using program = new ChildProgram(command, args, { input: "", ...options });
    return await program.end();
  }

  get stdout(): string {
    return this.#stdout;
  }

  write(text: string): void {
    this.#child.stdin.write(text);
  }

  closeInput(): void {
    this.#child.stdin.end();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /**
   * Waits until the standard output matches.
   *
   * @throws Error with all output, when the program ends or the time is up before.
   */
  async output(pattern: RegExp): Promise<string> {
    return await this.#match(pattern, () => this.#stdout);
  }

  /** As {@link ChildProgram.output}, of the error output. */
  async errorOutput(pattern: RegExp): Promise<string> {
    return await this.#match(pattern, () => this.#stderr);
  }

  async #match(pattern: RegExp, read: () => string): Promise<string> {
    const waiting = async (): Promise<string> => {
      while (!pattern.test(read())) {
        if (this.#isOver) throw new Error("it ended");
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
      return read();
    };
    try {
      return await within(this.#timeoutMillis, `output ${pattern}`, waiting());
    } catch (error) {
      const output = `${this.#stdout}\n${this.#stderr}`;
      throw new Error(`${this.#name}: no ${pattern} in\n${output}`, { cause: error });
    }
  }

  /** Waits for the end of the program, and kills it when that takes too long. */
  async end(): Promise<ProgramEnd> {
    try {
      return await within(this.#timeoutMillis, `the end of ${this.#name}`, this.#end);
    } catch (error) {
      this.signal("SIGKILL");
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.signal("SIGKILL");
    await this.#end.catch(() => undefined);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
