import type { LogField, Logger, LogLevel } from "@quorate/platform";

/** Settings of a {@link Story}. */
export interface StoryOptions {
  /** How many lines are kept, and as many of its details. */
  readonly linesMax: number;
  /** Gets each line at once; details not. @default nobody */
  readonly onLine?: ((line: string) => void) | undefined;
}

interface Line {
  readonly order: number;
  readonly atMillis: number;
  readonly who: string;
  readonly what: string;
}

/**
 * What happened in a run, for a person to read. Each line says when, in virtual milliseconds, who
 * (a machine, a client, or the world) and what.
 *
 * Details are what would be far too long to tell always; the newest are kept and told with a
 * failure.
 */
export class Story {
  readonly #nowMillis: () => number;
  readonly #options: StoryOptions;
  readonly #lines: Ring;
  readonly #details: Ring;
  readonly #names = new Map<string, string>();
  #order = 0;

  constructor(nowMillis: () => number, options: StoryOptions) {
    this.#nowMillis = nowMillis;
    this.#options = options;
    this.#lines = new Ring(options.linesMax);
    this.#details = new Ring(options.linesMax);
  }

  /** The newest lines and details, oldest first. */
  get lines(): readonly string[] {
    const all = [...this.#lines.newest(), ...this.#details.newest()];
    return all.sort((one, other) => one.order - other.order).map((line) => this.#format(line));
  }

  /** Gives a member its name: wherever its id stands in a line, its name is told. */
  call(memberId: bigint, name: string): void {
    this.#names.set(memberId.toString(), name);
    this.#names.set(memberId.toString(16), name);
    this.#names.set(memberId.toString(16).padStart(16, "0"), name);
  }

  /** The name of a member, or its id while it has none. */
  nameOf(memberId: bigint): string {
    return this.#names.get(memberId.toString()) ?? memberId.toString(16);
  }

  /** A text with the names of members for their ids. */
  named(text: string): string {
    return text.replaceAll(/\b[0-9a-f]{8,20}\b/g, (id) => this.#names.get(id) ?? id);
  }

  /** @param text - Begins with the name of a machine, or is about the world. */
  tell(text: string): void {
    const [, who = "world", what = text] = /^(m\d+) (.*)$/s.exec(text) ?? [];
    const line = this.#line(who, what);
    this.#options.onLine?.(this.#format(line));
    this.#lines.add(line);
  }

  /** Keeps a detail. @param who - A machine or a client. */
  detail(who: string, what: string): void {
    this.#details.add(this.#line(who, what));
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

  #line(who: string, what: string): Line {
    this.#order += 1;
    return { order: this.#order, atMillis: this.#nowMillis(), who, what };
  }

  #format({ atMillis, who, what }: Line): string {
    const time = atMillis.toFixed(3).padStart(12);
    return `${time} ${who.padEnd(10)} ${this.named(what)}`;
  }
}

/** The newest lines, up to twice as many as asked for. */
class Ring {
  readonly #linesMax: number;
  #lines: Line[] = [];

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  newest(): readonly Line[] {
    return this.#lines.slice(-this.#linesMax);
  }

  add(line: Line): void {
    this.#lines.push(line);
    if (this.#lines.length > 2 * this.#linesMax) this.#lines = this.#lines.slice(-this.#linesMax);
  }
}

function textOf(fields: Readonly<Record<string, LogField>>): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${String(value)}`)
    .join("");
}
