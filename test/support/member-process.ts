/**
 * One member of a cluster as a child process.
 *
 * It is started, killed (SIGKILL), paused (SIGSTOP), continued and started again on its own data
 * directory, as an operator or a failing machine would do it. Readiness is read from its log;
 * nothing here sleeps, and every wait has a deadline.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { within } from "./deadline.ts";

const readyPattern = /ready to serve client requests/;
const keptLogLines = 1_000;

// A test process that dies must not leave members behind.
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
// The test runner ends a file that takes too long by SIGTERM, which skips "exit" by default.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => process.exit(1));
}

/** Who a member is and how its process is run. */
export interface MemberSetting {
  readonly name: string;
  readonly host: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly dataDirectory: string;
  /** Program and all its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Put before the command, as `ip netns exec NAME` or `strace -D …`; has to keep the pid. */
  readonly wrapper: readonly string[];
  /** Environment beside PATH. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What differs from the {@link MemberSetting} in one life of a member. */
export interface LifeOptions {
  /** @default that of the setting */
  readonly wrapper?: readonly string[];
  /** Further arguments. @default none */
  readonly flags?: readonly string[];
  /** Added to the setting's. @default none */
  readonly environment?: Readonly<Record<string, string>>;
  /** What waiting for readiness may take, in milliseconds. @default 30000 */
  readonly readyMillis?: number;
}

/** How a process ended: one of both is there. */
export interface ProcessEnd {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** One member; see the head of the file. */
export class MemberProcess {
  readonly name: string;
  readonly host: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly dataDirectory: string;
  readonly #setting: MemberSetting;
  readonly #log: string[] = [];
  readonly #waiting = new Set<() => void>();
  #child: ChildProcess | undefined;
  #end: Promise<ProcessEnd> = Promise.resolve({ code: undefined, signal: undefined });
  /** Place in the whole log where the life under way began, and how many lines are gone from it. */
  #lifeBegin = 0;
  #forgotten = 0;

  constructor(setting: MemberSetting) {
    this.#setting = setting;
    this.name = setting.name;
    this.host = setting.host;
    this.clientPort = setting.clientPort;
    this.peerPort = setting.peerPort;
    this.dataDirectory = setting.dataDirectory;
  }

  /** `host:port` of the client listener. */
  get endpoint(): string {
    return `${this.host}:${this.clientPort}`;
  }

  /** Whether the process runs (paused counts as running). */
  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** The id of the process, for what only the machine knows of it; undefined when none runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The newest lines of the log, those of earlier lives included. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** The newest lines that the process under way, or the last one, has written. */
  get lifeLog(): readonly string[] {
    return this.#log.slice(Math.max(0, this.#lifeBegin - this.#forgotten));
  }

  /** Memory that the process holds, in bytes; undefined when none runs. */
  get residentBytes(): number | undefined {
    if (this.pid === undefined) return undefined;
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  }

  /** Starts the process, if none runs, and waits until it serves clients. */
  async start(options: LifeOptions = {}): Promise<void> {
    if (this.#child !== undefined) return;
    this.launch(options);
    await this.logged(readyPattern, options.readyMillis);
  }

  /** Starts the process and does not wait for anything. */
  launch(options: LifeOptions = {}): void {
    if (this.#child !== undefined) throw new Error(`Cannot start ${this.name}: it runs`);
    const { command, environment } = this.#setting;
    const wrapper = options.wrapper ?? this.#setting.wrapper;
    const [program, ...argv] = [...wrapper, ...command, ...(options.flags ?? [])];
    const child = spawn(program ?? "", argv, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"] ?? "", ...environment, ...options.environment },
    });
    this.#child = child;
    this.#lifeBegin = this.#forgotten + this.#log.length;
    running.add(child);
    createInterface({ input: child.stderr }).on("line", (line) => {
      this.#log.push(line);
      if (this.#log.length > keptLogLines) {
        this.#log.shift();
        this.#forgotten += 1;
      }
      this.#wake();
    });
    this.#end = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        running.delete(child);
        if (this.#child === child) this.#child = undefined;
        resolve({ code: code ?? undefined, signal: signal ?? undefined });
        this.#wake();
      };
      // After it nothing more of the log can come.
      child.once("close", end);
      child.once("error", (error) => {
        this.#log.push(String(error));
        end(null, null);
      });
    });
  }

  /**
   * Waits until the process under way has written a line that matches, and returns it.
   *
   * @throws Error with the end of the log, when the process ends or time is up before.
   */
  async logged(pattern: RegExp, millis = 30_000): Promise<string> {
    const waiting = async (): Promise<string> => {
      for (;;) {
        const line = this.lifeLog.find((each) => pattern.test(each));
        if (line !== undefined) return line;
        if (this.#child === undefined) throw new Error("it ended");
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    };
    try {
      return await within(millis, `${pattern} of member ${this.name}`, waiting());
    } catch (error) {
      const tail = this.lifeLog.slice(-8).join("\n");
      throw new Error(`Member ${this.name} did not write ${pattern}:\n${tail}`, { cause: error });
    }
  }

  /** Waits for the end of the process. @throws Error when it still runs after that time */
  async ended(millis = 30_000): Promise<ProcessEnd> {
    return within(millis, `the end of member ${this.name}`, this.#end);
  }

  /** Ends the process at once, and waits for it. */
  async kill(): Promise<ProcessEnd> {
    this.#child?.kill("SIGKILL");
    return this.ended();
  }

  /** Stops the process in mid-step: connections stay open, nothing is answered. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Undoes {@link MemberProcess.pause}. */
  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Asks the process to end in an orderly way, and waits for it. */
  async stop(millis = 30_000): Promise<ProcessEnd> {
    this.#child?.kill("SIGCONT");
    this.#child?.kill("SIGTERM");
    return this.ended(millis);
  }

  /** Kills the process, if one runs, and starts it again. */
  async restart(options: LifeOptions = {}): Promise<void> {
    await this.kill();
    await this.start(options);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
