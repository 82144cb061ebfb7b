/** Programs that the demo and the tests of the examples start, watch and end. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A program that was started, with what it has printed. */
export class Program {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<number | string>;
  #wake: (() => void) | undefined;

  /** @param args - Arguments for Node. */
  constructor(
    name: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ) {
    this.name = name;
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    running.add(child);
    this.#ended = once(child, "exit").then(([code, signal]: (number | string | null)[]) => {
      running.delete(child);
      this.#wake?.();
      return code ?? signal ?? "gone";
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.#lines.push(line);
        this.#wake?.();
      });
    }
  }

  /** Starts one of the examples. */
  static example(
    file: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Program {
    const path = fileURLToPath(new URL(file, import.meta.url));
    return new Program(args.at(-1) ?? file, [...process.execArgv, path, ...args], environment);
  }

  /**
   * Waits for a line.
   *
   * @throws Error with what was printed when it does not come in time or the program ends first.
   */
  async line(pattern: RegExp, timeoutMillis: number): Promise<RegExpExecArray> {
    const end = performance.now() + timeoutMillis;
    for (let position = 0; ;) {
      const line = this.#lines[position];
      const match = line === undefined ? null : pattern.exec(line);
      if (match !== null) return match;
      if (line !== undefined) {
        position += 1;
        continue;
      }
      const left = end - performance.now();
      if (left <= 0 || !running.has(this.#child)) {
        const said = this.#lines.slice(-10).join("\n");
        throw new Error(`${this.name} did not print ${String(pattern)}; it said:\n${said}`);
      }
      await this.#next(left);
    }
  }

  /** Everything printed, once the program has ended by itself. */
  async output(): Promise<string> {
    const code = await this.#ended;
    if (code !== 0) throw new Error(`${this.name} ended with ${code}:\n${this.#lines.join("\n")}`);
    return this.#lines.join("\n");
  }

  /** Ends it like a power cut. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Asks it to end and waits until it has. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#ended;
  }

  async #next(timeoutMillis: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, timeoutMillis);
    });
    clearTimeout(timer);
  }
}
