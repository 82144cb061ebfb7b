import type { Clock } from "../clock.ts";
import type { LogField, Logger, LogLevel } from "../logger.ts";
import { LogQueue, type LogQueueStatus } from "./log-queue.ts";
import type { LogSink } from "./log-sink.ts";

/** Settings of a {@link JsonLogger}. */
export interface JsonLoggerOptions {
  /** Least urgent level that is written. @default "info" */
  readonly level?: LogLevel;
  /** `json`: one object a line; `console`: columns for a human. @default "json" */
  readonly format?: LogFormat;
  /** Lines beyond this many queued bytes are dropped. @default 4 MiB */
  readonly queueBytesMax?: number;
  /** Children with one of these in the field `component` write `debug` too. @default none */
  readonly debugComponents?: readonly string[];
}

/** See {@link JsonLoggerOptions}. */
export type LogFormat = "json" | "console";

/**
 * Writes structured lines to a sink without waiting for its reader (B23, C51).
 *
 * Lines look like etcd's: `{"level":"info","ts":"2026-11-22T11:00:00.123000Z","msg":"…",…}`,
 * with 64-bit integers as decimal strings. With a stuck reader `queueBytesMax` bytes are
 * kept and later lines are dropped; one line tells how many as soon as the reader is back.
 *
 * @example
 * ```ts
 * const dependencies = { sink: openLogSink(2), clock: new NodeClock() };
 * const logger = new JsonLogger({ level: "info" }, dependencies);
 * logger.child({ component: "wal" }).warn("cut a torn tail", { bytes: 17 });
 * await logger.close(1_000);
 * ```
 */
export class JsonLogger implements Logger {
  readonly #core: LoggerCore;
  readonly #root: Logger;

  constructor(options: JsonLoggerOptions, dependencies: JsonLoggerDependencies) {
    this.#core = new LoggerCore(options, dependencies);
    this.#root = new FieldLogger(this.#core, {});
  }

  debug(message: string, fields?: LogFields): void {
    this.#root.debug(message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#root.info(message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#root.warn(message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#root.error(message, fields);
  }

  child(fields: LogFields): Logger {
    return this.#root.child(fields);
  }

  isEnabled(level: LogLevel): boolean {
    return this.#root.isEnabled(level);
  }

  /** Changes the level of this logger and all its children from the next line on. */
  setLevel(level: LogLevel): void {
    this.#core.level = level;
  }

  /** What is queued and what was lost; for metrics. */
  status(): LogQueueStatus {
    return this.#core.queue.status();
  }

  /** Writes an error line, and all that is queued, before returning: for a process that dies. */
  lastWords(message: string, fields: LogFields = {}): void {
    this.#core.queue.lastWords(this.#core.render("error", message, fields));
  }

  /** Waits until all lines are written, at most so long; false if some are left. */
  close(deadlineMillis: number): Promise<boolean> {
    return this.#core.queue.flush(deadlineMillis);
  }
}

/** What a {@link JsonLogger} needs from outside. */
export interface JsonLoggerDependencies {
  readonly sink: LogSink;
  readonly clock: Clock;
}

type LogFields = Readonly<Record<string, LogField>>;

/** A logger with the fields it adds to each line. */
class FieldLogger implements Logger {
  readonly #core: LoggerCore;
  readonly #fields: LogFields;
  readonly #isDebugComponent: boolean;

  constructor(core: LoggerCore, fields: LogFields) {
    this.#core = core;
    this.#fields = fields;
    this.#isDebugComponent = core.debugComponents.has(String(fields["component"]));
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  child(fields: LogFields): Logger {
    return new FieldLogger(this.#core, { ...this.#fields, ...fields });
  }

  isEnabled(level: LogLevel): boolean {
    return this.#isDebugComponent || urgency[level] >= urgency[this.#core.level];
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.isEnabled(level)) return;
    this.#core.queue.push(this.#core.render(level, message, { ...this.#fields, ...fields }));
  }
}

/** What a logger and its children share. */
class LoggerCore {
  level: LogLevel;
  readonly debugComponents: ReadonlySet<string>;
  readonly queue: LogQueue;
  readonly #format: LogFormat;
  readonly #clock: Clock;

  constructor(options: JsonLoggerOptions, dependencies: JsonLoggerDependencies) {
    this.level = options.level ?? "info";
    this.debugComponents = new Set(options.debugComponents ?? []);
    this.#format = options.format ?? "json";
    this.#clock = dependencies.clock;
    this.queue = new LogQueue(dependencies.sink, options.queueBytesMax ?? 4 << 20, (lines) =>
      this.render("warn", "dropped log lines because the reader was stuck", { lines }),
    );
  }

  render(level: LogLevel, message: string, fields: LogFields): string {
    const time = timestamp(this.#clock.wallMillis());
    if (this.#format === "console") {
      const shown = encodeFields(fields);
      const tail = shown === "" ? "" : `\t{${shown.slice(1)}}`;
      // A line break in a message would let a caller forge lines.
      const text = message.replaceAll("\n", "\\n");
      return `${time}\t${level.toUpperCase()}\t${text}${tail}\n`;
    }
    const head = `{"level":"${level}","ts":"${time}","msg":${JSON.stringify(message)}`;
    return `${head}${encodeFields(fields)}}\n`;
  }
}

const urgency = { debug: 0, info: 1, warn: 2, error: 3 } as const satisfies Record<
  LogLevel,
  number
>;

/** `2006-01-02T15:04:05.000000Z`, as etcd's logs; the last three digits are always 0. */
function timestamp(wallMillis: number): string {
  return `${new Date(wallMillis).toISOString().slice(0, -1)}000Z`;
}

/** `,"name":value` for each field that is there. */
function encodeFields(fields: LogFields): string {
  let text = "";
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const encoded =
      typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))
        ? `"${value}"`
        : JSON.stringify(value);
    text += `,${JSON.stringify(name)}:${encoded}`;
  }
  return text;
}
