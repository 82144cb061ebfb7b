import type { LogField, Logger, LogLevel } from "@quorate/platform";

/** What happened in a run, for a person to read: the newest lines, with their virtual time. */
export class Story {
  readonly #nowMillis: () => number;
  readonly #linesMax: number;
  readonly #listener: ((line: string) => void) | undefined;
  #lines: string[] = [];

  /**
   * @param linesMax - How many lines are kept.
   * @param listener - Gets each line at once.
   */
  constructor(nowMillis: () => number, linesMax: number, listener?: (line: string) => void) {
    this.#nowMillis = nowMillis;
    this.#linesMax = linesMax;
    this.#listener = listener;
  }

  /** The newest lines, oldest first. */
  get lines(): readonly string[] {
    return this.#lines.slice(-this.#linesMax);
  }

  tell(line: string): void {
    const timed = `${this.#nowMillis().toFixed(3).padStart(12)} ${line}`;
    this.#listener?.(timed);
    this.#lines.push(timed);
    if (this.#lines.length > 2 * this.#linesMax) this.#lines = this.#lines.slice(-this.#linesMax);
  }

  /** A logger whose lines join the story. */
  logger(name: string, fields: string = ""): Logger {
    const write =
      (level: LogLevel) =>
      (message: string, more: Readonly<Record<string, LogField>> = {}): void => {
        this.tell(`${name} ${level} ${message}${fields}${textOf(more)}`);
      };
    return {
      debug: () => undefined,
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      child: (more) => this.logger(name, fields + textOf(more)),
      isEnabled: (level) => level !== "debug",
    };
  }
}

function textOf(fields: Readonly<Record<string, LogField>>): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${String(value)}`)
    .join("");
}
